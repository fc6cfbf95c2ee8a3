import Balance
import IPVSModel
import TestSupport
import Testing

private func judge(_ evidence: RunEvidence) -> ServiceVerdict { Judge.verdict(on: evidence).virtualServices[0] }

@Suite struct AuditTests {
    private let servers = Synthetic.roundRobin(99)

    @Test func `a missing connection opens the audit even if the order looks right`() {
        // Three in a row are missing, which round robin cannot show.
        let service = judge(
            Synthetic.evidence(kernel: servers, captured: Array(Synthetic.assignments(servers).dropLast(3))))
        #expect(service.verdict == .inconclusive)
        #expect(service.conformance.unexplainedTotal == 0)
        #expect(service.audit.difference == 3)
        #expect(service.audit.unexplained == 3)
        #expect(service.reasons[0] == "connections: the kernel counted 99, captured 96, 3 unexplained")
    }

    @Test func `a missing packet or byte opens the audit`() {
        for counter in [\TrafficCounters.inPackets, \.outPackets, \.inBytes, \.outBytes] {
            var evidence = Synthetic.complete(servers)
            evidence.virtualServices[0].realServers[1].captured[keyPath: counter] -= 1
            let service = judge(evidence)
            #expect(service.verdict == .inconclusive)
            #expect(!service.audit.closed)
            #expect(service.audit.unexplained == 0)
            #expect(service.reasons.count == 1)
        }
    }

    @Test func `captured beyond what the kernel counted opens the audit too`() {
        var evidence = Synthetic.complete(servers)
        evidence.virtualServices[0].realServers[1].captured.outPackets += 2
        #expect(judge(evidence).reasons == ["packets to clients: the kernel counted 495, captured 497, 2 unexplained"])
    }

    @Test func `the counting lag explains as much as it allows, and no more`() {
        let captured = Array(Synthetic.assignments(servers).dropLast(6))
        let explained = judge(Synthetic.evidence(kernel: servers, captured: captured, lag: 2))
        #expect(explained.verdict == .pass)
        #expect(explained.audit.explained == ["counter_lag": 6])
        #expect(explained.audit.unexplained == 0)
        let tooMuch = judge(Synthetic.evidence(kernel: servers, captured: captured, lag: 1))
        #expect(tooMuch.verdict == .inconclusive)
        #expect(tooMuch.audit.unexplained == 3)
    }

    @Test func `what the counting lag may hide can excuse a violation`() {
        var captured = Synthetic.assignments(servers)
        captured.remove(at: 50)
        #expect(judge(Synthetic.evidence(kernel: servers, captured: captured, lag: 1)).verdict == .inconclusive)
        var kernel = servers
        kernel.remove(at: 50)
        // The kernel's last reading lacked what was captured last.
        #expect(judge(Synthetic.evidence(kernel: kernel, captured: captured, lag: 1)).verdict == .inconclusive)
        #expect(judge(Synthetic.evidence(kernel: kernel, captured: captured)).verdict == .fail)
    }

    @Test func `a choice that stayed unseen explains one connection the kernel counted elsewhere`() {
        var captured = Synthetic.assignments(servers)
        for index in [10, 50] { captured[index].realServer = nil }
        var evidence = Synthetic.evidence(kernel: servers, captured: captured, causes: [.retransmission: 2])
        // The kernel counted the SYNs, and their repetitions, and nothing else.
        for index in evidence.virtualServices[0].realServers.indices {
            evidence.virtualServices[0].realServers[index].kernel =
                evidence.virtualServices[0].realServers[index].captured
        }
        for number in [10, 50].map({ servers[$0] }) {
            evidence.virtualServices[0].realServers[number - 1].kernel?.inPackets += 2
            evidence.virtualServices[0].realServers[number - 1].kernel?.inBytes += 120
        }
        for number in 1...3 {
            evidence.virtualServices[0].realServers[number - 1].kernel?.connections = 33
        }
        let service = judge(evidence)
        #expect(service.verdict == .pass, "\(service.reasons)")
        #expect(service.assignments == 99)
        #expect(service.audit.captured == 97)
        #expect(service.audit.difference == 2)
        #expect(service.audit.explained == ["retransmission": 2, "scheduled_not_transmitted": 2])
        #expect(service.conformance.explained.map(\.cause) == ["scheduled_not_transmitted"])
        #expect(service.conformance.explained[0].count == 2)
    }

    @Test func `counters that were reset explain their server, and leave a violation open`() {
        var evidence = Synthetic.complete(servers)
        evidence.virtualServices[0].realServers[0].kernel = nil
        let service = judge(evidence)
        #expect(service.verdict == .pass)
        #expect(service.audit.explained == ["counter_reset": 33])
        #expect(service.audit.difference == -33)
        #expect(service.realServers[0].kernelConns == nil)

        var swapped = servers
        swapped.swapAt(50, 51)
        evidence = Synthetic.complete(swapped)
        evidence.virtualServices[0].realServers[0].kernel = nil
        #expect(judge(evidence).verdict == .inconclusive)
        #expect(judge(evidence).reasons[0].contains("the counters of 10.10.10.10:80 could not be compared"))
    }

