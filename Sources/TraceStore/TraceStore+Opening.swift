internal import Foundation
internal import GRDB
package import IPVSModel

extension TraceStore {
    /// Opens the database at `path` for reading and writing; makes it if there is none, and brings an older schema up
    /// to date. Runs that another collector left unfinished are marked as interrupted, with a gap and an event.
    ///
    /// - Parameters:
    ///   - settingAsideDamaged: Whether a damaged database of ours is renamed and a new one begun, rather than refused.
    ///   - now: When this is.
    package static func open(
        path: String, settingAsideDamaged: Bool = false, now: Timestamp? = nil
    ) throws(StoreError) -> TraceStore {
        try refuseFolder(path)
        let now = now ?? Timestamp(rawValue: Int64(Date().timeIntervalSince1970 * 1e9))
        do {
            return try open(path: path, findings: OpeningFindings(), now: now)
        } catch {
            let error = StoreError(error, path: path)
            guard settingAsideDamaged, error.isDamage, isOurs(path) else { throw error }
            do {
                var findings = OpeningFindings()
                // Nobody may be writing to what is moved away.
                let lock = try WriterLock(database: path)
                findings.setAside = try setAside(path, now: now)
                _ = consume lock
                return try open(path: path, findings: findings, now: now)
            } catch {
                throw StoreError(error, path: path)
            }
        }
    }

    private static func open(path: String, findings: OpeningFindings, now: Timestamp) throws -> TraceStore {
        let isNew = !FileManager.default.fileExists(atPath: path)
        let queue = try DatabaseQueue(path: path, configuration: configuration())
        try checkIdentity(of: queue, path: path, acceptsEmpty: true)
        let lock = try WriterLock(database: path)
        try prepare(queue, isNew: isNew)
        var findings = findings
        findings.interruptions = try queue.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA synchronous = FULL")
            var found: [OpeningFindings.Interruption] = []
            try database.inTransaction(.immediate) {
                found = try noteInterruptions(in: database, now: now)
                return .commit
            }
            try database.execute(sql: "PRAGMA synchronous = NORMAL")
            return found
        }
        return TraceStore(path: path, queue: queue, lock: lock, findings: findings)
    }

    static func makeWritable(path: String, isNew: Bool) throws -> DatabaseQueue {
        let queue = try DatabaseQueue(path: path, configuration: configuration())
        try prepare(queue, isNew: isNew)
        return queue
    }

    private static func prepare(_ queue: DatabaseQueue, isNew: Bool) throws {
        try queue.writeWithoutTransaction { database in
            // Effective only before the first table: lets retention give space back piecemeal.
            if isNew {
                // What is left over at the end of a page is a smaller part of a large one.
                try database.execute(sql: "PRAGMA page_size = 8192")
                try database.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL")
            }
            try database.execute(sql: "PRAGMA journal_mode = WAL")
            try database.execute(sql: "PRAGMA synchronous = NORMAL")
            // What a long reader made of the log is given back once the log is begun anew.
            try database.execute(sql: "PRAGMA journal_size_limit = \(64 << 20)")
            try Migration.migrate(database)
            try probe(database)
        }
    }

    /// Opens the database at `path` for reading, whether or not a collector is writing to it.
    package static func openReadOnly(path: String) throws(StoreError) -> TraceStore {
        guard FileManager.default.fileExists(atPath: path) else {
            throw StoreError(
                .missing, path: path,
                "there is no such database; name one with --database, or make one with ipvscope collect")
        }
        try refuseFolder(path)
        do {
            let queue = try openForReading(path: path)
            return TraceStore(path: path, queue: queue, lock: nil)
        } catch {
            throw StoreError(error, path: path)
        }
    }

    private static func openForReading(path: String) throws -> DatabaseQueue {
        var configuration = configuration()
        configuration.readonly = true
        do {
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            try checkIdentity(of: queue, path: path, acceptsEmpty: false)
            return queue
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CANTOPEN {
            // SQLite cannot make the index of the write-ahead log in a folder it may not write to. Where there is no
            // log, nobody is writing, and the file can be read as it is: <https://www.sqlite.org/uri.html#uriimmutable>
            guard !FileManager.default.fileExists(atPath: path + "-wal") else { throw error }
            let queue = try DatabaseQueue(path: immutableURI(path), configuration: configuration)
            try checkIdentity(of: queue, path: path, acceptsEmpty: false)
            return queue
        }
    }

    /// Looks at the beginning of every table, so that most damage is found now and not in the middle of a run. Looking at
    /// everything would take minutes.
    private static func probe(_ database: Database) throws {
        let tables = try String.fetchAll(
            database, sql: "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        for table in tables { _ = try Row.fetchOne(database, sql: "SELECT * FROM \(table) LIMIT 1") }
        _ = try Int64.fetchOne(database, sql: "SELECT max(id) FROM connection")
    }

    /// SQLite's own words on a folder would be of a failing disk.
    private static func refuseFolder(_ path: String) throws(StoreError) {
        var isFolder: ObjCBool = false
        // The out parameter is a pointer that Foundation fills before it returns.
        let exists = unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
        if exists, isFolder.boolValue {
            throw StoreError(.cannotOpen, path: path, "is a folder; name a file in it with --database")
        }
    }

    private static func immutableURI(_ path: String) -> String {
        URL(fileURLWithPath: path).absoluteString + "?immutable=1"
    }

    private static func configuration() -> Configuration {
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        configuration.label = "ipvscope.store"
        // The schema names its references for readers; checking them on every row would cost a third of the speed.
        configuration.foreignKeysEnabled = false
        return configuration
    }

    /// Makes sure the database is ours and of a schema we know, before anything in it is touched.
    private static func checkIdentity(of queue: DatabaseQueue, path: String, acceptsEmpty: Bool) throws {
        let (application, version, tables) = try queue.read { database in
            (
                try Int32.fetchOne(database, sql: "PRAGMA application_id") ?? 0,
                try Int32.fetchOne(database, sql: "PRAGMA user_version") ?? 0,
                try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_schema") ?? 0
            )
        }
        if application == 0, version == 0, tables == 0 {
            if acceptsEmpty { return }
            throw StoreError(.notADatabase, path: path, "is empty; name the database of a run with --database")
        }
        guard application == Migration.applicationID else {
            throw StoreError(
                .foreignDatabase, path: path, "is another program's database; name another file with --database")
        }
        if version > Migration.latest {
            throw StoreError(
                .newerSchema, path: path,
                "has schema version \(version), and this ipvscope knows \(Migration.latest); use a newer ipvscope")
        }
        if version < Migration.latest, !acceptsEmpty {
            throw StoreError(
                .olderSchema, path: path,
                "has schema version \(version), and this ipvscope reads \(Migration.latest); "
                    + "open it once for writing, with ipvscope collect --database")
        }
    }
}
