import Balance
import Collector
import ConnectionTracing
import IPVSModel
import MetricCatalog
import Testing

struct CollectorMetricsTests {
    static func samples(_ metric: Metric, of snapshot: CollectorSnapshot) -> [MetricSnapshot.Sample] {
        snapshot.metrics().families.first { $0.metric == metric }?.samples ?? []
    }

    @Test
    func `a real server that left the kernel leaves the page`() {
        var snapshot = Fixture.snapshot
        #expect(Self.samples(.realServerWeight, of: snapshot).count == 4)
        snapshot.kernel.state?.virtualServices[0].realServers.removeFirst()
        #expect(Self.samples(.realServerWeight, of: snapshot).count == 3)
    }

    @Test
    func `while the kernel cannot be read its figures are absent and the tracer's stay`() {
        var snapshot = Fixture.snapshot
        snapshot.kernel.problem = "no IPVS family: load the module ip_vs"
        let metrics = snapshot.metrics().families.map(\.metric)
        #expect(Self.samples(.up, of: snapshot).map(\.value) == [.integer(0)])
        #expect(!metrics.contains(.virtualServiceConnectionsTotal))
        #expect(!metrics.contains(.realServerWeight))
        #expect(!metrics.contains(.verdict))
        #expect(metrics.contains(.assignmentsTotal))
        #expect(metrics.contains(.capturePacketsTotal))
    }

    @Test
    func `what a reading repeats is exposed once`() {
        var snapshot = Fixture.snapshot
        var services = Fixture.kernel.virtualServices
        services[0].realServers += services[0].realServers
        snapshot.kernel.state?.virtualServices = services + services
        snapshot.trace.virtualServices += snapshot.trace.virtualServices
        snapshot.trace.undecodablePackets += snapshot.trace.undecodablePackets
        snapshot.captures += snapshot.captures
        snapshot.audits += snapshot.audits
        #expect(snapshot.metrics().problems == [])
    }

    @Test(arguments: [
        (VirtualServiceIdentity.endpoint(.tcp, Fixture.endpoint("192.0.2.1:80")), ["192.0.2.1", "80", "TCP", ""]),
        (.endpoint(.udp, Fixture.endpoint("[2001:db8::1]:53")), ["2001:db8::1", "53", "UDP", ""]),
        (.firewallMark(0x1000_1000, isIPv6: false), ["", "0", "FWM", "10001000"]),
        (.firewallMark(7, isIPv6: true), ["::", "0", "FWM", "00000007"]),
    ])
    func `a virtual service is labelled as node_exporter labels it`(
        identity: VirtualServiceIdentity, labels: [String]
    ) {
        var snapshot = Fixture.snapshot
        snapshot.kernel.state?.virtualServices = [VirtualService(identity: identity, scheduler: .roundRobin)]
        #expect(Self.samples(.virtualServiceConnectionsTotal, of: snapshot).map(\.labels) == [labels])
    }

    @Test
    func `the audit's difference can be negative, and is absent after a counter was reset`() {
        var snapshot = Fixture.snapshot
        snapshot.audits[0].kernel = TrafficCounters(connections: 330)
        snapshot.audits[1].kernel = nil
        #expect(Self.samples(.auditConnectionsDifference, of: snapshot).map(\.value) == [.number(-3), .number(0)])
        #expect(Self.samples(.auditCapturedConnectionsTotal, of: snapshot).count == 3)
    }

    @Test(arguments: Verdict.allCases)
    func `just one of the verdicts is 1`(verdict: Verdict) {
        var snapshot = Fixture.snapshot
        snapshot.verdicts = [RollingVerdict(virtualService: Fixture.web, verdict: verdict)]
        let samples = Self.samples(.verdict, of: snapshot)
        #expect(samples.count == 3)
        #expect(samples.filter { $0.value == .integer(1) }.map { $0.labels.last } == [verdict.rawValue])
    }

    @Test
    func `a real server that was drained keeps its counts, and has no connections left to tell`() {
        var snapshot = Fixture.snapshot
        snapshot.drains[0].openConnections = nil
        #expect(Self.samples(.drainingOpenConnections, of: snapshot).isEmpty)
        let counts = Self.samples(.drainingNewConnectionsTotal, of: snapshot)
        #expect(counts.map { $0.labels.last } == ["template", "same_entry", "port_reuse", "ftp_data", "scheduled"])
        #expect(counts.map(\.value) == [2, 1, 0, 0, 0].map { .integer($0) })
    }

    @Test
    func `every way to end is exposed from the start, at zero`() {
        var snapshot = Fixture.snapshot
        snapshot.trace.virtualServices[0].realServers[0].outcomes = []
        let samples = Self.samples(.connectionsEndedTotal, of: snapshot).filter { $0.labels[4] == "10.10.10.30" }
        #expect(
            samples.map { $0.labels[6] } == [
                "closed", "reset_by_client", "reset_by_real_server", "refused", "unanswered", "not_forwarded",
                "expired", "evicted", "rejected", "reset_by_director",
            ])
        #expect(samples.allSatisfy { $0.value == .integer(0) })
    }

    @Test(arguments: [
        (Scheduler.roundRobin, [2, 1, 0] as [Int32], [0.5, 0.5, 0]),
        (.weightedRoundRobin, [2, 1, 1], [0.5, 0.25, 0.25]),
        (.weightedLeastConnection, [3, 1, 0], [0.75, 0.25, 0]),
        (.weightedRoundRobin, [0, 0, 0], [0, 0, 0]),
    ])
    func `the expected share follows the weights, if the scheduler does`(
        scheduler: Scheduler, weights: [Int32], shares: [Double]
    ) {
        var snapshot = Fixture.snapshot
        snapshot.kernel.state?.virtualServices[0].scheduler = scheduler
        for (index, weight) in weights.enumerated() {
            snapshot.kernel.state?.virtualServices[0].realServers[index].weight = weight
        }
        let samples = Self.samples(.assignmentExpectedShareRatio, of: snapshot).prefix(3)
        #expect(samples.map(\.value) == shares.map { .number($0) })
    }

    @Test
    func `shares are of the assignments to the real servers that are configured now`() {
        var snapshot = Fixture.snapshot
        snapshot.kernel.state?.virtualServices[0].realServers.removeLast()
        let samples = Self.samples(.assignmentShareRatio, of: snapshot)
        #expect(samples.map(\.value) == [.number(333.0 / 665), .number(332.0 / 665)])
        let errors = Self.samples(.assignmentShareErrorRatio, of: snapshot)
        #expect(errors.map(\.value) == [.number(333.0 / 665 - 0.5), .number(332.0 / 665 - 0.5)])
    }

    @Test
    func `a virtual service without assignments has expected shares and no fairness yet`() {
        var snapshot = Fixture.snapshot
        snapshot.trace.virtualServices = []
        #expect(Self.samples(.assignmentExpectedShareRatio, of: snapshot).count == 4)
        #expect(Self.samples(.assignmentShareRatio, of: snapshot).isEmpty)
        #expect(Self.samples(.fairnessJainRatio, of: snapshot).isEmpty)
    }
}