    /// Server 1 left, and of its last three packets the kernel counted one; the service's own counters hold the rest.
    private func withoutServer1(_ servers: [Int]) -> RunEvidence {
        var evidence = Synthetic.complete(servers)
        evidence.virtualServices[0].kernel = Synthetic.counters(99)
        evidence.virtualServices[0].kernel?.inPackets -= 2
        evidence.virtualServices[0].kernel?.inBytes -= 80
        evidence.virtualServices[0].realServers[0].kernel = nil
        evidence.virtualServices[0].realServers[0].uncertain = TrafficCounters(inPackets: 3, inBytes: 120)
        return evidence
    }

    @Test func `the service's own counters stand in for a real server that left`() {
        let service = judge(withoutServer1(servers))
        #expect(service.verdict == .pass, "\(service.reasons)")
        #expect(service.audit.kernelConns == 99)
        #expect(service.audit.difference == 0)
        #expect(service.audit.explained == ["destination_gone": 2])
        #expect(service.audit.packets.in.kernel == 592)
        #expect(service.audit.packets.in.explained == 2)
        #expect(service.realServers[0].kernelConns == nil)
    }

    @Test func `what only the service's own counters hold opens the audit, and so does what they lack`() {
        var evidence = withoutServer1(servers)
        evidence.virtualServices[0].kernel?.connections += 1
        #expect(judge(evidence).verdict == .inconclusive)
        #expect(judge(evidence).audit.unexplained == 1)

        evidence = withoutServer1(servers)
        evidence.virtualServices[0].kernel?.inPackets -= 2
        #expect(
            judge(evidence).reasons == ["packets from clients: the kernel counted 590, captured 594, 1 unexplained"])
    }

    @Test func `the service's own counters excuse no server that is still there`() {
        var evidence = withoutServer1(servers)
        evidence.virtualServices[0].realServers[1].kernel?.connections -= 1
        let service = judge(evidence)
        #expect(service.verdict == .inconclusive)
        #expect(service.audit.difference == 0)
        #expect(service.audit.unexplained == 2)
    }

    @Test func `a connection out of turn fails although a real server left`() {
        var swapped = servers
        swapped.swapAt(50, 51)
        #expect(judge(withoutServer1(swapped)).verdict == .fail)
    }

    @Test func `entries are told beside the kernel's, and change no verdict`() {
        var evidence = Synthetic.complete(servers)
        #expect(judge(evidence).audit.active == nil)
        for (index, traced) in [UInt64(4), 6, 9].enumerated() {
            evidence.virtualServices[0].realServers[index].entries = EntryEvidence(
                kernel: EntryCounts(active: 5, inactive: 30), traced: EntryCounts(active: traced, inactive: 30))
        }
        let service = judge(evidence)
        #expect(service.verdict == .pass)
        #expect(service.audit.active.map { [$0.kernel, $0.traced] } == [15, 19])
        #expect(service.audit.inactive.map { [$0.kernel, $0.traced] } == [90, 90])
    }

    @Test func `dropped packets excuse nothing that is missing`() {
        let whole = Synthetic.evidence(kernel: servers, captured: Synthetic.assignments(servers), packetsDropped: 5)
        #expect(judge(whole).verdict == .pass)
        #expect(judge(whole).audit.packetsDropped == 5)

        let captured = Array(Synthetic.assignments(servers).dropLast(3))
        let lossy = judge(Synthetic.evidence(kernel: servers, captured: captured, lag: 9, packetsDropped: 5))
        #expect(lossy.verdict == .inconclusive)
        #expect(!lossy.audit.closed)
        #expect(lossy.reasons.contains("5 packets dropped before they could be counted, at level full"))
    }

    @Test func `dropped packets leave a violation open that they may explain`() {
        var swapped = servers
        swapped.swapAt(50, 51)
        let captured = Synthetic.assignments(swapped)
        #expect(
            judge(Synthetic.evidence(kernel: swapped, captured: captured, packetsDropped: 1)).verdict == .inconclusive)
        var random = SeededGenerator(seed: 3)
        let chance = (0..<1000).map { _ in Int.random(in: 1...3, using: &random) }
        let evidence = Synthetic.evidence(kernel: chance, captured: Synthetic.assignments(chance), packetsDropped: 1)
        #expect(judge(evidence).verdict == .fail)
    }

    @Test(arguments: [
        DifferenceCause.portReuse, .sameEntry, .retransmission, .beganBefore, .template, .synced, .tableLag,
    ])
    func `what explains rows of the table is told, and excuses no connection`(cause: DifferenceCause) {
        let complete = judge(
            Synthetic.evidence(kernel: servers, captured: Synthetic.assignments(servers), causes: [cause: 7]))
        #expect(complete.audit.explained == [cause.rawValue: 7])
        #expect(complete.verdict == .pass)
        let short = judge(
            Synthetic.evidence(
                kernel: servers, captured: Array(Synthetic.assignments(servers).dropLast(3)), causes: [cause: 7]))
        #expect(short.verdict == .inconclusive)
        #expect(short.audit.unexplained == 3)
    }

    @Test func `servers that differ while the totals agree contradict the kernel`() {
        var captured = servers
        captured.swapAt(3, 4)
        captured[0] = 2
        let service = judge(Synthetic.evidence(kernel: servers, captured: Synthetic.assignments(captured)))
        #expect(service.audit.contradiction)
        #expect(service.audit.difference == 0)
        #expect(service.audit.unexplained == 2)
        #expect(
            service.reasons.contains(
                "connections: kernel and capture agree on 99 in all, but differ per real server by 1"))
    }
}
