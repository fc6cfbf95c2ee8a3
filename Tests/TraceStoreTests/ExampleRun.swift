import Balance
import ConnectionTracing
import IPVSModel
import TraceStore

/// A run small enough to check by hand: weighted round robin, 3 to 1, five connections, four of them assignments.
enum ExampleRun {
    static let client = Endpoint("192.168.122.1:55988")!
    static let start = Timestamp.midnight
    static let verdictJSON = #"{"schema":1,"verdict":"fail"}"#

    static func time(_ milliseconds: Int64) -> Timestamp { start.advanced(by: .milliseconds(milliseconds)) }

    static func client(_ port: UInt16) -> Endpoint { Endpoint(address: client.address, port: port) }

    static let configuration = ServiceConfiguration(
        notBefore: start, seen: start, scheduler: .weightedRoundRobin, flags: [.hashed, .persistent],
        persistenceTimeout: 50, persistencePrefixLength: 24,
        realServers: [
            ConfiguredRealServer(endpoint: .rs2, weight: 1),
            ConfiguredRealServer(endpoint: .rs1, weight: 3, upperThreshold: 100, lowerThreshold: 80),
            ConfiguredRealServer(endpoint: .rs3, weight: 0),
        ])

    /// Three to rs1 and one to an unseen real server; one that followed a live entry to rs2.
    static let connections: [ConnectionRecord] = {
        var list = [
            ConnectionRecord.http(1, at: time(0), client: client(1001), to: .rs1),
            ConnectionRecord.http(2, at: time(100), client: client(1002), to: .rs1, outcome: .resetByClient),
            ConnectionRecord.http(3, at: time(200), client: client(1003), to: .rs2),
            ConnectionRecord.http(4, at: time(300), client: client(1001), to: .rs1),
            ConnectionRecord.http(5, at: time(400), client: client(1004), to: nil, outcome: .notForwarded),
        ]
        list[2].origin = .sameEntry
        list[3].origin = .assignedOnReusedPort
        // The SYN was sent twice on the VIP side, and went on once.
        list[3].vip.inPackets = 7
        list[3].vip.inBytes = 700
        list[3].vip.inRepeated = 1
        list[4].dip = SideRecord()
        list[4].vip = .side(in: 3, out: 0)
        list[4].vip.syn = .zero
        list[4].vip.inRepeated = 2
        list[4].entry = nil
        list[4].state = .synReceived
        return list
    }()

    static let levels = [
        LevelChange(time: start, level: .full, cause: .began),
        LevelChange(time: time(350), level: .handshake, cause: .sustainedLoss),
        LevelChange(time: time(900), level: .full, cause: .recovered),
    ]

    static let assignments: AssignmentList = [
        Assignment(
            connection: 1, time: time(0), client: client(1001), realServer: .rs1,
            realServerConnect: 500_000, duration: 44_000_000),
        Assignment(
            connection: 2, time: time(100), client: client(1002), realServer: .rs1,
            realServerConnect: 500_000, duration: 44_000_000),
        Assignment(
            connection: 4, time: time(300), client: client(1001), realServer: .rs1,
            realServerConnect: 500_000, duration: 44_000_000),
        Assignment(connection: 5, time: time(400), client: client(1004), realServer: nil),
    ]

    static let realServers = [
        RealServerEvidence(endpoint: .rs2, captured: TrafficCounters(inPackets: 6, outPackets: 5), kernel: nil),
        RealServerEvidence(
            endpoint: .rs1,
            captured: TrafficCounters(connections: 3, inPackets: 19, outPackets: 15, inBytes: 1_900, outBytes: 1_500),
            kernel: TrafficCounters(connections: 4, inPackets: 20, outPackets: 15, inBytes: 2_000, outBytes: 1_500),
            uncertain: TrafficCounters(inPackets: 2, inBytes: 200),
            entries: EntryEvidence(
                kernel: EntryCounts(active: 1, inactive: 2), traced: EntryCounts(active: 1, inactive: 3))),
    ]

    /// Of the virtual service; rs2 left, so there is more than rs1 counted.
    static let kernel = TrafficCounters(
        connections: 4, inPackets: 26, outPackets: 20, inBytes: 2_600, outBytes: 2_000)

    static let table = TableEvidence(rows: 6, matched: 5, withoutConnection: [.beganBefore: 1, .template: 2])

    static func description(id: Int64) -> RunDescription {
        RunDescription(
            id: id, name: "ab", command: ["ab", "-c", "1000", "http://192.168.122.100/"],
            labels: ["build": "41", "what": "a \"quoted\" word"], started: start, ended: time(1_000))
    }

    /// Writes the run and returns its id.
    @discardableResult
    static func write(to store: TraceStore) throws -> Int64 {
        let description = description(id: 0)
        let run = try store.beginRun(
            name: description.name, command: description.command, labels: description.labels,
            started: description.started)
        try store.write(
            StoreBatch(
                connections: connections,
                events: [
                    TraceEvent(time: time(0), kind: .configurationChanged, detail: "weight 1 → 3"),
                    TraceEvent(
                        time: time(300), kind: .portReused, virtualService: .web, realServer: .rs1, connection: 4),
                ],
                samples: [
                    TrafficSample(
                        time: time(1_000), virtualService: .web,
                        counters: TrafficCounters(
                            connections: 4, inPackets: 28, outPackets: 20, inBytes: 2_800, outBytes: 2_000),
                        fairness: 0.75,
                        realServers: [
                            RealServerSample(
                                endpoint: .rs1, weight: 3, activeConnections: 1, inactiveConnections: 2,
                                counters: TrafficCounters(connections: 3), assignments: 3, share: 0.75,
                                tracedActive: 1, tracedInactive: 3)
                        ])
                ],
                configurations: [.init(virtualService: .web, configuration: configuration)], levels: levels),
            run: run)
        try store.finish(
            run: run,
            RunSummary(
                ended: time(1_000), packetsDropped: 2,
                virtualServices: [
                    .init(
                        identity: .web, realServers: realServers, kernel: kernel,
                        causes: [.portReuse: 1, .retransmission: 3], unmatchedPackets: 4,
                        table: table)
                ]))
        try store.save(verdict: "pass", json: "{}", of: .web, run: run)
        try store.save(verdict: "inconclusive", json: "{}", run: run)
        try store.save(verdict: "fail", json: verdictJSON, run: run)
        return run
    }
}
