import Balance
import IPVSModel
import Testing

/// What a verdict makes of a capture that shows handshakes alone.
@Suite struct LevelTests {
    private let servers = Synthetic.roundRobin(99)

    private static let began = LevelChange(time: Synthetic.time(0), level: .handshake, cause: .began)

    /// Everything counted by the kernel; of the packets, what a handshake takes.
    private func evidence(
        _ kernel: [Int]?, captured: [Assignment]? = nil, packetsDropped: UInt64 = 0, levels: [LevelChange] = [began]
    ) -> RunEvidence {
        var evidence = Synthetic.evidence(
            kernel: kernel, captured: captured ?? Synthetic.assignments(kernel ?? servers),
            packetsDropped: packetsDropped)
        for index in evidence.virtualServices[0].realServers.indices {
            let connections = evidence.virtualServices[0].realServers[index].captured.connections
            evidence.virtualServices[0].realServers[index].captured = TrafficCounters(
                connections: connections, inPackets: 2 * connections, outPackets: 2 * connections,
                inBytes: 100 * connections, outBytes: 100 * connections)
        }
        evidence.levels = levels
        return evidence
    }

    @Test func `handshakes alone suffice for a pass, and packets and bytes are the kernel's`() throws {
        let report = Judge.verdict(on: evidence(servers))
        let service = report.virtualServices[0]
        #expect(report.level == .handshake)
        #expect(service.verdict == .pass, "\(service.reasons)")
        #expect(!service.audit.packetsAudited)
        #expect(service.audit.closed)
        #expect(service.audit.packets.source == .kernel)
        #expect(service.audit.packets.in.captured == 594)
        #expect(service.audit.packets.in.unexplained == 0)
        #expect(service.audit.bytes.out.captured == 99 * 900)
        #expect(service.realServers.map(\.source) == [.kernel, .kernel, .kernel])
        #expect(service.realServers.map(\.bytesIn) == [16_500, 16_500, 16_500])
    }

    @Test func `the same packets of a full capture would leave the audit open`() {
        let report = Judge.verdict(on: evidence(servers, levels: []))
        #expect(report.level == .full)
        #expect(report.verdict == .inconclusive)
        #expect(report.virtualServices[0].audit.packetsAudited)
        #expect(report.virtualServices[0].realServers[0].source == .capture)
        #expect(report.virtualServices[0].realServers[0].bytesIn == 3_300)
    }

    @Test func `without the kernel nobody knows packets and bytes`() {
        let service = Judge.verdict(on: evidence(nil)).virtualServices[0]
        #expect(service.verdict == .inconclusive)
        #expect(service.audit.packets.in.captured == nil)
        #expect(service.realServers.map(\.bytesOut) == [nil, nil, nil])
    }

    @Test func `a connection out of turn fails at handshakes too`() {
        var swapped = servers
        swapped.swapAt(50, 51)
        #expect(Judge.verdict(on: evidence(swapped)).verdict == .fail)
        #expect(Judge.verdict(on: evidence(swapped, packetsDropped: 1)).verdict == .inconclusive)
    }

    @Test func `a missing connection opens the audit`() {
        let captured = Array(Synthetic.assignments(servers).dropLast(3))
        let service = Judge.verdict(on: evidence(servers, captured: captured)).virtualServices[0]
        #expect(service.verdict == .inconclusive)
        #expect(service.reasons == ["connections: the kernel counted 99, captured 96, 3 unexplained"])
    }

    @Test(arguments: [
        ([began], RunLevel.handshake),
        ([began, LevelChange(time: Synthetic.time(1), level: .full, cause: .recovered)], .mixed),
        ([LevelChange(time: Synthetic.time(0), level: .full, cause: .began)], .full), ([], .full),
    ])
    func `a run is at the level it never left, or at mixed ones`(levels: [LevelChange], expected: RunLevel) {
        let report = Judge.verdict(on: evidence(servers, levels: levels))
        #expect(report.level == expected)
        #expect(report.run.levels == levels)
        #expect(report.virtualServices[0].audit.packetsAudited == (expected == .full))
    }

    @Test(arguments: [RunLevel.handshake, .mixed])
    func `a dropped packet leaves a verdict open where packets are not compared`(level: RunLevel) {
        let full = LevelChange(time: Synthetic.time(1), level: .full, cause: .recovered)
        let service = Judge.verdict(
            on: evidence(servers, packetsDropped: 1, levels: level == .mixed ? [Self.began, full] : [Self.began])
        ).virtualServices[0]
        #expect(service.verdict == .inconclusive)
        #expect(service.reasons == ["1 packet dropped before they could be counted, at level \(level.rawValue)"])
    }
}
