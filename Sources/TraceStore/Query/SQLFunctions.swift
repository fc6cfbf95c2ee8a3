internal import GRDB
internal import GRDBSQLite

/// SQL functions that SQLite lacks and questions about connections need.
package enum SQLFunctions {
    /// How each is written, and what it gives.
    package static let list: [(call: String, meaning: String)] = [
        ("percentile(x, p)", "aggregate: what p % of all x do not exceed, by nearest rank; p from 0 to 100"),
        ("percentiles(x, p, …)", "aggregate: one percentile for each p, as a JSON array"),
        ("median(x)", "aggregate: percentile(x, 50)"),
        ("in_subnet(address, cidr)", "1 if the address is in a subnet such as 10.0.0.0/8 or fd00::/8, else 0"),
        ("subnet(address, bits)", "the subnet of so many bits that an address is in, such as 192.168.122.0/24"),
    ]

    private static let flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS

    /// The corresponding C function is `sqlite3_create_function_v2`.
    static func register(on handle: OpaquePointer) throws {
        for (name, arguments) in [("percentile", 2), ("percentiles", -1), ("median", 1)] as [(String, Int32)] {
            let form = unsafe name == "percentiles" ? Percentiles.list : nil
            try check(
                unsafe sqlite3_create_function_v2(
                    handle, name, arguments, flags, form, nil, Percentiles.step, Percentiles.final, nil))
        }
        try check(
            unsafe sqlite3_create_function_v2(handle, "in_subnet", 2, flags, nil, Subnets.contains, nil, nil, nil))
        try check(unsafe sqlite3_create_function_v2(handle, "subnet", 2, flags, nil, Subnets.subnet, nil, nil, nil))
    }

    private static func check(_ code: Int32) throws {
        guard code == SQLITE_OK else { throw DatabaseError(resultCode: ResultCode(rawValue: code)) }
    }

    /// Ends a function's call with an error.
    static func fail(_ context: OpaquePointer?, _ message: String) {
        unsafe sqlite3_result_error(context, message, -1)
    }

    /// Ends a function's call with a text.
    static func give(_ context: OpaquePointer?, _ text: String) {
        // SQLITE_TRANSIENT, a C macro that Swift cannot import: SQLite copies the text.
        let transient = unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        unsafe sqlite3_result_text(context, text, -1, transient)
    }
}
