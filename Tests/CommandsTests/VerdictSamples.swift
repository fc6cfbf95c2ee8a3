import Balance
import IPVSModel

/// Reports that the renderers are tested with.
enum VerdictSamples {
    static let service = VirtualServiceIdentity("tcp/192.168.122.100:80")!
    static let servers = [10, 20, 30].map { Endpoint("10.10.10.\($0):80")! }

    static func time(_ milliseconds: Int) -> Timestamp {
        Timestamp(seconds: 1_772_366_400, nanoseconds: Int64(milliseconds) * 1_000_000)
    }

    /// Round robin over .30, .20, .10, with the given choices changed.
    static func evidence(
        _ count: Int, edited: [Int: Int] = [:], scheduler: Scheduler = .roundRobin, kernel: Bool = true,
        lost: Set<Int> = [], causes: [DifferenceCause: UInt64] = [:], packetsDropped: UInt64 = 0,
        tableRows: UInt64? = nil, otherRows: [DifferenceCause: UInt64] = [:], levels: [LevelChange] = [],
        weights: [Int32] = [1, 1, 1]
    ) -> RunEvidence {
        let truth = (0..<count).map { 2 - $0 % 3 }
        let assignments = truth.indices.filter { !lost.contains($0) }.map { index in
            Assignment(
                connection: Int64(index + 1), time: time(10 * index + 10),
                client: Endpoint(address: IPAddress("192.168.122.1")!, port: UInt16(40_000 + index)),
                realServer: servers[edited[index] ?? truth[index]], realServerConnect: Int64(180 + index % 60) * 1_000)
        }
        let counters = { (n: Int) in
            TrafficCounters(
                connections: UInt64(n), inPackets: UInt64(6 * n), outPackets: UInt64(5 * n), inBytes: UInt64(398 * n),
                outBytes: UInt64(571 * n))
        }
        let configuration = ServiceConfiguration(
            notBefore: time(0), seen: time(0), scheduler: scheduler,
            realServers: zip(servers, weights).reversed().map { ConfiguredRealServer(endpoint: $0, weight: $1) })
        return RunEvidence(
            run: RunDescription(
                id: 3, name: "ab", command: ["ab", "-c", "1000", "http://192.168.122.100/"], started: time(0),
                ended: time(12_500)),
            virtualServices: [
                VirtualServiceEvidence(
                    identity: service, configurations: [configuration], assignments: AssignmentList(assignments),
                    realServers: servers.indices.map { number in
                        RealServerEvidence(
                            endpoint: servers[number],
                            captured: counters(assignments.count { $0.realServer == servers[number] }),
                            kernel: kernel ? counters(truth.count { $0 == number }) : nil)
                    }, causes: causes,
                    table: tableRows.map {
                        TableEvidence(rows: $0, matched: $0, withoutConnection: otherRows)
                    })
            ], packetsDropped: packetsDropped, levels: levels)
    }

    static let reports: [(name: String, report: VerdictReport)] = [
        (
            "pass",
            Judge.verdict(
                on: evidence(
                    1000, causes: [.portReuse: 24, .retransmission: 2], tableRows: 976, otherRows: [.beganBefore: 3]))
        ),
        ("fail", Judge.verdict(on: evidence(1000, edited: [516: 0]))),
        ("inconclusive", Judge.verdict(on: evidence(1000, lost: [17, 18, 400], packetsDropped: 30))),
        (
            "mixed",
            Judge.verdict(
                on: evidence(
                    60, packetsDropped: 4_711,
                    levels: [
                        LevelChange(time: time(0), level: .full, cause: .began),
                        LevelChange(time: time(3_000), level: .handshake, cause: .sustainedLoss),
                    ]))
        ),
        (
            "handshake",
            Judge.verdict(on: evidence(60, levels: [LevelChange(time: time(0), level: .handshake, cause: .began)]))
        ),
        ("thresholds", thresholds), ("baseline", baseline),
        ("what-if", Judge.verdict(on: evidence(60, weights: [3, 2, 1]), whatIf: true)),
        ("no-model", Judge.verdict(on: evidence(60, scheduler: Scheduler(rawValue: "custom"), kernel: false))),
    ]

    /// Thresholds of every outcome: nobody saw a handshake with a real server.
    private static var thresholds: VerdictReport {
        var evidence = evidence(600)
        for index in 0..<600 { evidence.virtualServices[0].assignments[index].realServerConnect = nil }
        let expressions = [
            "assignments >= 1000", "max_share_error < 2%", "p99(real_server_connect) < 5ms", "unexplained == 0",
            "prefix_discrepancy < 0.5",
        ]
        return Judge.verdict(on: evidence, thresholds: expressions.compactMap { try? Threshold(parsing: $0) })
    }

    /// Against an earlier run in turn: now real servers answer more slowly, and the choices are others.
    private static var baseline: VerdictReport {
        var earlier = evidence(600)
        earlier.run.id = 2
        var later = evidence(600, edited: Dictionary(uniqueKeysWithValues: (0..<150).map { ($0, 0) }))
        for index in 0..<600 { later.virtualServices[0].assignments[index].realServerConnect! += 20_000 }
        return Judge.verdict(on: later, baseline: earlier)
    }

    static func entry(_ port: UInt16, _ server: Int, _ expiresIn: UInt32) -> ConnectionEntry {
        ConnectionEntry(
            transportProtocol: .tcp, client: Endpoint(address: IPAddress("192.168.122.1")!, port: port),
            virtual: Endpoint("192.168.122.100:80")!, realServer: Endpoint("10.10.10.\(server):80")!,
            state: .synReceived, expiresIn: expiresIn)
    }

    /// Six connections in the order in which a terminal showed them.
    static let entries = EntriesJudge.verdict(on: [
        entry(55989, 10, 32), entry(55991, 20, 42), entry(55990, 30, 41), entry(55988, 20, 29), entry(55993, 30, 59),
        entry(55992, 10, 42),
    ])
}
