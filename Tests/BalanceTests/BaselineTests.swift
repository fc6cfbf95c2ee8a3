import Balance
import IPVSModel
import TestSupport
import Testing

@Suite struct BaselineTests {
    private func compare(_ now: RunEvidence, with baseline: RunEvidence) throws -> [String: MeasureComparison] {
        let report = Judge.verdict(on: now, baseline: baseline)
        #expect(report.baseline?.id == baseline.run.id)
        let comparisons = try #require(report.virtualServices[0].baseline).comparisons
        return Dictionary(uniqueKeysWithValues: comparisons.map { ($0.measure, $0) })
    }

    private func random(_ count: Int, seed: UInt64, weights: [Int] = [1, 1, 1]) -> [Int] {
        var generator = SeededGenerator(seed: seed)
        let slots = weights.enumerated().flatMap { Array(repeating: $0.offset + 1, count: $0.element) }
        return (0..<count).map { _ in slots[Int.random(in: 0..<slots.count, using: &generator)] }
    }

    private func slowed(_ evidence: RunEvidence, by nanoseconds: Int64) -> RunEvidence {
        var copy = evidence
        for index in copy.virtualServices[0].assignments.indices {
            copy.virtualServices[0].assignments[index].realServerConnect? += nanoseconds
        }
        return copy
    }

    private let inTurn = Synthetic.complete(Synthetic.roundRobin(999))

    @Test func `a run is the same as itself, and says on what it rests`() throws {
        let report = Judge.verdict(on: inTurn, baseline: inTurn)
        let baseline = try #require(report.virtualServices[0].baseline)
        #expect(baseline.verdict == .pass)
        #expect(baseline.assignments == 999)
        #expect(baseline.auditClosed)
        #expect(
            baseline.comparisons.map(\.measure) == [
                "promise", "unexplained", "max_share_error", "repeats", "p50(real_server_connect)",
            ])
        #expect(baseline.comparisons.allSatisfy { $0.change == .same })
        #expect(baseline.comparisons.map(\.test) == [nil, .fisherExact, .homogeneity, .fisherExact, .mannWhitney])
        #expect(
            baseline.comparisons.map(\.samples) == [[999, 999], [999, 999], [999, 999], [998, 998], [999, 999]])
    }

    @Test func `from in turn to at random is worse, and back is better`() throws {
        let atRandom = Synthetic.complete(random(999, seed: 1))
        let worse = try compare(atRandom, with: inTurn)
        let better = try compare(inTurn, with: atRandom)
        for measure in ["promise", "unexplained", "repeats"] {
            #expect(worse[measure]?.change == .worse, "\(measure)")
            #expect(better[measure]?.change == .better, "\(measure)")
        }
        // The counts alone do not tell.
        #expect(worse["max_share_error"]?.change == .same)
    }

    @Test func `uneven shares are worse than even ones, and even ones better`() throws {
        let uneven = Synthetic.complete(random(999, seed: 2, weights: [2, 1, 1]))
        #expect(try compare(uneven, with: inTurn)["max_share_error"]?.change == .worse)
        let better = try compare(inTurn, with: uneven)["max_share_error"]
        #expect(better?.change == .better)
        #expect((better?.p ?? 1) < 1e-6)
    }

    @Test func `shares under other weights are not compared`() throws {
        let weighted = Synthetic.complete(
            random(999, seed: 2, weights: [2, 1, 1]),
            configurations: [Synthetic.configuration([(3, 1), (2, 1), (1, 2)], scheduler: .weightedRoundRobin)])
        let shares = try compare(weighted, with: inTurn)["max_share_error"]
        #expect(shares?.change == .inconclusive)
        #expect(shares?.detail.contains("due shares") == true)
    }

    @Test func `slower answers are worse, quicker ones better, and a hair is the same`() throws {
        // Times are 200 to 299 µs.
        let measure = "p50(real_server_connect)"
        #expect(try compare(slowed(inTurn, by: 20_000), with: inTurn)[measure]?.change == .worse)
        #expect(try compare(inTurn, with: slowed(inTurn, by: 20_000))[measure]?.change == .better)
        let hair = try compare(slowed(inTurn, by: 1_000), with: inTurn)[measure]
        #expect(hair?.change == .same)
        #expect(hair?.value == 0.00025)
        #expect(hair?.baseline == 0.000249)
    }

    @Test func `too little evidence is inconclusive`() throws {
        let few = Synthetic.complete(Synthetic.roundRobin(9))
        let compared = try compare(few, with: inTurn)
        #expect(compared["max_share_error"]?.change == .inconclusive)
        #expect(compared["p50(real_server_connect)"]?.change == .inconclusive)
        let none = try compare(inTurn, with: Synthetic.complete([]))
        #expect(none.values.allSatisfy { $0.change == .inconclusive })
        var other = inTurn
        other.virtualServices[0].identity = .firewallMark(1, isIPv6: false)
        #expect(Judge.verdict(on: inTurn, baseline: other).virtualServices[0].baseline == nil)
    }

    @Test func `a difference by chance is called one in a hundred times at most`() throws {
        var wrong = 0
        for seed in 0..<200 {
            let first = Synthetic.complete(random(300, seed: UInt64(seed)))
            let second = Synthetic.complete(random(300, seed: UInt64(seed + 1000)))
            let compared = try compare(second, with: first)
            if compared["max_share_error"]?.change != .same || compared["repeats"]?.change != .same { wrong += 1 }
        }
        // Two tests of one in a hundred each: four are to be expected, and eleven come in one of a thousand trials.
        #expect(wrong <= 11)
    }
}
