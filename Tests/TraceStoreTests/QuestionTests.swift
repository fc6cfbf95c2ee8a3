import Testing
import TraceStore

/// Every question with a name, asked of `QuestionsRun`; the rows are checked by hand.
struct QuestionTests {
    private let folder: TemporaryFolder
    private let store: TraceStore

    init() throws {
        folder = try TemporaryFolder()
        let path = folder.path("questions.sqlite")
        let writer = try TraceStore.open(path: path)
        try QuestionsRun.write(to: writer)
        try writer.close()
        store = try TraceStore.openReadOnly(path: path)
    }

    /// The rows as the sqlite3 tool would print them: columns apart by `|`, NULL as `-`.
    private func rows(
        _ name: String, run: Int64 = 2, virtualService: SQLValue = .null, limit: Int64 = 20
    ) throws -> [String] {
        let query = try #require(CannedQuery.named(name))
        var rows: [String] = []
        try store.query(
            query.sql,
            with: [
                "run": .integer(run), "baseline": .integer(1), "virtual_service": virtualService,
                "limit": .integer(limit),
            ]
        ) { row in rows.append(row.map(\.shown).joined(separator: "|")) }
        return rows
    }

    @Test func `names are unique, and parameters are those that there are`() {
        #expect(Set(CannedQuery.all.map(\.name)).count == CannedQuery.all.count)
        for query in CannedQuery.all {
            #expect(query.parameters.isSubset(of: CannedQuery.parameterNames), "\(query.name)")
            #expect(query.name.wholeMatch(of: /[a-z]+(-[a-z]+)*/) != nil)
            #expect(query.sentence.hasSuffix("."))
        }
    }

    @Test(arguments: CannedQuery.all)
    func `a question about another virtual service finds nothing of this one`(query: CannedQuery) throws {
        guard query.parameters.contains("virtual_service"), query.name != "timeline" else { return }
        #expect(try rows(query.name, virtualService: .text("tcp/192.168.122.100:80")) == rows(query.name))
        #expect(try rows(query.name, virtualService: .text("udp/192.168.122.100:53")) == [])
    }

    @Test(arguments: CannedQuery.all.filter { $0.parameters.contains("limit") })
    func `a limit is obeyed`(query: CannedQuery) throws {
        let all = try rows(query.name, limit: -1)
        #expect(try rows(query.name, limit: 1) == Array(all.prefix(1)))
    }

    private static let web = "tcp/192.168.122.100:80"

