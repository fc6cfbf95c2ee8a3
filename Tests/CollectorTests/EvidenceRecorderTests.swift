import Balance
import Collector
import ConnectionTracing
import IPVSModel
import Testing
import TraceStore

struct EvidenceRecorderTests {
    private static let service = VirtualServiceIdentity("tcp/192.168.122.100:80")!
    private static let one = Endpoint("10.10.10.10:80")!
    private static let two = Endpoint("10.10.10.20:80")!

    private static func counters(_ value: UInt64) -> TrafficCounters {
        TrafficCounters(
            connections: value, inPackets: 6 * value, outPackets: 5 * value, inBytes: 400 * value, outBytes: 600 * value
        )
    }

    /// A reading at `seconds` with each server's weight and count of connections.
    private static func state(
        _ seconds: Double, _ servers: [(Endpoint, weight: Int32, UInt64)], scheduler: Scheduler = .roundRobin,
        total: UInt64? = nil
    ) -> KernelState {
        KernelState(
            observedAt: time(seconds), version: "1.2.1", connectionTableSize: 4_096, timeouts: KernelState.Timeouts(),
            virtualServices: [
                VirtualService(
                    identity: service, scheduler: scheduler,
                    counters: counters(total ?? servers.reduce(0) { $0 + $1.2 }),
                    realServers: servers.map { RealServer(endpoint: $0.0, weight: $0.weight, counters: counters($0.2)) }
                )
            ])
    }

    private static func time(_ seconds: Double) -> Timestamp {
        Timestamp(rawValue: 1_700_000_000_000_000_000 + Int64(seconds * 1e9))
    }

    /// The tracer's count of connections of each server.
    private static func trace(_ servers: [Endpoint: UInt64]) -> TraceSummary {
        var summary = TraceSummary()
        summary.virtualServices = [
            VirtualServiceTrace(
                identity: service,
                realServers: servers.sorted { $0.key < $1.key }.map {
                    RealServerTrace(endpoint: $0.key, captured: counters($0.value))
                })
        ]
        return summary
    }

    private static func evidence(
        _ recorder: EvidenceRecorder, _ trace: TraceSummary
    ) throws -> [Endpoint: RealServerEvidence] {
        let summary = recorder.summary(ended: time(100), packetsDropped: 0, trace: trace)
        let service = try #require(summary.virtualServices.first)
        return Dictionary(uniqueKeysWithValues: service.realServers.map { ($0.endpoint, $0) })
    }

