internal import GRDBSQLite

/// What a statement may do on a connection that only reads.
enum ReadingRules {
    /// Pragmas that tell something. Those in the second list set something if they are given a value.
    private static let telling: Set<String> = [
        "collation_list", "compile_options", "database_list", "foreign_key_check", "foreign_key_list", "freelist_count",
        "function_list", "index_info", "index_list", "index_xinfo", "integrity_check", "module_list", "page_count",
        "pragma_list", "quick_check", "table_info", "table_list", "table_xinfo",
    ]
    private static let settable: Set<String> = [
        "application_id", "auto_vacuum", "encoding", "journal_mode", "page_size", "query_only", "schema_version",
        "user_version",
    ]
    /// Functions that reach beyond the database, in builds that have them.
    private static let reaching: Set<String> = ["edit", "fts3_tokenizer", "load_extension", "readfile", "writefile"]

    /// Why an action is refused, as the beginning of a sentence; `nil` if it is reading.
    ///
    /// - Source: <https://www.sqlite.org/c3ref/c_alter_table.html>, where the arguments of each action are.
    static func refusal(_ action: Int32, _ first: String?, _ second: String?) -> String? {
        switch action {
        case SQLITE_SELECT, SQLITE_READ, SQLITE_RECURSIVE: nil
        case SQLITE_FUNCTION:
            second.map { reaching.contains($0.lowercased()) } == true ? "function \(second ?? "") is refused" : nil
        case SQLITE_PRAGMA:
            if let name = first?.lowercased(),
                telling.contains(name) || settable.contains(name) && second == nil
            {
                nil
            } else {
                "PRAGMA \(first ?? "") is refused"
            }
        // How SQLite declares a function that gives a table, such as json_each, when it is first used. Who asks for this
        // is refused for changing what may not be modified.
        case SQLITE_UPDATE where first == "sqlite_master": nil
        case SQLITE_INSERT, SQLITE_UPDATE, SQLITE_DELETE:
            first.map { $0.hasPrefix("sqlite_") } == true
                ? "a change of the schema is refused" : "a change of \(first ?? "a table") is refused"
        case SQLITE_ATTACH: "ATTACH is refused"
        case SQLITE_DETACH: "DETACH is refused"
        case SQLITE_TRANSACTION, SQLITE_SAVEPOINT: "\(first ?? "a transaction") is refused"
        default: "a change of the schema is refused"
        }
    }
}
