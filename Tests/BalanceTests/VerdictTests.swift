import Balance
import IPVSModel
import TestSupport
import Testing

private func judge(_ evidence: RunEvidence) -> ServiceVerdict { Judge.verdict(on: evidence).virtualServices[0] }

@Suite struct VerdictTests {
    @Test func `a thousand connections in turn pass`() {
        let report = Judge.verdict(on: Synthetic.complete(Synthetic.roundRobin(1000)))
        let service = report.virtualServices[0]
        #expect(report.verdict == .pass)
        #expect(service.verdict == .pass)
        #expect(service.reasons.isEmpty)
        #expect(service.assignments == 1000)
        #expect(service.realServers.map(\.assignments) == [333, 333, 334])
        #expect(service.realServers.map(\.kernelConns) == [333, 333, 334])
        #expect(service.realServers[2].realServer == Synthetic.server(3))
        #expect(service.conformance.model == "rr")
        #expect(service.conformance.checked == 1000)
        #expect(service.conformance.explained.isEmpty)
        #expect(service.conformance.unaccountedToChange == nil)
        #expect(service.audit.closed)
        #expect(service.audit.difference == 0)
        #expect(service.audit.kernelConns == 1000)
        #expect(service.latency.realServerConnect.count == 1000)
    }

    @Test func `every exit code is its own`() {
        #expect(Verdict.allCases.map(\.exitCode) == [0, 99, 98])
    }

    @Test(arguments: [1, 2, 499, 500, 998])
    func `one swapped pair in a thousand fails and is named`(index: Int) {
        var servers = Synthetic.roundRobin(1000)
        servers.swapAt(index, index + 1)
        let service = judge(Synthetic.complete(servers))
        #expect(service.verdict == .fail)
        #expect(service.conformance.unexplained[0].number == index + 1)
        #expect(service.reasons[0].hasPrefix("assignment \(index + 1) (connection \(index + 1)) at 2026-03-01T12:00:"))
    }

    @Test(arguments: [2, 3, 5])
    func `one connection edited to another real server fails and is named`(count: Int) {
        let kernel = Synthetic.roundRobin(300, servers: count)
        let configuration = Synthetic.configuration((1...count).reversed().map { ($0, 1) })
        for index in [1, 2, 7, 150, 298, 299] {
            for other in 1...count where other != kernel[index] {
                var captured = kernel
                captured[index] = other
                let service = judge(
                    Synthetic.evidence(
                        kernel: kernel, captured: Synthetic.assignments(captured), configurations: [configuration]))
                #expect(service.verdict == .fail)
                #expect(service.audit.contradiction)
                #expect(!service.audit.closed)
                let found = service.conformance.unexplained[0]
                #expect(found.connection == Int64(index + 1))
                #expect(found.client == Synthetic.assignments(captured)[index].client)
                #expect(found.actual == Synthetic.server(other))
                #expect(found.expected == [Synthetic.server(kernel[index])])
                #expect(service.reasons[0].contains("went to \(Synthetic.server(other))"))
                #expect(service.reasons[0].contains("had to choose \(Synthetic.server(kernel[index]))"))
            }
        }
    }

    @Test func `choices at random fail when the evidence is complete`() {
        for seed in 0..<50 {
            var random = SeededGenerator(seed: UInt64(seed))
            let service = judge(Synthetic.complete((0..<100).map { _ in .random(in: 1...3, using: &random) }))
            #expect(service.verdict == .fail)
            #expect((service.conformance.unaccountedToChange ?? 0) > 40)
        }
    }

    @Test func `choices at random fail even if a few packets are missing`() {
        var random = SeededGenerator(seed: 1)
        var evidence = Synthetic.complete((0..<1000).map { _ in .random(in: 1...3, using: &random) })
        evidence.virtualServices[0].realServers[0].captured.inPackets -= 3
        #expect(judge(evidence).verdict == .fail)
    }