    @Test func `runs`() throws {
        #expect(
            try rows("runs") == [
                "1|ab|2025-11-23T00:00:00Z|1.0|finished|fail|5|[\"ab\",\"-c\",\"1000\",\"http://192.168.122.100/\"]",
                "2|turns|2025-11-23T00:01:40Z|4.0|finished|fail|11|[\"ab\"]",
            ])
    }

    @Test func `distribution: eleven assignments, by the weights in force last`() throws {
        #expect(
            try rows("distribution") == [
                "\(Self.web)|10.10.10.10:80|1|4|5.5|36.36|4|24|20|2400|2000",
                "\(Self.web)|10.10.10.20:80|1|6|5.5|54.55|6|36|30|3600|3000",
                "\(Self.web)|10.10.10.30:80|0|1|0.0|9.09|-|6|5|600|500",
            ])
    }

    @Test func `distribution-per-second: a real server without assignments has a row too`() throws {
        #expect(
            try rows("distribution-per-second") == [
                "2025-11-23T00:01:40Z|\(Self.web)|10.10.10.10:80|2|33.33|2|33.33",
                "2025-11-23T00:01:40Z|\(Self.web)|10.10.10.20:80|3|50.0|3|50.0",
                "2025-11-23T00:01:40Z|\(Self.web)|10.10.10.30:80|1|16.67|1|16.67",
                "2025-11-23T00:01:41Z|\(Self.web)|10.10.10.10:80|1|50.0|3|37.5",
                "2025-11-23T00:01:41Z|\(Self.web)|10.10.10.20:80|1|50.0|4|50.0",
                "2025-11-23T00:01:41Z|\(Self.web)|10.10.10.30:80|0|0.0|1|12.5",
                "2025-11-23T00:01:42Z|\(Self.web)|10.10.10.10:80|1|33.33|4|36.36",
                "2025-11-23T00:01:42Z|\(Self.web)|10.10.10.20:80|2|66.67|6|54.55",
                "2025-11-23T00:01:42Z|\(Self.web)|10.10.10.30:80|0|0.0|1|9.09",
            ])
    }

    @Test func `unfair-windows: the second in which the weights changed is none`() throws {
        #expect(
            try rows("unfair-windows") == [
                "2025-11-23T00:01:42Z|\(Self.web)|3|10.10.10.20:80|2|1.5|0.5|16.67",
                "2025-11-23T00:01:41Z|\(Self.web)|2|10.10.10.20:80|1|1.0|0.0|0.0",
            ])
    }

    @Test func `assignment-sequence: beyond the last violation that is listed, nothing is known`() throws {
        let time = { (text: String) in "2025-11-23T00:01:\(text)000000Z" }
        #expect(
            try rows("assignment-sequence") == [
                "1|\(time("40.000"))|\(Self.web)|192.168.122.1:2000|10.10.10.10:80|10.10.10.10:80|yes|-",
                "2|\(time("40.100"))|\(Self.web)|192.168.122.1:2001|10.10.10.20:80|10.10.10.20:80|yes|100.0",
                "3|\(time("40.200"))|\(Self.web)|192.168.122.1:2002|10.10.10.30:80|10.10.10.30:80|yes|100.0",
                "4|\(time("40.300"))|\(Self.web)|192.168.122.1:2003|10.10.10.10:80|10.10.10.10:80|yes|100.0",
                "5|\(time("40.400"))|\(Self.web)|192.168.122.1:2004|10.10.10.20:80|10.10.10.20:80|yes|100.0",
                "6|\(time("40.500"))|\(Self.web)|192.168.122.1:2005|10.10.10.20:80|10.10.10.30:80|no|100.0",
                "7|\(time("41.000"))|\(Self.web)|192.168.122.1:2006|10.10.10.10:80|-|-|500.0",
                "8|\(time("41.100"))|\(Self.web)|192.168.122.2:2007|10.10.10.20:80|-|-|100.0",
                "9|\(time("42.700"))|\(Self.web)|192.168.122.2:2008|10.10.10.10:80|-|-|1600.0",
                "10|\(time("42.750"))|\(Self.web)|192.168.122.2:2009|10.10.10.20:80|-|-|50.0",
                "11|\(time("42.900"))|\(Self.web)|192.168.122.2:2010|10.10.10.20:80|-|-|150.0",
            ])
        // Without a model's verdict nothing is known of any.
        #expect(try rows("assignment-sequence", run: 1).allSatisfy { $0.contains("|-|-|") })
    }

    @Test func `violations`() throws {
        #expect(
            try rows("violations") == [
                "6|2025-11-23T00:01:40.500000000Z|\(Self.web)|192.168.122.1:2005|10.10.10.20:80|10.10.10.30:80|1|16"
            ])
    }

    @Test func `gaps: of the virtual service as a whole`() throws {
        #expect(
            try rows("gaps") == [
                "2025-11-23T00:01:41.100000000Z|\(Self.web)|1.6|19|10.10.10.10:80",
                "2025-11-23T00:01:40.500000000Z|\(Self.web)|0.5|17|10.10.10.10:80",
                "2025-11-23T00:01:42.750000000Z|\(Self.web)|0.15|21|10.10.10.20:80",
                "2025-11-23T00:01:40.000000000Z|\(Self.web)|0.1|12|10.10.10.20:80",
                "2025-11-23T00:01:40.100000000Z|\(Self.web)|0.1|13|10.10.10.30:80",
                "2025-11-23T00:01:40.200000000Z|\(Self.web)|0.1|14|10.10.10.10:80",
                "2025-11-23T00:01:40.300000000Z|\(Self.web)|0.1|15|10.10.10.20:80",
                "2025-11-23T00:01:40.400000000Z|\(Self.web)|0.1|16|10.10.10.20:80",
                "2025-11-23T00:01:41.000000000Z|\(Self.web)|0.1|18|10.10.10.20:80",
                "2025-11-23T00:01:42.700000000Z|\(Self.web)|0.05|20|10.10.10.20:80",
            ])
    }

    @Test func `starved: of each real server`() throws {
        #expect(
            try rows("starved") == [
                "2025-11-23T00:01:41.000000000Z|\(Self.web)|10.10.10.10:80|1.7|19",
                "2025-11-23T00:01:41.100000000Z|\(Self.web)|10.10.10.20:80|1.65|20",
                "2025-11-23T00:01:40.300000000Z|\(Self.web)|10.10.10.10:80|0.7|17",
                "2025-11-23T00:01:40.500000000Z|\(Self.web)|10.10.10.20:80|0.6|18",
                "2025-11-23T00:01:40.000000000Z|\(Self.web)|10.10.10.10:80|0.3|14",
                "2025-11-23T00:01:40.100000000Z|\(Self.web)|10.10.10.20:80|0.3|15",
                "2025-11-23T00:01:42.750000000Z|\(Self.web)|10.10.10.20:80|0.15|21",
                "2025-11-23T00:01:40.400000000Z|\(Self.web)|10.10.10.20:80|0.1|16",
            ])
    }

    @Test func `latency: percentiles by nearest rank, and the view says the same in seconds`() throws {
        let expected = [
            "10.10.10.10:80|real_server_connect|4|0.5|0.5|0.5|0.5",
            "10.10.10.10:80|time_to_first_byte|4|38.4|38.4|38.4|38.4",
            "10.10.10.10:80|duration|4|45.0|45.0|45.0|45.0",
            // 0.5, 0.5, 0.5, 999.98; 10, 38.4, 38.4, 38.4; 1, 3, 45, 45, 45, 1020.
            "10.10.10.20:80|real_server_connect|4|0.5|999.98|999.98|999.98",
            "10.10.10.20:80|time_to_first_byte|4|38.4|38.4|38.4|38.4",
            "10.10.10.20:80|duration|6|45.0|1020.0|1020.0|1020.0",
            "10.10.10.30:80|real_server_connect|1|0.5|0.5|0.5|0.5",
            "10.10.10.30:80|time_to_first_byte|1|38.4|38.4|38.4|38.4",
            "10.10.10.30:80|duration|1|45.0|45.0|45.0|45.0",
        ]
        #expect(try rows("latency") == expected.map { "\(Self.web)|\($0)" })
        #expect(
            try SQLiteTool.run(
                """
                SELECT real_server, measure, count, p50 * 1000, p90 * 1000, p99 * 1000, max * 1000
                FROM latency WHERE run_id = 2
                ORDER BY real_server, measure = 'duration', measure
                """, on: store.path) == expected)
    }

    @Test func `slowest-connections: which step took how long`() throws {
        let rows = try rows("slowest-connections")
        #expect(
            rows.prefix(2) == [
                "12|2025-11-23T00:01:40.100000000Z|\(Self.web)|192.168.122.1:2001|10.10.10.20:80|closed"
                    + "|1011.0|1.02|999.98|10.0|2.0|1",
                "11|2025-11-23T00:01:40.000000000Z|\(Self.web)|192.168.122.1:2000|10.10.10.10:80|closed"
                    + "|38.94|0.04|0.5|38.4|1.06|0",
            ])
        #expect(
            rows.last
                == "20|2025-11-23T00:01:42.750000000Z|\(Self.web)|192.168.122.2:2009|10.10.10.20:80|unanswered"
                + "|0.02|0.02|-|-|0.0|0")
        #expect(
            rows.compactMap { $0.split(separator: "|").first }
                == "12 11 13 14 16 17 18 19 21 15 20".split(separator: " "))
    }

    @Test func `stalls: what never came first, then what took long`() throws {
        #expect(
            try rows("stalls") == [
                "2025-11-23T00:01:42.750020000Z|\(Self.web)|192.168.122.2:2009|10.10.10.20:80|real_server_connect"
                    + "|real server|-|0|unanswered|20",
                "2025-11-23T00:01:40.100020000Z|\(Self.web)|192.168.122.1:2001|10.10.10.20:80|real_server_connect"
                    + "|real server|0.99998|1|closed|12",
            ])
        #expect(
            try rows("stalls", run: 1) == [
                "2025-11-23T00:00:00.400000000Z|\(Self.web)|192.168.122.1:1004|-|forwarding_delay_in|director|-|2"
                    + "|not_forwarded|5"
            ])
    }

    @Test func `outcomes`() throws {
        #expect(
            try rows("outcomes") == [
                "\(Self.web)|10.10.10.10:80|closed|2|50.0", "\(Self.web)|10.10.10.10:80|open|1|25.0",
                "\(Self.web)|10.10.10.10:80|reset_by_real_server|1|25.0", "\(Self.web)|10.10.10.20:80|closed|4|66.67",
                "\(Self.web)|10.10.10.20:80|refused|1|16.67", "\(Self.web)|10.10.10.20:80|unanswered|1|16.67",
                "\(Self.web)|10.10.10.30:80|closed|1|100.0",
            ])
    }

    @Test func `resets, by whom`() throws {
        #expect(
            try rows("resets") == [
                "\(Self.web)|10.10.10.10:80|real server|the connection|1|25.0|2025-11-23T00:01:40.300000000Z|14",
                "\(Self.web)|10.10.10.20:80|real server|the SYN, refused|1|16.67|2025-11-23T00:01:40.400000000Z|15",
            ])
        #expect(
            try rows("resets", run: 1) == [
                "\(Self.web)|10.10.10.10:80|client|the connection|1|33.33|2025-11-23T00:00:00.100000000Z|2"
            ])
    }

    @Test func `top-clients`() throws {
        #expect(
            try rows("top-clients") == ["192.168.122.1|7|7|3|2|4200|3500", "192.168.122.2|4|4|2|1|2400|2000"])
    }

    @Test func `audit: a difference that is uncertain is not unexplained`() throws {
        let zero = ["bytes_in|0|0|0|0|0", "bytes_out|0|0|0|0|0"]
        let expected = [
            "10.10.10.10:80": ["connections|4|4|0|0|0", "packets_in|24|24|0|0|0", "packets_out|20|20|0|0|0"] + zero,
            "10.10.10.20:80": ["connections|5|6|1|1|0", "packets_in|30|36|6|6|0", "packets_out|25|30|5|5|0"] + zero,
            "(all)": ["connections|9|11|2|1|1", "packets_in|54|66|12|6|6", "packets_out|45|55|10|5|5"] + zero,
        ]
        #expect(
            try rows("audit")
                == ["10.10.10.10:80", "10.10.10.20:80", "(all)"].flatMap { server in
                    (expected[server] ?? []).map { "\(Self.web)|\(server)|\($0)" }
                })
        // Run 1 was at level handshake for a while: packets cannot be compared.
        #expect(
            try rows("audit", run: 1).suffix(5).map { $0.split(separator: "|").last } == ["1", "-", "-", "-", "-"])
    }

    @Test func `configuration-timeline: what changed, in words`() throws {
        #expect(
            try rows("configuration-timeline") == [
                "2025-11-23T00:01:40.000000000Z|\(Self.web)"
                    + "|rr, 10.10.10.10:80 weight 1, 10.10.10.20:80 weight 1, 10.10.10.30:80 weight 1|-",
                "2025-11-23T00:01:40.900000000Z|\(Self.web)|10.10.10.30:80 weight 1 → 0|0.1",
            ])
    }

    @Test func `timeline: run, settings and events in order of time`() throws {
        #expect(
            try rows("timeline") == [
                "2025-11-23T00:01:40.000000000Z|run_began|-|-|1|turns",
                "2025-11-23T00:01:40.000000000Z|configuration|\(Self.web)|-|1"
                    + "|rr, 10.10.10.10:80 weight 1, 10.10.10.20:80 weight 1, 10.10.10.30:80 weight 1",
                "2025-11-23T00:01:40.301000000Z|reset_by_real_server|\(Self.web)|10.10.10.10:80|1|client 192.168.122.1:2003",
                "2025-11-23T00:01:40.401000000Z|refused|\(Self.web)|10.10.10.20:80|1|client 192.168.122.1:2004",
                "2025-11-23T00:01:40.900000000Z|configuration_changed|\(Self.web)|-|1|10.10.10.30:80 weight 1 → 0",
                "2025-11-23T00:01:40.900000000Z|drain_began|\(Self.web)|10.10.10.30:80|1|",
                "2025-11-23T00:01:44.000000000Z|run_ended|-|-|1|verdict fail",
            ])
    }

    @Test func `states: one that is still open at the end, and readings of the kernel after the last packet`() throws {
        #expect(
            try rows("states") == [
                "2025-11-23T00:01:40Z|6|5|1|0|1|0", "2025-11-23T00:01:41Z|2|3|0|0|1|0",
                "2025-11-23T00:01:42Z|3|2|0|1|0|1", "2025-11-23T00:01:43Z|0|0|0|1|0|0",
            ])
    }

    @Test func `drain-curves`() throws {
        let start = "2025-11-23T00:01:41.000000000Z|\(Self.web)|10.10.10.30:80"
        #expect(
            try rows("drain-curves") == ["\(start)|0.0|1|0|1|0|0", "\(start)|1.0|0|1|0|1|0", "\(start)|2.0|0|0|0|0|0"])
    }

    @Test func `compare: the baseline first`() throws {
        #expect(
            try rows("compare") == [
                "\(Self.web)|10.10.10.10:80|1|3|75.0|1|0.5|0.5|38.4|38.4",
                "\(Self.web)|10.10.10.10:80|2|4|36.36|1|0.5|0.5|38.4|38.4",
                "\(Self.web)|10.10.10.20:80|1|0|0.0|0|0.5|0.5|38.4|38.4",
                "\(Self.web)|10.10.10.20:80|2|6|54.55|2|0.5|999.98|38.4|38.4",
                "\(Self.web)|10.10.10.30:80|2|1|9.09|0|0.5|0.5|38.4|38.4", "\(Self.web)|-|1|1|25.0|1|-|-|-|-",
            ])
    }

    @Test func `assignment_sequence tells how long each real server was passed over`() throws {
        #expect(
            try SQLiteTool.run(
                """
                SELECT number, real_server, assignments_since_same, round(seconds_since_same, 2)
                FROM assignment_sequence WHERE run_id = 2 AND number IN (1, 4, 6, 9) ORDER BY number
                """, on: store.path) == [
                    "1|10.10.10.10:80|-|-", "4|10.10.10.10:80|3|0.3", "6|10.10.10.20:80|1|0.1",
                    "9|10.10.10.10:80|2|1.7",
                ])
    }
}

extension SQLValue {
    /// As the sqlite3 tool prints it; NULL as `-`.
    var shown: String {
        switch self {
        case .null: "-"
        case .integer(let value): "\(value)"
        case .real(let value): "\(value)"
        case .text(let text): text
        case .blob(let bytes): "\(bytes)"
        }
    }
}
