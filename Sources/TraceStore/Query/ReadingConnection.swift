internal import GRDB
internal import GRDBSQLite
internal import Synchronization

/// A connection that can do nothing but read, and shows the database as it was when it was opened.
///
/// It is SQLite's own and not GRDB's, which needs the one authorizer that a connection can have.
///
/// The corresponding C type is `sqlite3`.
@safe
struct ReadingConnection: ~Copyable {
    private let handle: OpaquePointer
    private let path: String
    private let watch = Watch()

    /// What the callbacks of a connection share with it. Only the thread that steps a statement uses it.
    final class Watch: Sendable {
        private struct State {
            var denied: String?
            var end: ContinuousClock.Instant?
        }

        private let state = Mutex(State())

        /// The first thing that was asked for and is not reading; `nil` if there was none.
        var denied: String? {
            get { state.withLock { $0.denied } }
            set { state.withLock { $0.denied = newValue } }
        }

        /// When a statement has to be done.
        var end: ContinuousClock.Instant? {
            get { state.withLock { $0.end } }
            set { state.withLock { $0.end = newValue } }
        }
    }

    /// How many instructions of SQLite's machine run between two looks at the clock: some tenths of a millisecond.
    private static let instructions: Int32 = 10_000

    private init(adopting handle: OpaquePointer, path: String) {
        unsafe self.handle = handle
        self.path = path
    }

    deinit {
        unsafe sqlite3_close_v2(handle)
    }

    /// - Parameter path: A file's name, or a URI.
    ///
    /// The corresponding C function is `sqlite3_open_v2`.
    static func open(path: String) throws -> ReadingConnection {
        var opened: OpaquePointer?
        let flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX
        let code = unsafe sqlite3_open_v2(path, &opened, flags, nil)
        guard let handle = unsafe opened else { throw DatabaseError(resultCode: .SQLITE_NOMEM) }
        let connection = unsafe ReadingConnection(adopting: handle, path: path)
        guard code == SQLITE_OK else { throw connection.error(code) }
        try connection.prepareForReading()
        return connection
    }

