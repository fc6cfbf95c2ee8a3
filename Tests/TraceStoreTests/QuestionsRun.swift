import Balance
import ConnectionTracing
import IPVSModel
import TraceStore

/// Two runs small enough to answer every question by hand. The first is `ExampleRun`. In the second three real servers
/// take turns for three seconds, but for two assignments; the third real server is drained.
enum QuestionsRun {
    static let start = Timestamp(seconds: 1_763_856_100, nanoseconds: 0)

    static func time(_ milliseconds: Int64) -> Timestamp { start.advanced(by: .milliseconds(milliseconds)) }

    /// Milliseconds after the start, and the real server. The sixth should have been rs3's, the last one rs1's.
    private static let choices: [(Int64, Endpoint)] = [
        (0, .rs1), (100, .rs2), (200, .rs3), (300, .rs1), (400, .rs2), (500, .rs2),
        (1_000, .rs1), (1_100, .rs2), (2_700, .rs1), (2_750, .rs2), (2_900, .rs2),
    ]

    static let connections: [ConnectionRecord] = {
        var list = choices.enumerated().map { place, choice in
            ConnectionRecord.http(
                Int64(place + 11), at: time(choice.0),
                client: Endpoint(
                    address: IPAddress(ipv4: place < 7 ? 0xC0A8_7A01 : 0xC0A8_7A02), port: UInt16(2_000 + place)),
                to: choice.1)
        }
        // The real server answered the second one's SYN after a second, and reset the fourth; it refused the fifth.
        list[1].dip.synAck = .milliseconds(1_000)
        list[1].vip.synAck = .milliseconds(1_001)
        list[1].vip.ack = .milliseconds(1_002)
        list[1].vip.firstRequest = .milliseconds(1_003)
        list[1].vip.firstResponse = .milliseconds(1_013)
        list[1].vip.end = .milliseconds(1_020)
        list[1].lastSeen = time(100 + 1_020)
        list[1].vip.inRepeated = 1
        list[3].outcome = .resetByRealServer
        list[4].outcome = .refused
        for side in [\SideRecord.synAck, \.ack, \.firstRequest, \.firstResponse] {
            list[4].vip[keyPath: side] = nil
            list[4].dip[keyPath: side] = nil
        }
        list[4].vip.end = .milliseconds(1)
        list[4].lastSeen = time(400 + 1)
        // The ninth is still open, the tenth never got an answer.
        list[8].outcome = .open
        list[8].vip.end = nil
        list[9].outcome = .unanswered
        for side in [\SideRecord.synAck, \.ack, \.firstRequest, \.firstResponse, \.end] {
            list[9].vip[keyPath: side] = nil
            list[9].dip[keyPath: side] = nil
        }
        list[9].lastSeen = time(2_750 + 3)
        return list
    }()

    private static func configuration(
        at milliseconds: Int64, notBefore: Int64, _ weights: [(Endpoint, Int32)]
    ) -> ServiceConfiguration {
        var made = ServiceConfiguration.seen(at: time(milliseconds), weights)
        made.notBefore = time(notBefore)
        return made
    }

    static let configurations = [
        configuration(at: 0, notBefore: 0, [(.rs1, 1), (.rs2, 1), (.rs3, 1)]),
        configuration(at: 900, notBefore: 800, [(.rs1, 1), (.rs2, 1), (.rs3, 0)]),
    ]

    /// One reading a second: rs3 is emptied within two.
    private static let samples = [
        sample(0, weight: 1, active: 1, inactive: 0), sample(1, weight: 0, active: 1, inactive: 0),
        sample(2, weight: 0, active: 0, inactive: 1), sample(3, weight: 0, active: 0, inactive: 0),
    ]

    private static func sample(_ second: Int64, weight: Int32, active: UInt32, inactive: UInt32) -> TrafficSample {
        let server = RealServerSample(
            endpoint: .rs3, weight: weight, activeConnections: active, inactiveConnections: inactive,
            counters: TrafficCounters(connections: 1), assignments: 1, share: 0.25, tracedActive: UInt64(active),
            tracedInactive: UInt64(inactive))
        return TrafficSample(
            time: time(second * 1_000), virtualService: .web, counters: TrafficCounters(connections: UInt64(second)),
            fairness: 1, realServers: [server])
    }

    /// What a verdict holds that questions ask for. It lists one of two violations, as one of many lists a hundred.
    static let verdictJSON = """
        {"verdict": "fail", "virtual_services": [{"virtual_service": "tcp/192.168.122.100:80", "conformance": {
            "model": "rr", "checked": 11, "unexplained_total": 2, "unexplained": [{
                "number": 6, "connection": 16, "time": "2025-11-23T00:01:40.500000000Z", "client": "192.168.122.1:2005",
                "expected": ["10.10.10.30:80"], "actual": "10.10.10.20:80", "unseen_to_explain": 1}]}}]}
        """

    /// Writes both runs; the second one is the last.
    static func write(to store: TraceStore) throws {
        try ExampleRun.write(to: store)
        let run = try store.beginRun(name: "turns", command: ["ab"], started: start)
        try store.write(
            StoreBatch(
                connections: connections,
                events: [
                    TraceEvent(time: time(0), kind: .configurationChanged, virtualService: .web, detail: "rr"),
                    TraceEvent(time: time(850), kind: .configurationChanged, virtualService: .web, detail: "rr"),
                    TraceEvent(
                        time: time(301), kind: .resetByRealServer, virtualService: .web, realServer: .rs1,
                        connection: 14, detail: "client 192.168.122.1:2003"),
                    TraceEvent(
                        time: time(401), kind: .refused, virtualService: .web, realServer: .rs2, connection: 15,
                        detail: "client 192.168.122.1:2004"),
                    TraceEvent(time: time(900), kind: .drainBegan, virtualService: .web, realServer: .rs3),
                ],
                samples: samples,
                configurations: configurations.map { .init(virtualService: .web, configuration: $0) }),
            run: run)
        let captured = { (connections: UInt64) in
            TrafficCounters(connections: connections, inPackets: 6 * connections, outPackets: 5 * connections)
        }
        try store.finish(
            run: run,
            RunSummary(
                ended: time(4_000),
                virtualServices: [
                    .init(
                        identity: .web,
                        realServers: [
                            RealServerEvidence(endpoint: .rs1, captured: captured(4), kernel: captured(4)),
                            RealServerEvidence(
                                endpoint: .rs2, captured: captured(5), kernel: captured(6),
                                uncertain: captured(1)),
                        ], kernel: captured(11))
                ]))
        try store.save(verdict: "fail", json: verdictJSON, run: run)
    }
}
