import Balance
import Commands
import ConnectionTracing
import Foundation
import IPVSModel
import TraceStore

/// Databases that reports are made from.
enum ReportSamples {
    static let web = VirtualServiceIdentity("tcp/192.168.122.100:80")!
    static let web6 = VirtualServiceIdentity("tcp/[fd00:122::100]:80")!
    static let marked = VirtualServiceIdentity("fwmark/7")!
    static let idle = VirtualServiceIdentity("udp/192.168.122.100:53")!
    static let servers = [10, 20, 30].map { Endpoint("10.10.10.\($0):80")! }
    static let servers6 = [10, 20].map { Endpoint("[fd00:10::\($0)]:80")! }

    static func time(_ milliseconds: Int) -> Timestamp {
        Timestamp(seconds: 1_772_366_400, nanoseconds: Int64(milliseconds) * 1_000_000)
    }

    /// An ordinary HTTP connection, whose real server takes so many microseconds to connect and ten times that to answer.
    static func connection(
        _ id: Int64, at milliseconds: Int, port: Int, to server: Endpoint?, of service: VirtualServiceIdentity = web,
        connect: Int = 200, outcome: ConnectionOutcome = .closed
    ) -> ConnectionRecord {
        var (vip, dip) = (SideRecord(), SideRecord())
        vip.syn = .zero
        vip.inPackets = 1
        vip.inBytes = 60
        if server != nil {
            (vip.inPackets, vip.outPackets, vip.inBytes, vip.outBytes) = (6, 5, 398, 571)
            vip.synAck = .microseconds(connect + 20)
            vip.ack = .microseconds(connect + 1_020)
            vip.firstRequest = .microseconds(connect + 1_100)
            vip.firstResponse = .microseconds(11 * connect + 1_120)
            vip.end = .microseconds(11 * connect + 2_000)
            dip = vip
            dip.syn = .microseconds(10)
            dip.synAck = .microseconds(connect + 10)
        }
        let isIPv6 = service == web6
        return ConnectionRecord(
            id: id, virtualService: service, realServer: server, transportProtocol: .tcp,
            client: Endpoint(address: IPAddress(isIPv6 ? "fd00:122::1" : "192.168.122.1")!, port: UInt16(port)),
            origin: .assigned, outcome: outcome, firstSeen: time(milliseconds),
            lastSeen: time(milliseconds + 20 + (server == nil ? 3_000 : 0)), vip: vip, dip: dip,
            state: server == nil ? .synReceived : .timeWait)
    }

    static func counters(_ connections: Int) -> TrafficCounters {
        TrafficCounters(
            connections: UInt64(connections), inPackets: UInt64(6 * connections), outPackets: UInt64(5 * connections),
            inBytes: UInt64(398 * connections), outBytes: UInt64(571 * connections))
    }

    static func configuration(
        at milliseconds: Int, _ scheduler: Scheduler, _ weights: [(Endpoint, Int32)]
    ) -> ServiceConfiguration {
        ServiceConfiguration(
            notBefore: time(max(0, milliseconds - 500)), seen: time(milliseconds), scheduler: scheduler,
            realServers: weights.map { ConfiguredRealServer(endpoint: $0.0, weight: $0.1) })
    }

    /// Round robin but for one connection; from the second half on, with another weight, which it does not care about.
    private static let webConnections: [ConnectionRecord] = (0..<60).map { index in
        let choice = index == 40 ? 0 : 2 - index % 3
        var record = connection(
            Int64(index + 1), at: 100 + 25 * index, port: 40_000 + index, to: servers[choice],
            connect: 150 + 37 * (index % 7), outcome: index == 7 ? .resetByRealServer : .closed)
        if index == 11 {
            record.vip.inRepeated = 1
            record.dip.outRepeated = 2
        }
        return record
    }

    private static let otherConnections =
        (0..<4).map { connection(Int64(101 + $0), at: 300 * $0, port: 50_000 + $0, to: servers6[$0 % 2], of: web6) }
        + (0..<2).map {
            connection(Int64(105 + $0), at: 400 * $0, port: 60_000 + $0, to: nil, of: marked, outcome: .notForwarded)
        }

