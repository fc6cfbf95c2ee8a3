internal import Balance
internal import Foundation
internal import GRDB
package import IPVSModel
internal import Synchronization

/// What happens when a writer was interrupted, or a file is damaged.
extension TraceStore {
    /// Marks runs that another collector left unfinished, and says since when their rows are missing.
    static func noteInterruptions(
        in database: Database, now: Timestamp
    ) throws -> [OpeningFindings.Interruption] {
        let unfinished = try Row.fetchAll(
            database, sql: "SELECT id, name, started_ns FROM run WHERE state = 'running' ORDER BY id")
        return try unfinished.map { row in
            let run: Int64 = row["id"]
            let found = OpeningFindings.Interruption(
                run: run, name: row["name"], lastRow: try lastRow(of: run, in: database) ?? now)
            // A replay's rows are of another time than ours.
            if found.lastRow <= now {
                try insert(
                    StoreGap(
                        from: found.lastRow, to: now, what: StoreGap.everything, count: nil, cause: .interrupted),
                    run: run, in: database)
            }
            try database.execute(
                sql: "INSERT INTO event (run_id, time_ns, kind, detail) VALUES (?, ?, 'interrupted', ?)",
                arguments: [run, now.rawValue, found.sentence])
            try database.execute(sql: "UPDATE run SET state = 'interrupted' WHERE id = ?", arguments: [run])
            return found
        }
    }

    /// The latest moment that any row of a run tells of. Every table is asked at the end of an index.
    private static func lastRow(of run: Int64, in database: Database) throws -> Timestamp? {
        try Int64.fetchOne(
            database,
            sql: """
                SELECT max(time) FROM (
                    SELECT started_ns AS time FROM run WHERE id = :run
                    UNION ALL SELECT max(time_ns) FROM run_level WHERE run_id = :run
                    UNION ALL SELECT max(time_ns) FROM event WHERE run_id = :run
                    UNION ALL SELECT max(time_ns) FROM sample_virtual_service WHERE run_id = :run
                    UNION ALL SELECT first_seen_ns FROM connection
                        WHERE id = (SELECT max(id) FROM connection WHERE run_id = :run)
                )
                """, arguments: ["run": run]
        ).map(Timestamp.init(rawValue:))
    }

    /// Whether a file that SQLite cannot read is one of ours: its header says so.
    static func isOurs(_ path: String) -> Bool {
        guard let file = FileHandle(forReadingAtPath: path) else { return false }
        defer { try? file.close() }
        // <https://www.sqlite.org/fileformat2.html#the_database_header>: the name at 0, the application's id at 68.
        guard let header = try? file.read(upToCount: 100), header.count >= 72 else { return false }
        let application = header[68..<72].reduce(Int32(0)) { $0 << 8 | Int32($1) }
        return header.prefix(16) == Data("SQLite format 3\u{0}".utf8) && application == Migration.applicationID
    }

    /// Renames a damaged database and what belongs to it.
    ///
    /// - Returns: Its new name.
    static func setAside(_ path: String, now: Timestamp) throws -> String {
        let stamp = UTCTime(now).description.prefix(19).filter { $0 != "-" && $0 != ":" }
        var name = "\(path).damaged-\(stamp)Z"
        while FileManager.default.fileExists(atPath: name) { name += "-again" }
        for suffix in ["", "-wal", "-shm"] where FileManager.default.fileExists(atPath: path + suffix) {
            try FileManager.default.moveItem(atPath: path + suffix, toPath: name + suffix)
        }
        return name
    }

    /// Sets the database aside, because it turned out to be damaged, and goes on with a new one that has the run in
    /// it, its settings, and a gap.
    ///
    /// - Returns: Where the damaged file is now.
    package func beginAnew(now: Timestamp) throws(StoreError) -> String {
        let known = memory.withLock { $0 }
        do {
            // A damaged file may not close as it should.
            try? queue.close()
            let name = try Self.setAside(path, now: now)
            replaceQueue(with: try Self.makeWritable(path: path, isNew: true))
            memory.withLock { $0.rollups = Rollups() }
            guard let run = known.run, let id = run.id else { return name }
            try transaction(surviving: .powerCut) { database, dictionaries in
                try Self.insert(run, in: database)
                try Self.insert(
                    StoreGap(from: run.started, to: now, what: StoreGap.everything, count: nil, cause: .damaged),
                    run: id, in: database)
                for observed in known.configurations.values.sorted(by: { $0.virtualService < $1.virtualService }) {
                    try Self.insert(observed, run: id, in: database, &dictionaries)
                }
            }
            return name
        } catch {
            throw StoreError(error, path: path)
        }
    }
}

extension OpeningFindings.Interruption {
    /// For people: what is missing.
    package var sentence: String {
        "run \(run) (\(name)) was interrupted: its collector went away, and nothing is known of it after "
            + "\(UTCTime(lastRow))"
    }
}
