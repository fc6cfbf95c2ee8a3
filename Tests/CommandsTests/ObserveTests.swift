import Commands
import ConnectionTracing
import Foundation
import IPVSModel
import Testing
import TraceStore

@Suite struct ObserveTests {
    private static let connection = ObservedConnection(
        id: 7, run: 3, virtualService: ReportSamples.web, transportProtocol: .tcp,
        client: Endpoint("192.168.122.1:40000")!, realServer: ReportSamples.servers[2], origin: "assigned",
        outcome: .closed, firstSeen: ReportSamples.time(1_500), realServerConnect: 0.000_2, clientHandshake: 0.001,
        timeToFirstByte: 0.04, duration: 0.5, packetsIn: 6, packetsOut: 5, bytesIn: 398, bytesOut: 571)
    private static let trouble = ObservedTrouble(
        run: 3, time: ReportSamples.time(2_000), kind: "refused", connection: 8, client: nil,
        virtualService: ReportSamples.web6, realServer: ReportSamples.servers6[0], detail: "the real server said RST")

    @Test func `a person reads one line for each`() throws {
        let format = ObserveFormat.compact
        #expect(
            try format.render(.connection(Self.connection))
                == "2026-03-01T12:00:01.500000Z tcp/192.168.122.100:80 192.168.122.1:40000 → 10.10.10.30:80 closed, connect "
                + "200 µs, handshake 1.00 ms, first byte 40.00 ms, lasted 500.00 ms, in 6/398, out 5/571\n")
        #expect(
            try format.render(.trouble(Self.trouble))
                == "2026-03-01T12:00:02.000000Z tcp/[fd00:122::100]:80 – → [fd00:10::10]:80 ! refused: the real server said RST\n"
        )
        var other = Self.connection
        (other.realServer, other.origin, other.outcome) = (nil, "follows_template", .notForwarded)
        (other.realServerConnect, other.clientHandshake, other.timeToFirstByte) = (nil, nil, nil)
        #expect(
            try format.render(.connection(other)).contains(" → – not_forwarded (follows_template), lasted 500.00 ms, "))
    }

    @Test func `a program reads one object a line, with every key`() throws {
        var unseen = Self.connection
        (unseen.realServer, unseen.timeToFirstByte) = (nil, nil)
        for (observation, keys) in [
            (Observation.connection(Self.connection), 18), (.connection(unseen), 18), (.trouble(Self.trouble), 9),
        ] {
            let line = try ObserveFormat.json.render(observation)
            #expect(line.hasSuffix("}\n") && line.split(separator: "\n").count == 1)
            let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            #expect(object.count == keys, "\(object.keys.sorted())")
        }
        #expect(try ObserveFormat.json.render(.connection(unseen)).contains("\"real_server\":null"))
    }

    @Test(arguments: [
        (ObserveFilter(), true, true),
        (ObserveFilter(client: IPAddress("192.168.122.1")), true, false),
        (ObserveFilter(client: IPAddress("192.168.122.2")), false, false),
        (ObserveFilter(realServer: Endpoint("10.10.10.30:80")), true, false),
        (ObserveFilter(realServer: Endpoint("[fd00:10::10]:80")), false, true),
        (ObserveFilter(virtualService: VirtualServiceIdentity("tcp/192.168.122.100:80")), true, false),
        (ObserveFilter(outcomes: [.closed, .refused]), true, false),
        (ObserveFilter(outcomes: [.refused]), false, false),
        (ObserveFilter(slowerThan: 0.039), true, false),
        (ObserveFilter(slowerThan: 0.04), false, false),
        (ObserveFilter(since: ReportSamples.time(1_500)), true, true),
        (ObserveFilter(since: ReportSamples.time(1_501)), false, true),
    ])
    func `each condition leaves out what does not meet it`(filter: ObserveFilter, connection: Bool, trouble: Bool) {
        #expect(filter.wants(.connection(Self.connection)) == connection)
        #expect(filter.wants(.trouble(Self.trouble)) == trouble)
    }

    @Test(arguments: [
        ("5ms", 0.005), ("1.5s", 1.5), ("250us", 0.000_25), ("250µs", 0.000_25), ("10ns", 1e-8), ("2m", 120),
        ("1h", 3600),
        ("0s", 0),
    ])
    func `a duration has a unit`(text: String, seconds: Double) throws {
        let found = try #require(ObserveDuration(argument: text)).seconds
        #expect(abs(found - seconds) < 1e-12)
    }

    @Test(arguments: ["5", "ms", "", "-1s", "infs", "1 fortnight", "nans"])
    func `what is no duration is refused`(text: String) {
        #expect(ObserveDuration(argument: text) == nil)
        #expect(ObserveSince(argument: text) == nil)
    }

    @Test func `since is so long ago, or a time`() throws {
        let now = ReportSamples.time(60_000)
        #expect(ObserveSince(argument: "10s")?.moment(now: now) == ReportSamples.time(50_000))
        #expect(ObserveSince(argument: "2026-03-01T12:00:00.5Z")?.moment(now: now) == ReportSamples.time(500))
        #expect(ObserveSince(argument: "2026-03-01") == nil)
    }
}
