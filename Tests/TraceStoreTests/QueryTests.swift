import Foundation
import Testing
import TraceStore

struct QueryTests {
    private let folder: TemporaryFolder
    private let path: String
    private let store: TraceStore

    init() throws {
        folder = try TemporaryFolder()
        path = folder.path("query.sqlite")
        let writer = try TraceStore.open(path: path)
        try ExampleRun.write(to: writer)
        try writer.close()
        store = try TraceStore.openReadOnly(path: path)
    }

    private func rows(
        _ sql: String, with parameters: [String: SQLValue] = [:], timeLimit: Duration? = nil
    ) throws -> [[SQLValue]] {
        var rows: [[SQLValue]] = []
        try store.query(sql, with: parameters, timeLimit: timeLimit) { rows.append($0) }
        return rows
    }

    private func refusal(
        _ sql: String, with parameters: [String: SQLValue] = [:], timeLimit: Duration? = nil
    ) throws -> QueryError {
        try #require(
            #expect(throws: QueryError.self) { try rows(sql, with: parameters, timeLimit: timeLimit) }, "\(sql)")
    }

    @Test(arguments: [
        "DELETE FROM run", "INSERT INTO run SELECT * FROM run", "UPDATE connection SET outcome = 0",
        "WITH all_runs AS (SELECT id FROM run) DELETE FROM run WHERE id IN all_runs", "DROP TABLE run",
        "CREATE TABLE x (a)", "CREATE TEMP TABLE x (a)", "CREATE VIEW x AS SELECT 1", "CREATE INDEX x ON run (name)",
        "ALTER TABLE run ADD COLUMN x", "CREATE VIRTUAL TABLE x USING fts5(a)", "ATTACH ':memory:' AS other",
        "DETACH main", "PRAGMA user_version = 9", "PRAGMA query_only = 0", "PRAGMA journal_mode = DELETE",
        "PRAGMA writable_schema = 1", "PRAGMA wal_checkpoint", "VACUUM", "REINDEX", "ANALYZE", "BEGIN", "COMMIT",
        "SAVEPOINT x", "SELECT load_extension('x')",
    ])
    func `what does not read is refused, and the file stays as it was`(sql: String) throws {
        let before = try Data(contentsOf: URL(filePath: path))
        let error = try refusal(sql)
        #expect(error.code == .notReading)
        #expect(error.description.contains("only read here"))
        #expect(try Data(contentsOf: URL(filePath: path)) == before)
        // The next question is answered as if nothing had been asked.
        #expect(try rows("SELECT count(*) FROM run") == [[.integer(1)]])
    }

    @Test(arguments: [
        "PRAGMA user_version", "PRAGMA table_info(run)", "SELECT * FROM pragma_table_list",
        "SELECT value FROM json_each('[1, 2]')", "EXPLAIN QUERY PLAN SELECT * FROM connections",
        "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 9) SELECT * FROM n",
        "VALUES (1), (2)", "SELECT sql FROM sqlite_schema",
    ])
    func `what reads is answered`(sql: String) throws {
        #expect(try rows(sql).isEmpty == false)
    }

    @Test func `an endless query is stopped, and says how to go on`() throws {
        let endless = "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
        let error = try refusal(endless, timeLimit: .milliseconds(50))
        #expect(error.code == .timeLimit)
        #expect(error.description.contains("--time-limit"))
        // The limit is for one statement: the next has its own time.
        #expect(try rows("SELECT 1", timeLimit: .seconds(60)) == [[.integer(1)]])
    }

