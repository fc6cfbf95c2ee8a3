import Balance
import Collector
import ConnectionTracing
import IPVSModel
import MetricCatalog
import TraceStore

/// A director in the middle of its work, with a value for every metric.
enum Fixture {
    static let web = VirtualServiceIdentity.endpoint(.tcp, endpoint("192.168.122.100:80"))
    static let mark = VirtualServiceIdentity.firewallMark(0x10, isIPv6: true)
    static let servers = ["10.10.10.30:80", "10.10.10.20:80", "10.10.10.10:80"].map(endpoint)

    static func endpoint(_ text: String) -> Endpoint {
        guard let endpoint = Endpoint(text) else { preconditionFailure("\(text) is no endpoint") }
        return endpoint
    }

    /// The whole page: the collector's metrics, and the program's own.
    static var metrics: MetricSnapshot {
        var metrics = snapshot.metrics()
        metrics.append(.buildInfo, [MetricSnapshot.Sample(labels: ["0.1.0"], value: .integer(1))])
        metrics.append(
            ProcessStatistics(
                cpuSeconds: 12.34, residentMemoryBytes: 52_428_800, virtualMemoryBytes: 1_073_741_824,
                openFileDescriptors: 21, maximumFileDescriptors: 1024, startTimeSeconds: 1_767_225_590.5))
        metrics.append(.scrapeDurationSeconds, .number(0.0005))
        return metrics
    }

    static var snapshot: CollectorSnapshot {
        CollectorSnapshot(
            time: Timestamp(seconds: 1_767_225_660, nanoseconds: 0),
            started: Timestamp(seconds: 1_767_225_600, nanoseconds: 250_000_000),
            kernel: KernelReading(
                state: kernel, duration: .microseconds(350), tableDuration: .milliseconds(2),
                totalTableDuration: .milliseconds(1_500), tableInterval: .seconds(20), shortTableReadings: 1,
                abandonedTableReadings: 2, repeatedTableRows: 3, malformedTableRows: 1),
            captures: [
                CaptureStatus(
                    name: "eth0", side: "vip", packetsReceived: 10_000, bytesReceived: 1_200_000, packetsDropped: 2),
                CaptureStatus(
                    name: "eth1", side: "dip", packetsReceived: 10_100, bytesReceived: 1_210_000, interfaceDropped: 4),
            ],
            trace: trace, audits: audits,
            verdicts: [
                RollingVerdict(virtualService: web, verdict: .pass, assignments: 999, changes: 1),
                RollingVerdict(
                    virtualService: mark, verdict: .fail, reason: "out of turn", assignments: 60, violations: 2,
                    changes: 3),
            ],
            drains: [
                DrainStatus(
                    virtualService: web, realServer: servers[0], openConnections: 12,
                    newConnections: [.template: 2, .sameEntry: 1])
            ],
            store: StoreStatus(
                connectionsWritten: 990, dropped: [.sample: 4, .connection: 1], rowsRemoved: [.connection: 7],
                failedWrites: 2, damagedFiles: 1, queuedRows: 12, queuedBytes: 4_096, size: 65_536))
    }

    static var kernel: KernelState {
        let counts: [UInt64] = [333, 333, 334]
        return KernelState(
            observedAt: Timestamp(seconds: 1_767_225_660, nanoseconds: 0), version: "1.2.1",
            connectionTableSize: 4096, timeouts: .init(),
            virtualServices: [
                VirtualService(
                    identity: web, scheduler: .roundRobin, flags: .hashed, counters: traffic(1000),
                    realServers: zip(servers, counts).map { server, count in
                        RealServer(
                            endpoint: server, weight: 1, upperThreshold: 2000, lowerThreshold: 1500,
                            activeConnections: 12, inactiveConnections: 300, counters: traffic(count))
                    }),
                VirtualService(
                    identity: mark, scheduler: .weightedRoundRobin, flags: [.hashed, .persistent, .schedulerFlag1],
                    persistenceTimeout: 360, persistencePrefixLength: 64, persistenceEngine: "sip",
                    realServers: [
                        RealServer(
                            endpoint: endpoint("[fd00::10]:0"), forwardingMethod: .directRouting, weight: 5,
                            persistentConnections: 2)
                    ]),
            ])
    }

    static var trace: TraceSummary {
        var trace = TraceSummary()
        let counts: [UInt64] = [333, 332, 334]
        trace.virtualServices = [
            VirtualServiceTrace(
                identity: web,
                realServers: zip(servers, counts).map { server, count in
                    RealServerTrace(
                        endpoint: server, captured: traffic(count), openConnections: 12, activeEntries: 11,
                        inactiveEntries: 321,
                        outcomes: [12, 300, 1, 2, 3, 4, 5, 6, 0],
                        troubles: Troubles(
                            events: [.refused: 3, .synRetransmitted: 6],
                            synRetransmissions: [.realServerSilent: 4, .replyLost: 3]), connectLatency: latency)
                },
                unmatchedPackets: 8, causes: [.init(reason: "retransmission", count: 7)],
                troubles: Troubles(events: [.noRealServer: 2], synRetransmissions: [.notForwarded: 1])),
            VirtualServiceTrace(identity: mark),
        ]
        trace.trackedConnections = 36
        trace.capacity = 1_048_576
        trace.evictedConnections = 1
        trace.foreignPackets = 17
        trace.undecodablePackets = [("truncated_tcp", 1), ("unknown_link_type", 2)]
        trace.tableRows = 950
        trace.tableRowsWithoutConnection = [
            .init(reason: "template", count: 2), .init(reason: "began_before_capture", count: 6),
        ]
        trace.connectionsWithoutTableRow = 1
        return trace
    }

    static var audits: [RealServerAudit] {
        let counts: [(kernel: UInt64, captured: UInt64)] = [(333, 333), (333, 332), (334, 334)]
        return zip(servers, counts).map { server, count in
            RealServerAudit(
                virtualService: web, realServer: server, kernel: traffic(count.kernel),
                captured: traffic(count.captured))
        }
    }

    static var latency: LatencyHistogram {
        var latency = LatencyHistogram()
        for nanoseconds: Int64 in [40_000, 50_000, 60_000, 900_000, 3_000_000, 60_000_000_000] {
            latency.record(nanoseconds: nanoseconds)
        }
        return latency
    }

    static func traffic(_ connections: UInt64) -> TrafficCounters {
        TrafficCounters(
            connections: connections, inPackets: connections * 6, outPackets: connections * 5,
            inBytes: connections * 400, outBytes: connections * 800)
    }
}