    @Test(arguments: [0.01, 0.1])
    func `connections lost at random never fail and never pass`(probability: Double) {
        let kernel = Synthetic.roundRobin(1000)
        for seed in 0..<200 {
            var random = SeededGenerator(seed: UInt64(seed))
            let captured = Synthetic.assignments(kernel).filter { _ in !random.happens(probability) }
            guard captured.count < kernel.count else { continue }
            let service = judge(Synthetic.evidence(kernel: kernel, captured: captured))
            #expect(service.verdict == .inconclusive, "seed \(seed): \(service.reasons)")
            let needed = service.conformance.unaccountedToChange ?? 0
            #expect(needed <= kernel.count - captured.count)
            if needed > 0 {
                #expect(service.reasons[0].contains("\(needed) unaccounted connection"))
            }
        }
    }

    @Test func `packets lost at random never fail and never pass`() {
        let kernel = Synthetic.roundRobin(300)
        for seed in 0..<200 {
            let service = judge(Synthetic.lossy(kernel, seed: UInt64(seed), probability: 0.1))
            #expect(service.verdict == .inconclusive, "seed \(seed): \(service.reasons)")
        }
    }

    @Test(arguments: [(5, Verdict.inconclusive), (6, .pass)])
    func `two rounds over all servers are enough, less is not`(count: Int, verdict: Verdict) {
        let service = judge(Synthetic.complete(Synthetic.roundRobin(count)))
        #expect(service.verdict == verdict)
        #expect(service.reasons.contains { $0.hasPrefix("too few connections: 5") } == (verdict != .pass))
    }

    @Test func `without the kernel's counters nothing is proven either way`() {
        let service = judge(
            Synthetic.evidence(kernel: nil, captured: Synthetic.assignments(Synthetic.roundRobin(100))))
        #expect(service.verdict == .inconclusive)
        #expect(service.audit.kernelConns == nil)
        #expect(service.reasons[0].hasPrefix("no kernel counters"))
        var swapped = Synthetic.roundRobin(100)
        swapped.swapAt(50, 51)
        #expect(
            judge(Synthetic.evidence(kernel: nil, captured: Synthetic.assignments(swapped))).verdict == .inconclusive)
    }

    @Test func `a scheduler without a model is not judged, but measured`() {
        let name = "unheard-of"
        let configuration = Synthetic.configuration([(3, 1), (2, 1), (1, 1)], scheduler: Scheduler(rawValue: name))
        let service = judge(Synthetic.complete(Synthetic.roundRobin(100), configurations: [configuration]))
        #expect(service.verdict == .inconclusive)
        #expect(service.reasons == ["no model yet for \(name)"])
        #expect(service.conformance.model == nil)
        #expect(service.conformance.checked == 0)
        #expect((service.fairness.jain ?? 0) > 0.99)
    }

    @Test func `one-packet scheduling asks the scheduler every time, and is judged`() {
        let configuration = Synthetic.configuration([(3, 1), (2, 1), (1, 1)], flags: .onePacket)
        #expect(judge(Synthetic.complete(Synthetic.roundRobin(100), configurations: [configuration])).verdict == .pass)
        let wrong = judge(Synthetic.complete([3, 2, 1, 3, 3, 2, 1, 3, 2, 1], configurations: [configuration]))
        #expect(wrong.verdict == .fail)
    }

    /// Round robin for every client's first connection; each comes back twice before the next one.
    private func persistent(_ servers: [Int]) -> RunEvidence {
        let configuration = Synthetic.configuration([(3, 1), (2, 1), (1, 1)], flags: .persistent)
        var evidence = Synthetic.complete(
            servers.flatMap { [$0, $0, $0] }, configurations: [configuration])
        for index in evidence.virtualServices[0].assignments.indices where index % 3 != 0 {
            evidence.virtualServices[0].assignments[index].isScheduled = false
        }
        return evidence
    }

    @Test func `connections that follow a template are counted, and do not move the scheduler`() {
        let service = judge(persistent(Synthetic.roundRobin(30)))
        #expect(service.verdict == .pass)
        #expect(service.assignments == 90)
        #expect(service.conformance.checked == 30)
        #expect(service.audit.closed)
    }

    @Test func `where a template may have led nothing is out of turn, and too much of it is no evidence`() {
        var evidence = persistent(Synthetic.roundRobin(30))
        for index in 0..<30 where index % 3 != 0 { evidence.virtualServices[0].assignments[index].isScheduled = nil }
        let some = judge(evidence)
        #expect(some.verdict == .pass, "\(some.reasons)")
        #expect(some.conformance.checked == 30)
        #expect(some.conformance.explained.map(\.cause) == ["template"])
        #expect(some.conformance.explained.map(\.count) == [20])

        for index in evidence.virtualServices[0].assignments.indices.dropLast(3) {
            evidence.virtualServices[0].assignments[index].isScheduled = nil
        }
        let most = judge(evidence)
        #expect(most.verdict == .inconclusive)
        #expect(
            most.reasons == [
                "too few connections: 1 beside 89 that may follow a template, and 2 rounds over 3 real servers take 6"
            ])
    }

    @Test func `too few that were scheduled are too few, however many follow them`() {
        let service = judge(persistent(Synthetic.roundRobin(4)))
        #expect(service.verdict == .inconclusive)
        #expect(
            service.reasons == [
                "too few connections: 4 beside 8 that follow a template, and 2 rounds over 3 real servers take 6"
            ])
    }

    @Test func `on a persistent service an assignment out of turn may be a template that ran out`() {
        let service = judge(persistent([3, 2, 1, 3, 3, 2, 1, 3, 2, 1]))
        #expect(service.verdict == .inconclusive)
        #expect(service.reasons[0].contains("the service is persistent"))
    }

    @Test func `connections that had to leave our own table make no verdict, neither fail nor pass`() {
        for servers in [Synthetic.roundRobin(100), [3, 2, 1, 3, 3, 2, 1, 3, 2, 1]] {
            var evidence = Synthetic.complete(servers)
            evidence.virtualServices[0].causes[.evicted] = 1
            let service = judge(evidence)
            #expect(service.verdict == .inconclusive)
            #expect(service.reasons.last == "1 connection had to leave our own table: raise --tracked-connections")
        }
    }
}

