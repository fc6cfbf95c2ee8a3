internal import GRDB

extension TraceStore {
    /// Asks the database: one statement of SQL that reads.
    ///
    /// - Parameters:
    ///   - parameters: What `:name` stands for, by name. The SQL need not use all of them.
    ///   - timeLimit: How long it may take; `nil` is no limit.
    ///   - columns: Is called once with the names of the result's columns.
    ///   - row: Is called for each row, as it is found.
    /// - Throws: ``QueryError`` about the SQL, ``StoreError`` about the database, and what `columns` and `row` throw.
    package func query(
        _ sql: String, with parameters: [String: SQLValue] = [:], timeLimit: Duration? = nil,
        columns: ([String]) throws -> Void = { _ in }, row: ([SQLValue]) throws -> Void
    ) throws {
        try reading { try $0.ask(sql, with: parameters, timeLimit: timeLimit, columns: columns, row: row) }
    }

    /// Lends a view of the database that does not change while `body` runs, for several questions.
    package func reading<Result>(_ body: (borrowing Reading) throws -> Result) throws -> Result {
        do {
            return try body(Reading(try ReadingConnection.open(path: queue.path)))
        } catch let error as DatabaseError {
            throw StoreError(error, path: path)
        }
    }

    /// The database as it was at one moment.
    package struct Reading: ~Copyable {
        private let connection: ReadingConnection

        init(_ connection: consuming ReadingConnection) { self.connection = connection }

        /// As ``TraceStore/query(_:with:timeLimit:columns:row:)``, except that it throws SQLite's errors as they are.
        package func ask(
            _ sql: String, with parameters: [String: SQLValue] = [:], timeLimit: Duration? = nil,
            columns: ([String]) throws -> Void = { _ in }, row: ([SQLValue]) throws -> Void
        ) throws {
            try connection.run(sql, with: parameters, timeLimit: timeLimit, columns: columns, row: row)
        }
    }
}

extension TraceStore {
    /// The identities of the virtual services that a run knows, in order.
    package func virtualServices(ofRun run: Int64) throws(StoreError) -> [String] {
        try read { database in
            try String.fetchAll(
                database,
                sql: """
                    SELECT identity FROM virtual_service
                    WHERE id IN (SELECT virtual_service_id FROM configuration WHERE run_id = :run)
                        OR id IN (SELECT virtual_service_id FROM run_virtual_service WHERE run_id = :run)
                        OR EXISTS (
                            SELECT * FROM connection
                            WHERE run_id = :run AND real_server_id IN (
                                SELECT real_server.id FROM real_server WHERE virtual_service_id = virtual_service.id))
                    ORDER BY identity
                    """, arguments: ["run": run])
        }
    }
}