    /// Writes a run with four virtual services: one that fails, one without a model, one of which nothing was seen to be
    /// forwarded, and one without traffic.
    ///
    /// - Parameter isFinished: Whether it came to its end.
    @discardableResult
    static func write(to store: TraceStore, name: String = "ab", isFinished: Bool = true) throws -> Int64 {
        let run = try store.beginRun(
            name: name, command: ["ab", "-n", "60", "http://192.168.122.100/"],
            labels: ["build": "41", "why": "<script>alert(1)</script> & \"more\""], started: time(0))
        let web = Self.web
        try store.write(
            StoreBatch(
                connections: webConnections + otherConnections, events: events,
                samples: isFinished ? samples : [],
                configurations: [
                    .init(
                        virtualService: web,
                        configuration: configuration(at: 0, .roundRobin, servers.reversed().map { ($0, 1) })),
                    .init(
                        virtualService: web,
                        configuration: configuration(
                            at: 900, .roundRobin, servers.reversed().map { ($0, $0 == servers[0] ? 3 : 1) })),
                    .init(
                        virtualService: web6,
                        configuration: configuration(at: 0, .weightedLeastConnection, servers6.map { ($0, 2) })),
                    .init(virtualService: marked, configuration: configuration(at: 0, .roundRobin, [(servers[0], 1)])),
                    .init(virtualService: idle, configuration: configuration(at: 0, .roundRobin, [])),
                ], levels: [LevelChange(time: time(0), level: .full, cause: .began)]), run: run)
        guard isFinished else { return run }
        let rows = { (connections: [ConnectionRecord], of: [Endpoint]) in
            of.map { server in
                let count = counters(connections.count { $0.realServer == server })
                return RealServerEvidence(endpoint: server, captured: count, kernel: count)
            }
        }
        try store.finish(
            run: run,
            RunSummary(
                ended: time(2_900),
                virtualServices: [
                    .init(
                        identity: web, realServers: rows(webConnections, servers), kernel: counters(60),
                        causes: [.retransmission: 1], table: TableEvidence(rows: 60, matched: 60)),
                    .init(
                        identity: web6, realServers: rows(otherConnections, servers6), kernel: counters(4)),
                    .init(identity: marked, realServers: rows([], [servers[0]])),
                ]))
        try store.save(verdict: "inconclusive", json: "{}", run: run)
        return run
    }

    private static let events: [TraceEvent] =
        [
            TraceEvent(
                time: time(900), kind: .configurationChanged, virtualService: web, realServer: servers[0],
                detail: "weight 1 → 3"),
            TraceEvent(
                time: time(280), kind: .resetByRealServer, virtualService: web, realServer: servers[1], connection: 8,
                detail: "after 2 ms"),
            TraceEvent(time: time(1_000), kind: .captureLoss, detail: "3 packets by the kernel"),
        ]
        + (0..<7).map {
            TraceEvent(
                time: time(300 + 10 * $0), kind: .synRetransmitted, virtualService: web, realServer: servers[2],
                connection: Int64(10 + $0), detail: "the SYN-ACK is missing")
        }

    private static let samples: [TrafficSample] = (1...2).map { second in
        TrafficSample(
            time: time(1_000 * second), virtualService: web, counters: counters(30 * second), fairness: 1,
            realServers: servers.map { server in
                RealServerSample(
                    endpoint: server, weight: 1, activeConnections: UInt32(3 - second),
                    inactiveConnections: UInt32(10 * second), counters: counters(10 * second),
                    assignments: UInt64(10 * second), share: 0.333, tracedActive: UInt64(3 - second),
                    tracedInactive: UInt64(10 * second + 1))
            })
    }

    /// A database that goes away once `body` is done.
    static func withStore<Result>(_ body: (TraceStore) throws -> Result) throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appending(path: "ReportTests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let store = try TraceStore.open(path: folder.appending(path: "test.sqlite").path)
        defer { try? store.close() }
        return try body(store)
    }

    /// What `ab` printed, as the test's folder has it.
    static func ab(_ name: String) throws -> String {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "ABOutput")
        return try String(contentsOf: folder.appending(path: "\(name).txt"), encoding: .utf8)
    }

    /// `ab`'s output, as if it had loaded the sample's virtual service.
    static var loadedWeb: ABOutput {
        get throws {
            var output = try ABOutput(parsing: ab("plain"))
            output.hostname = "192.168.122.100"
            output.port = 80
            output.completeRequests = 58
            output.timeTaken = 1.52
            output.requestsPerSecond = 38.16
            output.connect = .init(min: 0.001, mean: 0.001, standardDeviation: 0, median: 0.001, max: 0.001)
            output.waiting = .init(min: 0.001, mean: 0.002, standardDeviation: 0.001, median: 0.002, max: 0.004)
            return output
        }
    }

    /// The whole sample.
    static func report() throws -> RunReport {
        try withStore { store in
            try write(to: store)
            return try RunReport(store: store, run: "last", ab: loadedWeb, version: "1.2.3")
        }
    }
}