@Suite struct OverallVerdictTests {
    private func evidence(_ services: [[Int]]) -> RunEvidence {
        var all = Synthetic.complete(services[0])
        for (index, servers) in services.enumerated().dropFirst() {
            var other = Synthetic.complete(servers).virtualServices[0]
            other.identity = .firewallMark(UInt32(index), isIPv6: false)
            all.virtualServices.append(other)
        }
        return all
    }

    @Test func `a service without connections does not count beside one with them`() {
        let report = Judge.verdict(on: evidence([Synthetic.roundRobin(100), []]))
        #expect(report.virtualServices.map(\.verdict) == [.pass, .inconclusive])
        #expect(report.virtualServices[1].reasons == ["no connections"])
        #expect(report.verdict == .pass)
    }

    @Test func `nothing at all is inconclusive`() {
        #expect(Judge.verdict(on: evidence([[], []])).verdict == .inconclusive)
        var empty = evidence([[]])
        empty.virtualServices = []
        #expect(Judge.verdict(on: empty).verdict == .inconclusive)
    }

    @Test func `one failure fails the run, one doubt leaves it open`() {
        let bad = [3, 2, 1, 3, 3, 1, 3, 2, 1]
        #expect(Judge.verdict(on: evidence([Synthetic.roundRobin(100), bad])).verdict == .fail)
        #expect(Judge.verdict(on: evidence([Synthetic.roundRobin(100), [3]])).verdict == .inconclusive)
        #expect(Judge.verdict(on: evidence([[3], bad])).verdict == .fail)
    }

    @Test func `connections that the kernel counted and nobody captured leave the run open`() {
        let report = Judge.verdict(on: Synthetic.evidence(kernel: Synthetic.roundRobin(100), captured: []))
        #expect(report.verdict == .inconclusive)
        #expect(report.virtualServices[0].reasons[0].hasPrefix("the kernel counted 100 connections, none was captured"))
    }

    @Test func `services come in order of protocol, address and port`() {
        var all = evidence([Synthetic.roundRobin(9), Synthetic.roundRobin(9), Synthetic.roundRobin(9)])
        all.virtualServices.reverse()
        let identities = Judge.verdict(on: all).virtualServices.map(\.virtualService)
        #expect(identities == identities.sorted())
    }
}
