internal import GRDB
internal import GRDBSQLite

/// A prepared statement bound and stepped through SQLite's own functions: half the cost of GRDB's bindings, which
/// matters only where there is a row per connection.
///
/// Confinement: valid only inside the database access that prepared it.
@safe
struct RawStatement {
    private let statement: Statement
    private let handle: OpaquePointer

    init(_ sql: String, in database: Database) throws {
        statement = try database.cachedStatement(sql: sql)
        unsafe handle = statement.sqliteStatement
        reset()
    }

    /// The corresponding C function is `sqlite3_reset`.
    func reset() {
        // Its result repeats the last error of `step`, which was thrown already.
        _ = unsafe sqlite3_reset(handle)
    }

    /// - Parameter index: From 1. An index out of range is an error of `step`.
    func bind(_ value: Int64, at index: Int32) {
        _ = unsafe sqlite3_bind_int64(handle, index, value)
    }

    func bind(_ value: Int64?, at index: Int32) {
        if let value { bind(value, at: index) } else { _ = unsafe sqlite3_bind_null(handle, index) }
    }

    func bind(_ value: String?, at index: Int32) {
        guard let value else {
            _ = unsafe sqlite3_bind_null(handle, index)
            return
        }
        // SQLITE_TRANSIENT, a C macro that Swift cannot import: SQLite copies the text.
        let transient = unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        _ = unsafe sqlite3_bind_text(handle, index, value, -1, transient)
    }

    /// Runs to the next row.
    ///
    /// - Returns: Whether there is one. Without, the statement is ready to be bound and stepped again.
    /// - Throws: `DatabaseError`.
    ///
    /// The corresponding C function is `sqlite3_step`.
    func step() throws -> Bool {
        let code = unsafe sqlite3_step(handle)
        if code == SQLITE_ROW { return true }
        let message = code == SQLITE_DONE ? nil : unsafe String(cString: sqlite3_errmsg(sqlite3_db_handle(handle)))
        reset()
        guard code == SQLITE_DONE else {
            throw DatabaseError(resultCode: ResultCode(rawValue: code), message: message)
        }
        return false
    }

    /// - Parameter column: From 0.
    func integer(_ column: Int32) -> Int64 {
        unsafe sqlite3_column_int64(handle, column)
    }

    func optionalInteger(_ column: Int32) -> Int64? {
        unsafe sqlite3_column_type(handle, column) == SQLITE_NULL ? nil : integer(column)
    }
}