    @Test func `values come as they are stored`() throws {
        #expect(
            try rows("SELECT NULL, 9223372036854775807, 0.1, 'ab' || char(10) || 'ö', x'00ff'") == [
                [.null, .integer(.max), .real(0.1), .text("ab\nö"), .blob([0, 255])]
            ])
    }

    @Test func `parameters are values and never SQL`() throws {
        let nasty = "'; DROP TABLE run; --"
        #expect(
            try rows(
                "SELECT :virtual_service, :run, :limit",
                with: [
                    "virtual_service": .text(nasty), "run": .integer(-7), "limit": .null, "baseline": .integer(1),
                ]) == [[.text(nasty), .integer(-7), .null]])
        let error = try refusal("SELECT :ran", with: ["run": .integer(1)])
        #expect(error.code == .parameter)
        #expect(
            error.description == "SQL: there is no parameter :ran\nthere are :run, :baseline, :virtual_service, :limit")
    }

    @Test(arguments: [
        ("SELECT nonsense FROM run", "SQL: no such column: nonsense\n  SELECT nonsense FROM run\n         ^\n"),
        (
            "SELECT *\nFROM run\nWHERE\tname == = 1",
            "SQL: near \"=\": syntax error\n  WHERE\tname == = 1\n       \t        ^"
        ),
        ("SELECT 'ö', nonsense", "SQL: no such column: nonsense\n  SELECT 'ö', nonsense\n              ^\n"),
        ("SELECT (", "SQL: incomplete input"),
        ("SELECT * FROM no_table", "SQL: no such table: no_table\nipvscope schema tells"),
        ("SELECT percentile(id, 101) FROM run", "SQL: percentile: p must be from 0 to 100"),
        ("SELECT json_extract('{', '$')", "SQL: malformed JSON"),
    ])
    func `an error in the SQL points at the place`(sql: String, text: String) throws {
        let error = try refusal(sql)
        #expect(error.code == .sql)
        #expect(error.description.hasPrefix(text), "\(error.description)")
    }

    @Test func `one statement is asked, not two and not none`() throws {
        #expect(try refusal("SELECT 1; SELECT 2").code == .notOneStatement)
        #expect(try refusal("SELECT 1; DELETE FROM run").code == .notOneStatement)
        #expect(try refusal("").code == .notOneStatement)
        #expect(try refusal("-- nothing").code == .notOneStatement)
        #expect(try rows("SELECT 1; -- that is all\n") == [[.integer(1)]])
    }

    @Test func `a question sees the rows of one moment, though another process writes`() throws {
        let counts = try store.reading { reading in
            var counts: [[SQLValue]] = []
            try reading.ask("SELECT count(*) FROM connection") { counts.append($0) }
            try SQLiteTool.run("DELETE FROM connection", on: path)
            try reading.ask("SELECT count(*) FROM connection") { counts.append($0) }
            return counts
        }
        #expect(counts == [[.integer(5)], [.integer(5)]])
        #expect(try rows("SELECT count(*) FROM connection") == [[.integer(0)]])
    }

    @Test func `an error that the caller throws ends the query`() throws {
        struct Enough: Error {}
        #expect(throws: Enough.self) { try store.query("VALUES (1), (2)") { _ in throw Enough() } }
    }
}

struct SQLFunctionTests {
    private let folder: TemporaryFolder
    private let store: TraceStore

    init() throws {
        folder = try TemporaryFolder()
        store = try TraceStore.open(path: folder.path("functions.sqlite"))
    }

    private func value(_ sql: String) throws -> SQLValue? {
        var value: SQLValue?
        try store.query("SELECT \(sql)") { value = $0[0] }
        return value
    }

    /// Ranks by hand: of ten values p % is rank ceil(p / 10).
    @Test(
        arguments: [(0.0, 1), (1, 1), (10, 1), (10.1, 2), (50, 5), (90, 9), (99, 10), (100, 10)] as [(Double, Int64)])
    func `a percentile is the value of the nearest rank`(percent: Double, expected: Int64) throws {
        let numbers = "(SELECT value AS x FROM json_each('[7, 3, 9, 1, 10, 5, 2, 8, 6, 4]'))"
        #expect(try value("percentile(x, \(percent)) FROM \(numbers)") == .integer(expected))
    }

