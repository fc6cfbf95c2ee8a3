import Balance
import IPVSModel
import TestSupport
import Testing

private func judge(_ evidence: RunEvidence) -> ServiceVerdict { Judge.verdict(on: evidence).virtualServices[0] }

extension ServiceVerdict {
    /// How many assignments were excused as captured in another order than scheduled.
    fileprivate var reordered: Int { conformance.explained.first { $0.cause == "reordered" }?.count ?? 0 }
}

/// Directors with several receive queues, where the capture's order is not quite the scheduler's.
@Suite struct ReorderingTests {
    private static let weighted = [WeightedRoundRobinVerdictTests.configuration()]

    private func exchanged(at place: Int, gap: Double, of count: Int = 300) -> Synthetic.Captured {
        var captured = Synthetic.captured(Synthetic.roundRobin(count), gap: gap)
        captured.servers.swapAt(place, place + 1)
        return captured
    }

    @Test(arguments: [0, 1, 2, 63, 64, 65, 128, 150, 297, 298])
    func `two neighbours within the window are taken for exchanged, wherever they are`(place: Int) {
        let service = judge(exchanged(at: place, gap: 20e-6).evidence())
        #expect(service.verdict == .pass, "\(service.reasons)")
        #expect(service.reordered == 2)
        #expect(service.conformance.checked == 300)
        #expect(service.conformance.unexplained.isEmpty)
    }

    @Test func `the window ends at 50 µs`() {
        var captured = exchanged(at: 150, gap: 1e-3)
        captured.times[151] = captured.times[150] + 50e-6
        #expect(judge(captured.evidence()).verdict == .pass)
        captured.times[151] += 2e-6
        let service = judge(captured.evidence())
        #expect(service.verdict == .fail)
        #expect(service.reordered == 0)
        #expect(service.conformance.unexplained[0].number == 151)
    }

    @Test func `round robin with a hundredth of the close pairs exchanged passes, and each exchange is found`() {
        for seed in 0..<200 {
            let captured = Synthetic.queued(Synthetic.roundRobin(600), share: 0.01, seed: UInt64(seed))
            let service = judge(captured.evidence())
            #expect(service.verdict == .pass, "seed \(seed): \(service.reasons)")
            #expect(service.reordered == 2 * captured.exchanges, "seed \(seed)")
            #expect(service.conformance.checked == 600)
        }
    }

    @Test func `weighted round robin with a hundredth of the close pairs exchanged passes`() {
        for seed in 0..<200 {
            let captured = Synthetic.queued(
                WeightedRoundRobinVerdictTests.choices(600, from: seed % 9), share: 0.01, seed: UInt64(seed))
            let service = judge(captured.evidence(configurations: Self.weighted))
            #expect(service.verdict == .pass, "seed \(seed): \(service.reasons)")
            // Before its first round is over an exchange may look like another place in the round.
            #expect(service.reordered <= 2 * captured.exchanges, "seed \(seed)")
            #expect(service.reordered >= 2 * captured.exchanges - 2, "seed \(seed)")
            #expect(service.conformance.checked == 600)
        }
    }

    @Test func `three neighbours the wrong way round are no exchange`() {
        for rotated in [[1, 3, 2], [2, 1, 3]] {
            var captured = Synthetic.captured(Synthetic.roundRobin(300), gap: 10e-6)
            captured.servers.replaceSubrange(150..<153, with: rotated)
            #expect(judge(captured.evidence()).verdict == .fail, "\(rotated)")
        }
    }

    @Test func `one connection that went elsewhere is no exchange`() {
        for place in 100..<110 {
            for other in 1...3 {
                var captured = Synthetic.captured(Synthetic.roundRobin(300), gap: 10e-6)
                guard captured.servers[place] != other else { continue }
                captured.servers[place] = other
                #expect(judge(captured.evidence()).verdict == .fail, "\(place) \(other)")
            }
        }
    }

    @Test func `more than a twentieth of the assignments exchanged look like chance`() {
        var captured = Synthetic.captured(Synthetic.roundRobin(400), gap: 10e-6)
        for place in stride(from: 20, to: 120, by: 10) { captured.servers.swapAt(place, place + 1) }
        let most = judge(captured.evidence())
        #expect(most.verdict == .pass)
        #expect(most.reordered == 20)
        captured.servers.swapAt(130, 131)
        let more = judge(captured.evidence())
        #expect(more.verdict == .inconclusive)
        #expect(more.reordered == 22)
        #expect(more.conformance.unexplained.isEmpty)
        #expect(
            more.reasons == [
                "22 of 400 assignments are in turn only if each is exchanged with the one captured next to it: more "
                    + "than 5 % look like chance, not like several receive queues"
            ])
    }

    @Test func `another scheduler cannot hide in the window`() {
        let weighted = Synthetic.captured(WeightedRoundRobinVerdictTests.choices(900), gap: 1e-6)
        #expect(judge(weighted.evidence()).verdict == .fail)
        let plain = Synthetic.captured(Synthetic.roundRobin(900), gap: 1e-6)
        #expect(judge(plain.evidence(configurations: Self.weighted)).verdict == .fail)
    }

    @Test func `what follows a template is not exchanged, and does not part those that are`() {
        let captured = exchanged(at: 150, gap: 10e-6)
        var evidence = captured.evidence()
        var follower = evidence.virtualServices[0].assignments[150]
        follower.isScheduled = false
        follower.connection = 9_999
        evidence.virtualServices[0].assignments.insert(follower, at: 151)
        let service = judge(evidence)
        #expect(service.conformance.unexplained.isEmpty)
        #expect(service.reordered == 2)
        #expect(service.conformance.checked == 300)
    }

    @Test func `an unseen choice between two parts them`() {
        var captured = exchanged(at: 150, gap: 10e-6)
        captured.servers.insert(0, at: 151)
        captured.times.append(captured.times[300 - 1] + 10e-6)
        #expect(judge(captured.evidence()).conformance.unexplained.first?.number == 151)
    }

    @Test func `an exchange does not reach across a change of the configuration`() {
        // Server 3 is taken out.
        let before = Synthetic.roundRobin(150)
        let after = (0..<150).map { 2 - $0 % 2 }
        var captured = Synthetic.captured(before + after, gap: 10e-6)
        let between = captured.times[150]
        let settings = [
            Synthetic.equal, Synthetic.configuration([(3, 0), (2, 1), (1, 1)], between: between, and: between),
        ]
        #expect(judge(captured.evidence(configurations: settings)).verdict == .pass)
        captured.servers.swapAt(151, 152)
        #expect(judge(captured.evidence(configurations: settings)).reordered == 2)
        captured.servers.swapAt(151, 152)
        captured.servers.swapAt(149, 150)
        #expect(judge(captured.evidence(configurations: settings)).verdict == .fail)
    }
}
