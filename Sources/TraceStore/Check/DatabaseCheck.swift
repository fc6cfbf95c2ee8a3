internal import GRDB
internal import IPVSModel

/// Something in a database that ipvscope does not leave behind.
package struct DatabaseFinding: Sendable, Hashable {
    /// What is wrong, in one line.
    package var problem: String
    /// What to do about it, in one line.
    package var remedy: String
}

/// What a database was found to be.
package struct DatabaseCheck: Sendable {
    /// This and the following are 0 if the file is damaged.
    package let schemaVersion: Int32
    package let runs: Int
    package let connections: Int
    package let findings: [DatabaseFinding]

    /// Looks at everything in the database at `path`. A million connections take some seconds.
    ///
    /// - Throws: ``StoreError`` if it is no database of ours at all, or too damaged to be read.
    package static func run(path: String) throws -> DatabaseCheck {
        let store = try TraceStore.openReadOnly(path: path)
        defer { try? store.close() }
        let damage: [DatabaseFinding]
        do {
            // Not within a transaction, which cannot end where the file is damaged.
            damage = try store.queue.unsafeRead { try integrity(of: $0, path: path) }
        } catch {
            throw StoreError(error, path: path)
        }
        // What a damaged file says of its rows is worth nothing.
        guard damage.isEmpty else { return DatabaseCheck(schemaVersion: 0, runs: 0, connections: 0, findings: damage) }
        return try store.read { database in
            var findings = try schema(of: database) + references(in: database) + names(in: database)
            for invariant in Invariant.all {
                do {
                    findings += try invariant.findings(in: database)
                } catch let error as DatabaseError where error.resultCode == .SQLITE_ERROR && !findings.isEmpty {
                    // What was found already, such as text that is no JSON, is more than the SQL can take.
                }
            }
            let count = { (table: String) in
                findings.isEmpty ? try Int.fetchOne(database, sql: "SELECT count(*) FROM \(table)") ?? 0 : 0
            }
            return DatabaseCheck(
                schemaVersion: try Int32.fetchOne(database, sql: "PRAGMA user_version") ?? 0, runs: try count("run"),
                connections: try count("connection"), findings: findings)
        }
    }

    private static func integrity(of database: Database, path: String) throws -> [DatabaseFinding] {
        var problems: [String] = []
        do {
            let cursor = try String.fetchCursor(database, sql: "PRAGMA integrity_check(20)")
            while let problem = try cursor.next() { problems.append(problem) }
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CORRUPT && !problems.isEmpty {
            // It cannot go on where the damage is too great, and has said so.
        }
        return problems.filter { $0 != "ok" }.map { problem in
            DatabaseFinding(
                problem: "damaged: \(problem.split(separator: "\n").joined(separator: "; "))",
                remedy:
                    "save what can be read: sqlite3 '\(path)' .recover | sqlite3 NEW.sqlite; then check that, and the disk"
            )
        }
    }

    /// What differs from a new database of the same version.
    private static func schema(of database: Database) throws -> [DatabaseFinding] {
        let sql = """
            SELECT name, type || ' ' || name AS title, sql FROM sqlite_schema
            WHERE name NOT LIKE 'sqlite_%' ORDER BY name
            """
        let model = try DatabaseQueue()
        let expected = try model.writeWithoutTransaction { database in
            try Migration.migrate(database)
            return try Row.fetchAll(database, sql: sql)
        }
        let found = try Row.fetchAll(database, sql: sql)
        let text = { (rows: [Row], name: String) -> String? in rows.first { $0["name"] == name }?["sql"] }
        var findings: [DatabaseFinding] = []
        for row in expected where text(found, row["name"]) != row["sql"] {
            let isMissing = text(found, row["name"]) == nil
            findings.append(
                DatabaseFinding(
                    problem:
                        "the \(row["title"] as String) \(isMissing ? "is missing" : "is not as this version makes it")",
                    remedy:
                        "another program changed the schema: restore the file, or replay the run's recording into a new one"
                ))
        }
        for row in found where text(expected, row["name"]) == nil {
            findings.append(
                DatabaseFinding(
                    problem: "the \(row["title"] as String) is none of ipvscope's",
                    remedy: "if nobody needs it: sqlite3 FILE 'DROP \(row["title"] as String)'"))
        }
        return findings
    }

    private static func references(in database: Database) throws -> [DatabaseFinding] {
        try Row.fetchAll(
            database,
            sql: """
                SELECT "table", parent, count(*) AS count, min(rowid) AS first
                FROM pragma_foreign_key_check GROUP BY "table", parent
                """
        ).map { row in
            DatabaseFinding(
                problem: "\(row["count"] as Int) rows of \(row["table"] as String) refer to rows of "
                    + "\(row["parent"] as String) that are not there",
                remedy: "views leave such rows out: restore the file, or delete them")
        }
    }

    /// Texts that ipvscope reads again.
    private static func names(in database: Database) throws -> [DatabaseFinding] {
        let texts: [(String, String, (String) -> Bool)] = [
            ("address", "text", { IPAddress($0)?.description == $0 }),
            ("virtual_service", "identity", { VirtualServiceIdentity($0)?.description == $0 }),
            ("real_server", "endpoint", { Endpoint($0)?.description == $0 }),
        ]
        return try texts.flatMap { table, column, isSound in
            try Row.fetchCursor(database, sql: "SELECT id, \(column) FROM \(table) WHERE \(column) IS NOT NULL")
                .filter { !isSound($0[1]) }
                .map { row in
                    DatabaseFinding(
                        problem: "\(table).\(column) of row \(row[0] as Int64) is \"\(row[1] as String)\"",
                        remedy: "verify cannot read that: restore the file")
                }
                .prefix(20).array()
        }
    }
}

extension Cursor {
    fileprivate func array() throws -> [Element] { try Array(self) }
}