    @Test func `NULLs do not count, and of nothing there is no percentile`() throws {
        #expect(try value("median(column1) FROM (VALUES (NULL), (2.5), (NULL), (1.5))") == .real(1.5))
        #expect(try value("percentiles(column1, 50, 100) FROM (VALUES (1), (2))") == .text("[1,2]"))
        #expect(try value("percentiles(column1, 50, 100) FROM (VALUES (3), (0.5), (2))") == .text("[2.0,3.0]"))
        #expect(
            try value("median(column1) FROM (VALUES (1763856000000000001), (1763856000000000002))")
                == .integer(1_763_856_000_000_000_001))
        #expect(try value("percentile(id, 50) FROM run") == .null)
        #expect(try value("percentiles(id, 50, 99) FROM run") == .null)
        #expect(try value("percentiles(column1, 50) FROM (VALUES (NULL))") == .text("[null]"))
    }

    @Test func `each group has its own`() throws {
        var rows: [[SQLValue]] = []
        try store.query(
            "SELECT column1, median(column2) FROM (VALUES ('a', 1), ('b', 5), ('a', 3), ('b', 7), ('a', 2)) GROUP BY 1"
        ) { rows.append($0) }
        #expect(rows == [[.text("a"), .integer(2)], [.text("b"), .integer(5)]])
    }

    @Test(
        arguments: [
            ("192.168.122.7", "192.168.122.0/24", 1), ("192.168.123.7", "192.168.122.0/24", 0),
            ("192.168.122.7", "192.168.122.99/24", 1), ("10.1.2.3", "0.0.0.0/0", 1), ("10.1.2.3", "10.1.2.3", 1),
            ("10.1.2.3", "10.1.2.4/32", 0), ("fd00:1::5", "fd00::/8", 1), ("fe80::1", "fd00::/8", 0),
            ("fd00::1:0:0:5", "fd00::1:0:0:0/64", 1), ("fd00:0:0:1::5", "fd00::/64", 0), ("fd00::5", "fd00::4/127", 1),
            ("10.1.2.3", "::/0", 0), ("fd00::1", "0.0.0.0/0", 0),
        ] as [(String, String, Int64)])
    func `an address is in a subnet if they share its leading bits`(address: String, subnet: String, isIn: Int64) throws
    {
        #expect(try value("in_subnet('\(address)', '\(subnet)')") == .integer(isIn))
    }

    @Test(
        arguments: [
            ("192.168.122.7", 24, "192.168.122.0/24"), ("192.168.122.7", 32, "192.168.122.7/32"),
            ("192.168.122.7", 0, "0.0.0.0/0"), ("192.168.122.7", 17, "192.168.0.0/17"),
            ("fd00:1:2:3:4::5", 64, "fd00:1:2:3::/64"),
            ("fd00:1:2:3:ff::5", 72, "fd00:1:2:3::/72"), ("fd00::5", 128, "fd00::5/128"), ("fd00::5", 0, "::/0"),
        ])
    func `a subnet is the address without its last bits`(address: String, bits: Int, subnet: String) throws {
        #expect(try value("subnet('\(address)', \(bits))") == .text(subnet))
    }

    @Test func `what is no address is in no subnet, and what is no subnet is an error`() throws {
        #expect(try value("in_subnet('10.1.2.3:80', '10.0.0.0/8')") == .null)
        #expect(try value("in_subnet(NULL, '10.0.0.0/8')") == .null)
        #expect(try value("subnet('nobody', 24)") == .null)
        for call in [
            "in_subnet('10.1.2.3', '10.0.0.0/33')", "in_subnet('10.1.2.3', 'ten')", "subnet('10.1.2.3', 33)",
            "subnet('::1', -1)",
        ] {
            let error = #expect(throws: QueryError.self) { try value(call) }
            #expect(error?.code == .sql, "\(call)")
        }
    }

    @Test func `the list of functions names those that there are`() throws {
        for (call, _) in SQLFunctions.list {
            let name = try #require(call.split(separator: "(").first)
            #expect(try value("count(*) FROM pragma_function_list WHERE name = '\(name)'") == .integer(1), "\(name)")
        }
    }
}
