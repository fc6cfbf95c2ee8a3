internal import Balance
internal import GRDB
internal import IPVSModel

/// What became of the kernel's entries, where a scheduler asks how many there are.
extension TraceStore {
    static func insertEntries(
        of batch: StoreBatch, run: Int64, in database: Database, _ dictionaries: inout Dictionaries
    ) throws {
        guard !batch.entryChanges.isEmpty || !batch.entryReadings.isEmpty else { return }
        let changes = try RawStatement("INSERT INTO entry_change VALUES (?, ?, ?, ?, ?, ?)", in: database)
        for (service, list) in batch.entryChanges {
            for change in list {
                changes.bind(run, at: 1)
                changes.bind(try dictionaries.id(of: change.realServer, of: service, in: database), at: 2)
                changes.bind(change.time.rawValue, at: 3)
                changes.bind(change.latest.rawValue - change.time.rawValue, at: 4)
                changes.bind(Int64(change.active), at: 5)
                changes.bind(Int64(change.inactive), at: 6)
                _ = try changes.step()
            }
        }
        let readings = try RawStatement("INSERT OR REPLACE INTO entry_reading VALUES (?, ?, ?, ?, ?, ?)", in: database)
        for (service, list) in batch.entryReadings {
            for reading in list {
                readings.bind(run, at: 1)
                readings.bind(try dictionaries.id(of: reading.realServer, of: service, in: database), at: 2)
                readings.bind(reading.began.rawValue, at: 3)
                readings.bind(reading.ended.rawValue - reading.began.rawValue, at: 4)
                readings.bind(reading.active, at: 5)
                readings.bind(reading.inactive, at: 6)
                _ = try readings.step()
            }
        }
    }

    /// Rows of a run in order of time, by virtual service.
    static func entryEvidence(
        run: Int64, services: [Int64: VirtualServiceIdentity], realServers: [Int64: Endpoint?], in database: Database
    ) throws -> (
        changes: [VirtualServiceIdentity: [EntryChange]], readings: [VirtualServiceIdentity: [EntryReading]]
    ) {
        var changes: [VirtualServiceIdentity: [EntryChange]] = [:]
        var readings: [VirtualServiceIdentity: [EntryReading]] = [:]
        try rows(of: "entry_change", orderedBy: "time_ns", run: run, in: database) { row in
            guard let service = services[row.integer(0)], let server = realServers[row.integer(1)] ?? nil else {
                return
            }
            let time = row.integer(2)
            changes[service, default: []].append(
                EntryChange(
                    realServer: server, time: Timestamp(rawValue: time),
                    latest: Timestamp(rawValue: time + row.integer(3)), active: Int8(clamping: row.integer(4)),
                    inactive: Int8(clamping: row.integer(5))))
        }
        try rows(of: "entry_reading", orderedBy: "began_ns", run: run, in: database) { row in
            guard let service = services[row.integer(0)], let server = realServers[row.integer(1)] ?? nil else {
                return
            }
            let began = row.integer(2)
            readings[service, default: []].append(
                EntryReading(
                    realServer: server, began: Timestamp(rawValue: began),
                    ended: Timestamp(rawValue: began + row.integer(3)), active: row.integer(4),
                    inactive: row.integer(5)))
        }
        return (changes, readings)
    }

    /// Steps through the rows of a table, the real server's virtual service before their own columns but the run.
    private static func rows(
        of table: String, orderedBy time: String, run: Int64, in database: Database, _ body: (RawStatement) -> Void
    ) throws {
        let statement = try RawStatement(
            """
            SELECT virtual_service_id, \(table).real_server_id, \(table).\(time), slack_ns, active, inactive
            FROM \(table) JOIN real_server ON real_server.id = real_server_id
            WHERE run_id = ? ORDER BY \(time), \(table).rowid
            """, in: database)
        defer { statement.reset() }
        statement.bind(run, at: 1)
        while try statement.step() { body(statement) }
    }
}
