import Balance
import Commands
import Foundation
import FoundationXML
import IPVSModel
import Testing

@Suite struct VerdictRenderingTests {
    private static let suffixes: [VerdictFormat: String] = [
        .text: "txt", .json: "json", .junit: "xml", .markdown: "md",
    ]

    private func golden(_ name: String, _ format: VerdictFormat) throws -> String {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")
        let suffix = try #require(Self.suffixes[format])
        return try String(contentsOf: folder.appending(path: "verdict-\(name).\(suffix)"), encoding: .utf8)
    }

    @Test(arguments: VerdictFormat.allCases)
    func `a verdict is printed as its golden file has it`(format: VerdictFormat) throws {
        for (name, report) in VerdictSamples.reports {
            #expect(try format.render(report) == golden(name, format), "\(name)")
        }
    }

    @Test(arguments: VerdictFormat.allCases)
    func `a listing's judgement is printed as its golden file has it`(format: VerdictFormat) throws {
        #expect(try format.render(VerdictSamples.entries) == golden("entries", format))
    }

    @Test func `the audit says when packets, table and kernel agree, else what of the table is known`() throws {
        let report = Judge.verdict(on: VerdictSamples.evidence(1000, tableRows: 1000))
        #expect(
            try VerdictFormat.text.render(report)
                .contains("packets, table and kernel agree: 1000 = 1000 = 1000, 0 dropped\n"))
        let fewer = Judge.verdict(on: VerdictSamples.evidence(1000, causes: [.portReuse: 1], tableRows: 999))
        #expect(
            try VerdictFormat.text.render(fewer).contains(
                "packets and kernel agree: 1000 = 1000, 0 dropped; the table holds 999 rows; explained: port_reuse 1\n")
        )
        let unread = Judge.verdict(on: VerdictSamples.evidence(1000))
        #expect(
            try VerdictFormat.text.render(unread).contains(
                "packets and kernel agree: 1000 = 1000, 0 dropped; the table was not read\n"))
    }

    @Test func `the first line on a listing says that the order is perfect round robin`() throws {
        let first = try VerdictFormat.text.render(VerdictSamples.entries).split(separator: "\n")[0]
        #expect(
            first == "tcp/192.168.122.100:80: 6 of 6 entries in perfect round-robin order: "
                + "10.10.10.20:80 → 10.10.10.10:80 → 10.10.10.30:80")
    }

    @Test(arguments: VerdictFormat.allCases)
    func `every format ends with a line end`(format: VerdictFormat) throws {
        for (_, report) in VerdictSamples.reports { #expect(try format.render(report).hasSuffix("\n")) }
        #expect(try format.render(EntriesJudge.verdict(on: [])).hasSuffix("\n"))
    }

    @Test func `the JSON has the keys that were promised`() throws {
        let json = try VerdictFormat.json.render(VerdictSamples.reports[0].report)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
        #expect(object.keys.sorted() == ["baseline", "level", "run", "schema", "verdict", "virtual_services"])
        let run = try #require(object["run"] as? [String: Any])
        #expect(Set(run.keys).isSuperset(of: ["id", "name", "command", "started", "ended"]))
        #expect(run["ended"] as? String == "2026-03-01T12:00:12.500000000Z")
        let services = try #require(object["virtual_services"] as? [[String: Any]])
        let service = services[0]
        #expect(
            Set(service.keys) == [
                "virtual_service", "scheduler", "verdict", "reasons", "assignments", "real_servers", "fairness",
                "conformance", "audit", "latency", "promise", "thresholds", "baseline", "what_if",
            ])
        let promised = [
            "fairness": [
                "jain", "jain_ceiling", "max_share_error", "prefix_discrepancy", "chi_square", "p_upper", "p_lower",
            ], "conformance": ["model", "checked", "explained", "unexplained"],
            "audit": [
                "kernel_conns", "captured", "difference", "explained", "unexplained", "packets_dropped",
                "packets_audited",
                "closed",
            ],
        ]
        for (part, keys) in promised {
            let value = try #require(service[part] as? [String: Any])
            #expect(Set(value.keys).isSuperset(of: keys), "\(part)")
        }
        let realServers = try #require(service["real_servers"] as? [[String: Any]])
        #expect(
            Set(realServers[0].keys) == [
                "real_server", "weight", "assignments", "expected", "share", "bytes_in", "bytes_out", "source",
                "kernel_conns",
            ])
        let latency = try #require(service["latency"] as? [String: [String: Any]])
        let connect = try #require(latency["real_server_connect"])
        #expect(Set(connect.keys).isSuperset(of: ["p50", "p99"]))
    }

    @Test func `names cannot break out of XML or Markdown`() throws {
        var evidence = VerdictSamples.evidence(60)
        evidence.run.name = "a<b>&\"c\"|d\u{1}\n`e`"
        evidence.run.command = ["sh", "-c", "echo `date` | cat"]
        let report = Judge.verdict(on: evidence)
        let xml = try VerdictFormat.junit.render(report)
        #expect(xml.contains("name=\"ipvscope run 3 (a&lt;b&gt;&amp;&quot;c&quot;|d&#10;`e`)\""))
        let markdown = try VerdictFormat.markdown.render(report)
        #expect(markdown.contains("Run 3, a\\<b\\>&amp;\"c\"\\|d\u{1} \\`e\\`: `` sh -c echo `date` | cat ``,"))
    }

    @Test(arguments: [
        ("pass", 2, "failures=\"0\" errors=\"0\" skipped=\"0\""),
        ("fail", 2, "failures=\"1\" errors=\"1\" skipped=\"0\""),
        ("inconclusive", 2, "failures=\"0\" errors=\"2\" skipped=\"0\""),
        ("thresholds", 7, "failures=\"2\" errors=\"1\" skipped=\"0\""),
    ])
    func `JUnit counts failures, and inconclusive as errors`(name: String, tests: Int, counts: String) throws {
        let report = try #require(VerdictSamples.reports.first { $0.name == name }?.report)
        let xml = try VerdictFormat.junit.render(report)
        #expect(xml.contains("<testsuites tests=\"\(tests)\" \(counts)>"))
        #expect(xml.contains("tests=\"\(tests)\" \(counts) timestamp="))
    }

    /// The second of two services is idle, or both are.
    private func idle(_ services: Int) throws -> VerdictReport {
        var evidence = VerdictSamples.evidence(60)
        var other = VerdictSamples.evidence(0).virtualServices[0]
        if services == 2 { evidence.virtualServices[0] = other }
        other.identity = .firewallMark(7, isIPv6: false)
        evidence.virtualServices.append(other)
        return Judge.verdict(on: evidence, thresholds: [try Threshold(parsing: "assignments >= 1")])
    }

    @Test func `JUnit agrees with the exit status where a service had no traffic`() throws {
        let one = try idle(1)
        #expect(one.verdict == .pass)
        #expect(try VerdictFormat.junit.render(one).contains("tests=\"4\" failures=\"0\" errors=\"0\" skipped=\"1\""))
        let both = try idle(2)
        #expect(both.verdict == .inconclusive)
        #expect(!(try VerdictFormat.junit.render(both).contains("errors=\"0\"")))
    }

    @Test func `a suite passes if and only if the exit status is 0`() throws {
        for (name, report) in VerdictSamples.reports {
            let isGreen = try VerdictFormat.junit.render(report).contains("failures=\"0\" errors=\"0\"")
            #expect(isGreen == (report.verdict.exitCode == 0), "\(name)")
        }
    }

    @Test func `a report on no service at all is no passing suite`() throws {
        var evidence = VerdictSamples.evidence(60)
        evidence.virtualServices = []
        let xml = try VerdictFormat.junit.render(Judge.verdict(on: evidence))
        #expect(xml.contains("tests=\"1\" failures=\"0\" errors=\"1\""))
        #expect(
            try VerdictFormat.junit.render(EntriesJudge.verdict(on: [])).contains(
                "tests=\"1\" failures=\"0\" errors=\"1\""))
    }

    @Test(arguments: VerdictSamples.reports.map(\.name))
    func `JUnit is well-formed, and has as many tests as it says`(name: String) throws {
        let report = try #require(VerdictSamples.reports.first { $0.name == name }?.report)
        let document = try XMLDocument(xmlString: try VerdictFormat.junit.render(report))
        let suites = try document.nodes(forXPath: "/testsuites/testsuite")
        #expect(suites.count == 1)
        for (attribute, path) in [
            ("tests", "testcase"), ("failures", "testcase/failure"), ("errors", "testcase/error"),
            ("skipped", "testcase/skipped"),
        ] {
            let suite = try #require(suites.first as? XMLElement)
            #expect(suite.attribute(forName: attribute)?.stringValue == "\(try suite.nodes(forXPath: path).count)")
        }
    }
}
