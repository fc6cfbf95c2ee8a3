internal import Balance
internal import Foundation
internal import GRDB
package import IPVSModel
internal import Synchronization

extension TraceStore {
    /// Begins a run; its rows are written with the id returned.
    package func beginRun(
        name: String, command: [String] = [], labels: [String: String] = [:], started: Timestamp
    ) throws(StoreError) -> Int64 {
        let run = try transaction(surviving: .powerCut) { database, _ in
            var run = BegunRun(
                id: nil, name: name, command: try Self.json(command), labels: try Self.json(labels), started: started)
            try Self.insert(run, in: database)
            run.id = database.lastInsertedRowID
            return run
        }
        memory.withLock { $0 = WriterMemory(run: run) }
        return run.id ?? 0
    }

    static func insert(_ run: BegunRun, in database: Database) throws {
        try database.execute(
            sql: "INSERT INTO run (id, name, command, labels, state, started_ns) VALUES (?, ?, ?, ?, 'running', ?)",
            arguments: [run.id, run.name, run.command, run.labels, run.started.rawValue])
    }

    /// Ends a run with what was found. Done again, it replaces what was there.
    package func finish(run: Int64, _ summary: RunSummary) throws(StoreError) {
        try transaction(surviving: .powerCut) { database, dictionaries in
            try database.execute(
                sql: "UPDATE run SET state = 'finished', ended_ns = ?, packets_dropped = ? WHERE id = ?",
                arguments: [summary.ended.rawValue, Int64(clamping: summary.packetsDropped), run])
            guard database.changesCount == 1 else { throw self.noSuchRun("\(run)") }
            for table in ["run_virtual_service", "run_real_server", "run_cause"] {
                try database.execute(sql: "DELETE FROM \(table) WHERE run_id = ?", arguments: [run])
            }
            for service in summary.virtualServices {
                try Self.insert(service, run: run, in: database, &dictionaries)
            }
        }
    }

    /// Saves the verdict on a run, or on one virtual service of it; an earlier one is replaced.
    ///
    /// - Parameters:
    ///   - verdict: `pass`, `fail` or `inconclusive`.
    ///   - json: The verdict's JSON text, as printed.
    ///   - virtualService: `nil` for the run as a whole.
    package func save(
        verdict: String, json: String, of virtualService: VirtualServiceIdentity? = nil, run: Int64
    ) throws(StoreError) {
        try transaction(surviving: .powerCut) { database, dictionaries in
            guard try Self.exists(run, in: database) else { throw self.noSuchRun("\(run)") }
            let service = try virtualService.map { try dictionaries.id(of: $0, in: database) }
            try database.execute(
                sql: "DELETE FROM verdict WHERE run_id = ? AND virtual_service_id IS ?", arguments: [run, service])
            try database.execute(
                sql: "INSERT INTO verdict (run_id, virtual_service_id, value, json) VALUES (?, ?, ?, ?)",
                arguments: [run, service, verdict, json])
        }
    }

    /// All runs, oldest first.
    package func runs() throws(StoreError) -> [StoredRun] {
        try read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT run.*, verdict.value AS verdict
                    FROM run LEFT JOIN verdict ON verdict.run_id = run.id AND verdict.virtual_service_id IS NULL
                    ORDER BY run.id
                    """
            ).map(storedRun)
        }
    }

    /// The id of the run that `--run` names: `last`, or a number.
    package func resolveRun(_ name: String) throws(StoreError) -> Int64 {
        try read { database in
            if name == "last" {
                guard let id = try Int64.fetchOne(database, sql: "SELECT max(id) FROM run") else {
                    throw StoreError(
                        .noSuchRun, path: self.path, "holds no run yet; make one with ipvscope run -- COMMAND")
                }
                return id
            }
            guard let id = Int64(name), try Self.exists(id, in: database) else { throw self.noSuchRun(name) }
            return id
        }
    }

    func noSuchRun(_ name: String) -> StoreError {
        StoreError(.noSuchRun, path: path, "holds no run \(name); --run takes \"last\" or a run's number")
    }

    static func exists(_ run: Int64, in database: Database) throws -> Bool {
        try Bool.fetchOne(database, sql: "SELECT EXISTS (SELECT * FROM run WHERE id = ?)", arguments: [run]) ?? false
    }

    func storedRun(_ row: Row) throws -> StoredRun {
        guard let state = StoredRun.State(rawValue: row["state"]) else { throw corrupt("run.state", row["state"]) }
        return StoredRun(description: try runDescription(row), state: state, verdict: row["verdict"])
    }

    func runDescription(_ row: Row) throws -> RunDescription {
        let decoder = JSONDecoder()
        guard let command = try? decoder.decode([String].self, from: Data((row["command"] as String).utf8)) else {
            throw corrupt("run.command", row["command"])
        }
        guard let labels = try? decoder.decode([String: String].self, from: Data((row["labels"] as String).utf8))
        else { throw corrupt("run.labels", row["labels"]) }
        return RunDescription(
            id: row["id"], name: row["name"], command: command, labels: labels,
            started: Timestamp(rawValue: row["started_ns"]),
            ended: (row["ended_ns"] as Int64?).map(Timestamp.init(rawValue:)))
    }

    /// The error of a value that no version of this program writes.
    func corrupt(_ column: String, _ value: String) -> StoreError {
        StoreError(
            .corrupt, path: path, "holds \"\(value)\" in \(column), which ipvscope does not write; restore the file")
    }

    private static func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    private static func insert(
        _ service: RunSummary.Service, run: Int64, in database: Database, _ dictionaries: inout Dictionaries
    ) throws {
        let id = try dictionaries.id(of: service.identity, in: database)
        let own: [(any DatabaseValueConvertible)?] = [
            run, id, Int64(clamping: service.unmatchedPackets), service.table.map { Int64(clamping: $0.rows) },
            service.table.map { Int64(clamping: $0.matched) },
        ]
        try insert(own + columns(service.kernel), into: "run_virtual_service", in: database)
        for (position, server) in service.realServers.enumerated() {
            let serverID = try dictionaries.id(of: server.endpoint, of: service.identity, in: database)
            let values: [(any DatabaseValueConvertible)?] =
                [run, serverID, position] + columns(server.captured) + columns(server.kernel)
                + columns(server.uncertain) + columns(server.entries?.kernel) + columns(server.entries?.traced)
            try insert(values, into: "run_real_server", in: database)
        }
        for (ofRows, causes) in [(false, service.causes), (true, service.table?.withoutConnection ?? [:])] {
            for (cause, count) in causes.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
                try insert([run, id, ofRows, cause.rawValue, Int64(clamping: count)], into: "run_cause", in: database)
            }
        }
    }

    private static func insert(
        _ values: [(any DatabaseValueConvertible)?], into table: String, in database: Database
    ) throws {
        try database.execute(
            sql: "INSERT INTO \(table) VALUES (\(databaseQuestionMarks(count: values.count)))",
            arguments: StatementArguments(values))
    }

    private static func columns(_ entries: EntryCounts?) -> [(any DatabaseValueConvertible)?] {
        [entries?.active, entries?.inactive].map { $0.map { Int64(clamping: $0) } }
    }

    /// The five counters in the order of the columns, or five NULLs.
    static func columns(_ counters: TrafficCounters?) -> [(any DatabaseValueConvertible)?] {
        [
            counters?.connections, counters?.inPackets, counters?.outPackets, counters?.inBytes, counters?.outBytes,
        ].map { $0.map { Int64(clamping: $0) } }
    }
}