    private func prepareForReading() throws {
        unsafe sqlite3_busy_timeout(handle, 5_000)
        unsafe sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 0)
        // All statements then see the same rows, whoever writes meanwhile.
        for sql in ["PRAGMA query_only = 1", "PRAGMA cache_size = -65536", "BEGIN"] {
            let code = unsafe sqlite3_exec(handle, sql, nil, nil, nil)
            guard code == SQLITE_OK else { throw error(code) }
        }
        try unsafe SQLFunctions.register(on: handle)
        let context = unsafe Unmanaged.passUnretained(watch).toOpaque()
        unsafe sqlite3_set_authorizer(
            handle,
            { context, action, first, second, _, _ in
                guard let refused = unsafe ReadingRules.refusal(action, Self.text(first), Self.text(second)) else {
                    return SQLITE_OK
                }
                // The connection lives longer than the call.
                let watch = unsafe context.map { unsafe Unmanaged<Watch>.fromOpaque($0).takeUnretainedValue() }
                if watch?.denied == nil { watch?.denied = refused }
                return SQLITE_DENY
            }, context)
        unsafe sqlite3_progress_handler(
            handle, Self.instructions,
            { context in
                let watch = unsafe context.map { unsafe Unmanaged<Watch>.fromOpaque($0).takeUnretainedValue() }
                guard let end = watch?.end else { return 0 }
                return ContinuousClock.now >= end ? 1 : 0
            }, context)
    }

    /// Runs one statement; `columns` is called once, `row` for each row.
    ///
    /// - Parameter timeLimit: For the statement; `nil` is no limit.
    /// - Throws: `QueryError` about the SQL, `DatabaseError` about the database, and what the bodies throw.
    func run(
        _ sql: String, with parameters: [String: SQLValue], timeLimit: Duration?,
        columns: ([String]) throws -> Void, row: ([SQLValue]) throws -> Void
    ) throws {
        watch.denied = nil
        watch.end = timeLimit.map { .now.advanced(by: $0) }
        let statement = try unsafe prepare(sql)
        defer { unsafe sqlite3_finalize(statement) }
        guard unsafe sqlite3_stmt_readonly(statement) != 0 else { throw Self.notReading("a change is refused") }
        try unsafe bind(parameters, to: statement)
        let count = unsafe sqlite3_column_count(statement)
        guard count > 0 else { throw QueryError(.notOneStatement, "SQL: it has no result") }
        try columns((0..<count).map { unsafe Self.text(sqlite3_column_name(statement, $0)) ?? "" })
        while true {
            let code = unsafe sqlite3_step(statement)
            if code == SQLITE_DONE { return }
            guard code == SQLITE_ROW else { throw failure(code, sql, timeLimit) }
            try row((0..<count).map { unsafe Self.value(of: statement, $0) })
        }
    }

    /// The corresponding C function is `sqlite3_prepare_v2`.
    private func prepare(_ sql: String) throws -> OpaquePointer {
        var first: OpaquePointer?
        var following: OpaquePointer?
        var firstCode = SQLITE_OK
        var length = 0
        let code = unsafe sql.withCString { text in
            var tail: UnsafePointer<CChar>?
            firstCode = unsafe sqlite3_prepare_v2(handle, text, -1, &first, &tail)
            guard firstCode == SQLITE_OK, let rest = unsafe tail else { return firstCode }
            length = unsafe rest - text
            return unsafe sqlite3_prepare_v2(handle, rest, -1, &following, nil)
        }
        guard firstCode == SQLITE_OK else { throw failure(code, sql, nil) }
        let hasMore = unsafe following != nil
        unsafe sqlite3_finalize(following)
        if hasMore || code != SQLITE_OK {
            unsafe sqlite3_finalize(first)
            throw QueryError(
                .notOneStatement, "SQL: something follows the first statement",
                excerpt: QueryError.excerpt(of: sql, at: length), remedy: "ask one question at a time")
        }
        guard let statement = unsafe first else { throw QueryError(.notOneStatement, "SQL: there is no statement") }
        return unsafe statement
    }

    private func bind(_ parameters: [String: SQLValue], to statement: OpaquePointer) throws {
        let count = unsafe sqlite3_bind_parameter_count(statement)
        guard count > 0 else { return }
        // SQLITE_TRANSIENT, a C macro that Swift cannot import: SQLite copies the text.
        let transient = unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        for index in 1...count {
            let name = unsafe Self.text(sqlite3_bind_parameter_name(statement, index)) ?? "?"
            guard let value = parameters[String(name.dropFirst())] else {
                let known = CannedQuery.parameterNames.map { ":\($0)" }.joined(separator: ", ")
                throw QueryError(
                    .parameter, "SQL: there is no parameter \(name)", remedy: "there are \(known)")
            }
            switch value {
            case .null: _ = unsafe sqlite3_bind_null(statement, index)
            case .integer(let value): _ = unsafe sqlite3_bind_int64(statement, index, value)
            case .real(let value): _ = unsafe sqlite3_bind_double(statement, index, value)
            case .text(let value): _ = unsafe sqlite3_bind_text(statement, index, value, -1, transient)
            case .blob(let bytes):
                _ = unsafe sqlite3_bind_blob(statement, index, bytes, Int32(bytes.count), transient)
            }
        }
    }

    private static func value(of statement: OpaquePointer, _ column: Int32) -> SQLValue {
        switch unsafe sqlite3_column_type(statement, column) {
        case SQLITE_INTEGER: return .integer(unsafe sqlite3_column_int64(statement, column))
        case SQLITE_FLOAT: return .real(unsafe sqlite3_column_double(statement, column))
        case SQLITE_TEXT:
            return unsafe sqlite3_column_text(statement, column).map { unsafe .text(String(cString: $0)) } ?? .null
        case SQLITE_BLOB:
            let count = Int(unsafe sqlite3_column_bytes(statement, column))
            let bytes = unsafe UnsafeRawBufferPointer(start: sqlite3_column_blob(statement, column), count: count)
            return .blob(unsafe Array(bytes))
        default: return .null
        }
    }

    private static func text(_ pointer: UnsafePointer<CChar>?) -> String? {
        unsafe pointer.map { unsafe String(cString: $0) }
    }

    /// What a failed call of SQLite means to who wrote the SQL.
    private func failure(_ code: Int32, _ sql: String, _ timeLimit: Duration?) -> any Error {
        let message = unsafe String(cString: sqlite3_errmsg(handle))
        if let denied = watch.denied {
            return Self.notReading(denied)
        }
        switch code & 0xff {
        case SQLITE_INTERRUPT:
            return QueryError(
                .timeLimit, "the query was stopped: it took longer than \(timeLimit.map { "\($0)" } ?? "allowed")",
                remedy: "allow more with --time-limit SECONDS, or ask about fewer rows, such as those of one run_id")
        case SQLITE_ERROR, SQLITE_MISMATCH, SQLITE_RANGE, SQLITE_CONSTRAINT:
            let offset = unsafe sqlite3_error_offset(handle)
            let isName = message.hasPrefix("no such table") || message.hasPrefix("no such column")
            return QueryError(
                .sql, "SQL: \(message)",
                excerpt: offset >= 0 ? QueryError.excerpt(of: sql, at: Int(offset)) : nil,
                remedy: isName ? "ipvscope schema tells tables, views and columns" : nil)
        default: return error(code)
        }
    }

    private static func notReading(_ refused: String) -> QueryError {
        QueryError(
            .notReading, "SQL: \(refused): the database is only read here",
            remedy: "ask with SELECT; what must be changed, change with the sqlite3 tool while no ipvscope writes")
    }

    private func error(_ code: Int32) -> DatabaseError {
        DatabaseError(
            resultCode: ResultCode(rawValue: code), message: unsafe String(cString: sqlite3_errmsg(handle)))
    }
}