    @Test(arguments: [(50, 24), (60, 32)] as [(UInt32, UInt8)])
    func `persistence that is set otherwise is a new configuration, and told`(timeout: UInt32, prefixLength: UInt8) {
        var recorder = EvidenceRecorder()
        var state = Self.state(0, [(Self.one, 1, 0)])
        state.virtualServices[0].flags = .persistent
        state.virtualServices[0].persistenceTimeout = 50
        _ = recorder.observe(state, trace: Self.trace([:]))
        state.observedAt = Self.time(1)
        #expect(recorder.observe(state, trace: Self.trace([:])).configurations.isEmpty)
        state.observedAt = Self.time(2)
        state.virtualServices[0].persistenceTimeout = timeout
        state.virtualServices[0].persistencePrefixLength = prefixLength
        let noticed = recorder.observe(state, trace: Self.trace([:]))
        #expect(noticed.configurations.map(\.configuration.persistenceTimeout) == [timeout])
        #expect(noticed.configurations.map(\.configuration.persistencePrefixLength) == [prefixLength])
        #expect(noticed.events.map(\.kind) == [.configurationChanged])
        #expect(
            noticed.events.map(\.detail) == ["rr persistent \(timeout) s /\(prefixLength): 10.10.10.10:80 weight 1"])
    }

    @Test func `the kernel's growth since the first reading stands beside what was captured since`() throws {
        var recorder = EvidenceRecorder()
        _ = recorder.observe(Self.state(0, [(Self.one, 1, 100), (Self.two, 1, 200)]), trace: Self.trace([Self.one: 3]))
        _ = recorder.observe(
            Self.state(10, [(Self.one, 1, 110), (Self.two, 1, 205)]), trace: Self.trace([Self.one: 13, Self.two: 5]))
        let evidence = try Self.evidence(recorder, Self.trace([Self.one: 13, Self.two: 5]))
        #expect(evidence[Self.one]?.kernel == Self.counters(10))
        #expect(evidence[Self.one]?.captured == Self.counters(10))
        #expect(evidence[Self.two]?.kernel == Self.counters(5))
        #expect(evidence[Self.two]?.captured == Self.counters(5))
    }

    @Test(arguments: [(0.5, UInt64(7)), (2.1, 7), (2.3, 0), (60, 0)])
    func `what was captured within the counters' lag of the last reading is uncertain`(
        quiet: Double, expected: UInt64
    ) throws {
        var recorder = EvidenceRecorder()
        _ = recorder.observe(Self.state(0, [(Self.one, 1, 0)]), trace: Self.trace([:]))
        recorder.noteCaptured(Self.trace([Self.one: 0]), at: Self.time(4.99))
        recorder.noteCaptured(Self.trace([Self.one: 7]), at: Self.time(5))
        _ = recorder.observe(Self.state(5 + quiet, [(Self.one, 1, 7)]), trace: Self.trace([Self.one: 7]))
        let evidence = try Self.evidence(recorder, Self.trace([Self.one: 7]))
        #expect(evidence[Self.one]?.uncertain == Self.counters(expected))
    }

    /// Readings each second, of which the third was taken before the last packets had got to the tracer.
    @Test(arguments: [(2.61, UInt64(0)), (2.1, 16)])
    func `once it has been quiet for the counters' lag nothing is uncertain`(quiet: Double, expected: UInt64) throws {
        var recorder = EvidenceRecorder()
        let lastPacket = 2.1
        for (second, count) in [(0.0, UInt64(0)), (1, 8), (2.15, 20), (3.15, 24), (4.15, 24)] {
            _ = recorder.observe(Self.state(second, [(Self.one, 1, 0)]), trace: Self.trace([Self.one: count]))
        }
        let trace = Self.trace([Self.one: 24])
        recorder.noteCaptured(trace, at: Self.time(lastPacket))
        _ = recorder.observe(Self.state(lastPacket + quiet, [(Self.one, 1, 24)]), trace: trace)
        #expect(try Self.evidence(recorder, trace)[Self.one]?.uncertain == Self.counters(expected))
    }

    @Test func `what was captured just before the first reading is uncertain, but not counted`() throws {
        var recorder = EvidenceRecorder()
        _ = recorder.observe(Self.state(0, [(Self.one, 1, 50)]), trace: Self.trace([Self.one: 4]))
        for second in 1...10 {
            _ = recorder.observe(Self.state(Double(second), [(Self.one, 1, 54)]), trace: Self.trace([Self.one: 4]))
        }
        let evidence = try Self.evidence(recorder, Self.trace([Self.one: 4]))
        #expect(evidence[Self.one]?.captured == Self.counters(0))
        #expect(evidence[Self.one]?.kernel == Self.counters(4))
        #expect(evidence[Self.one]?.uncertain == Self.counters(4))
    }

    @Test func `a counter that goes backwards is told once, and its growth is not known`() throws {
        var recorder = EvidenceRecorder()
        _ = recorder.observe(Self.state(0, [(Self.one, 1, 100), (Self.two, 1, 100)]), trace: Self.trace([:]))
        let reset = recorder.observe(Self.state(1, [(Self.one, 1, 0), (Self.two, 1, 101)]), trace: Self.trace([:]))
        let later = recorder.observe(Self.state(2, [(Self.one, 1, 200), (Self.two, 1, 102)]), trace: Self.trace([:]))
        #expect(reset.events.map(\.kind) == [.counterReset])
        #expect(reset.events.map(\.realServer) == [Self.one])
        #expect(later.events == [])
        let evidence = try Self.evidence(recorder, Self.trace([:]))
        #expect(evidence[Self.one]?.kernel == .some(nil))
        #expect(evidence[Self.two]?.kernel == Self.counters(2))
    }

    @Test func `a real server that leaves and returns is not trusted again`() throws {
        var recorder = EvidenceRecorder()
        let both = { (seconds: Double, count: UInt64) in
            Self.state(seconds, [(Self.one, 1, count), (Self.two, 1, count)])
        }
        _ = recorder.observe(both(0, 1), trace: Self.trace([:]))
        let left = recorder.observe(Self.state(1, [(Self.two, 1, 2)]), trace: Self.trace([:]))
        let returned = recorder.observe(both(2, 3), trace: Self.trace([:]))
        #expect(left.events.map(\.kind) == [.configurationChanged, .counterReset])
        #expect(left.events.last?.realServer == Self.one)
        #expect(returned.events.map(\.kind) == [.configurationChanged])
        let evidence = try Self.evidence(recorder, Self.trace([:]))
        #expect(evidence.count == 2)
        #expect(evidence[Self.one]?.kernel == .some(nil))
        #expect(evidence[Self.two]?.kernel == Self.counters(2))
    }

    @Test func `of a real server that left, the service's counters tell, and its packets since are uncertain`() throws {
        var recorder = EvidenceRecorder()
        _ = recorder.observe(Self.state(0, [(Self.one, 1, 10), (Self.two, 1, 10)]), trace: Self.trace([:]))
        _ = recorder.observe(
            Self.state(10, [(Self.one, 1, 13), (Self.two, 1, 14)]), trace: Self.trace([Self.one: 3, Self.two: 4]))
        let trace = Self.trace([Self.one: 5, Self.two: 6])
        recorder.noteCaptured(trace, at: Self.time(15))
        _ = recorder.observe(Self.state(20, [(Self.two, 1, 16)], total: 29), trace: trace)
        let summary = recorder.summary(ended: Self.time(30), packetsDropped: 0, trace: trace)
        let service = try #require(summary.virtualServices.first)
        #expect(service.kernel == Self.counters(9))
        #expect(service.causes == [:])
        let one = try #require(service.realServers.first { $0.endpoint == Self.one })
        #expect(one.kernel == nil)
        #expect(one.uncertain == TrafficCounters(inPackets: 12, outPackets: 10, inBytes: 800, outBytes: 1_200))
    }

    @Test func `a virtual service that leaves takes all its counters along`() throws {
        var recorder = EvidenceRecorder()
        _ = recorder.observe(Self.state(0, [(Self.one, 1, 10)]), trace: Self.trace([:]))
        var gone = Self.state(1, [])
        gone.virtualServices = []
        _ = recorder.observe(gone, trace: Self.trace([:]))
        _ = recorder.observe(Self.state(2, [(Self.one, 1, 0)]), trace: Self.trace([:]))
        let summary = recorder.summary(ended: Self.time(3), packetsDropped: 0, trace: Self.trace([:]))
        let service = try #require(summary.virtualServices.first)
        #expect(service.kernel == nil)
        #expect(service.causes == [.counterReset: 1])
    }

    @Test(arguments: [VirtualService.Flags.hashed, .onePacket])
    func `rows of no connection explain no difference, and datagrams scheduled one by one have no row`(
        flags: VirtualService.Flags
    ) throws {
        var state = Self.state(0, [(Self.one, 1, 0)])
        state.virtualServices[0].flags = flags
        var recorder = EvidenceRecorder()
        _ = recorder.observe(state, trace: Self.trace([:]))
        var trace = Self.trace([Self.one: 9])
        var table = TableTrace()
        table.rows = 5
        table.matched = 4
        table.withoutConnection = ["began_before_capture": 1, "template": 2]
        trace.virtualServices[0].table = table
        let summary = recorder.summary(ended: Self.time(1), packetsDropped: 0, trace: trace)
        let service = try #require(summary.virtualServices.first)
        #expect(service.causes == (flags == .onePacket ? [:] : [.tableLag: 5]))
        #expect(
            service.table
                == TableEvidence(rows: 5, matched: 4, withoutConnection: [.beganBefore: 1, .template: 2]))
    }

    @Test func `entries are those of the last reading, of the real servers that it shows`() throws {
        var recorder = EvidenceRecorder()
        var state = Self.state(0, [(Self.one, 1, 0), (Self.two, 1, 0)])
        var trace = Self.trace([Self.one: 5, Self.two: 5])
        _ = recorder.observe(state, trace: trace)
        state = Self.state(1, [(Self.one, 1, 0)])
        state.virtualServices[0].realServers[0].activeConnections = 3
        state.virtualServices[0].realServers[0].inactiveConnections = 2
        trace.virtualServices[0].realServers[0].activeEntries = 4
        trace.virtualServices[0].realServers[0].inactiveEntries = 1
        _ = recorder.observe(state, trace: trace)
        let evidence = try Self.evidence(recorder, trace)
        #expect(
            evidence[Self.one]?.entries
                == EntryEvidence(
                    kernel: EntryCounts(active: 3, inactive: 2), traced: EntryCounts(active: 4, inactive: 1)))
        #expect(evidence[Self.two]?.entries == .some(nil))
    }

    @Test func `a real server that joins during the run counts from nothing`() throws {
        var recorder = EvidenceRecorder()
        _ = recorder.observe(Self.state(0, [(Self.one, 1, 10)]), trace: Self.trace([:]))
        _ = recorder.observe(Self.state(1, [(Self.two, 1, 4), (Self.one, 1, 10)]), trace: Self.trace([Self.two: 4]))
        let evidence = try Self.evidence(recorder, Self.trace([Self.two: 4]))
        #expect(evidence[Self.two]?.kernel == Self.counters(4))
        #expect(evidence[Self.two]?.captured == Self.counters(4))
    }

    @Test func `servers that leave together are told in the order of their service`() {
        var recorder = EvidenceRecorder()
        let servers = (1...20).map { (Endpoint("10.10.10.\($0):80")!, weight: Int32(1), UInt64(0)) }
        _ = recorder.observe(Self.state(0, servers), trace: Self.trace([:]))
        let events = recorder.observe(Self.state(1, []), trace: Self.trace([:])).events
        #expect(events.compactMap(\.realServer) == servers.map(\.0))
    }

    @Test func `a change lies between the reading that shows it and the one before`() throws {
        var recorder = EvidenceRecorder()
        let first = recorder.observe(Self.state(0, [(Self.one, 1, 0)]), trace: Self.trace([:]))
        let same = recorder.observe(Self.state(1, [(Self.one, 1, 5)]), trace: Self.trace([:]))
        var changed = Self.state(2, [(Self.one, 0, 5)])
        changed.completedAt = Self.time(2.01)
        let weight = recorder.observe(changed, trace: Self.trace([:]))
        let scheduler = recorder.observe(
            Self.state(3, [(Self.one, 0, 5)], scheduler: .weightedRoundRobin), trace: Self.trace([:]))

        #expect(first.configurations.map(\.configuration.seen) == [Self.time(0)])
        #expect(first.configurations.map(\.configuration.notBefore) == [Self.time(0)])
        #expect(same.configurations == [])
        #expect(same.events == [])
        let edit = try #require(weight.configurations.first?.configuration)
        #expect(edit.notBefore == Self.time(1))
        #expect(edit.seen == Self.time(2.01))
        #expect(edit.realServers.map(\.weight) == [0])
        #expect(weight.events.map(\.detail) == ["rr: 10.10.10.10:80 weight 0"])
        #expect(scheduler.configurations.first?.configuration.scheduler == .weightedRoundRobin)
        #expect(scheduler.configurations.first?.configuration.notBefore == Self.time(2))
    }

    @Test func `counters of a reading that began from zero are all of this run`() throws {
        var recorder = EvidenceRecorder(counters: .fromZero)
        _ = recorder.observe(Self.state(0, [(Self.one, 1, 9)]), trace: Self.trace([Self.one: 9]))
        let evidence = try Self.evidence(recorder, Self.trace([Self.one: 9]))
        #expect(evidence[Self.one]?.kernel == Self.counters(9))
        #expect(evidence[Self.one]?.captured == Self.counters(9))
    }

    @Test func `readings made up from packets have no counters to compare with`() throws {
        var recorder = EvidenceRecorder(counters: .absent)
        _ = recorder.observe(Self.state(0, [(Self.one, 1, 0)]), trace: Self.trace([Self.one: 9]))
        let evidence = try Self.evidence(recorder, Self.trace([Self.one: 9]))
        #expect(evidence[Self.one]?.kernel == .some(nil))
        #expect(evidence[Self.one]?.captured == Self.counters(9))
    }

    @Test func `an audit at any moment is the evidence of that moment`() {
        var recorder = EvidenceRecorder()
        _ = recorder.observe(Self.state(0, [(Self.one, 1, 5)]), trace: Self.trace([:]))
        _ = recorder.observe(Self.state(1, [(Self.one, 1, 8)]), trace: Self.trace([Self.one: 4]))
        let audits = recorder.audits(Self.trace([Self.one: 4]))
        #expect(audits.map(\.realServer) == [Self.one])
        #expect(audits.map(\.kernel) == [Self.counters(3)])
        #expect(audits.map(\.captured) == [Self.counters(4)])
    }
}
