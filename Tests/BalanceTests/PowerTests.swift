import Balance
import IPVSModel
import TestSupport
import Testing

/// How often a verdict is right, over simulated assignments.
@Suite struct PowerTests {
    private func random(_ count: Int, seed: Int) -> [Int] {
        var generator = SeededGenerator(seed: UInt64(seed))
        return (0..<count).map { _ in .random(in: 1...3, using: &generator) }
    }

    /// Round robin over `servers`, beginning anywhere.
    private func inTurn(_ count: Int, seed: Int, servers: Int = 3) -> [Int] {
        Array(Synthetic.roundRobin(count + seed % servers, servers: servers).suffix(count))
    }

    /// Round robin with one assignment and the one after it exchanged.
    private func swapped(_ count: Int, seed: Int) -> [Int] {
        var generator = SeededGenerator(seed: UInt64(seed) + 77)
        var servers = inTurn(count, seed: seed)
        let place = Int.random(in: 0..<(count - 1), using: &generator)
        servers.swapAt(place, place + 1)
        return servers
    }

    /// Judges simulated runs, and keeps what became of them.
    private func judge(
        _ place: Int, _ what: String, _ evidence: (Int) -> RunEvidence?
    ) throws -> [ServiceVerdict] {
        let verdicts = (0..<PowerTrials.runs).compactMap { evidence($0) }.map {
            Judge.verdict(on: $0).virtualServices[0]
        }
        try PowerTrials.keep(
            place, what, Dictionary(verdicts.map { ($0.verdict.rawValue, 1) }, uniquingKeysWith: +))
        return verdicts
    }

    @Test func `real round robin passes every time`() throws {
        let verdicts = try judge(1, "round robin, 1000 connections") { Synthetic.complete(inTurn(1000, seed: $0)) }
        #expect(verdicts.count == PowerTrials.runs)
        #expect(verdicts.allSatisfy { $0.verdict == .pass && $0.fairness.pattern == .roundRobin })
    }

    @Test func `one exchange in a thousand assignments fails every time`() throws {
        let verdicts = try judge(2, "round robin, two neighbours among 1000 exchanged") {
            Synthetic.complete(swapped(1000, seed: $0))
        }
        #expect(verdicts.allSatisfy { $0.verdict == .fail && $0.fairness.pattern == .roundRobin })
    }

    @Test func `choices at random fail every time, and are named`() throws {
        let verdicts = try judge(3, "random, 1000 connections") { Synthetic.complete(random(1000, seed: $0)) }
        #expect(verdicts.allSatisfy { $0.verdict == .fail })
        let named = verdicts.filter { verdict in
            verdict.fairness.pattern == .random
                && verdict.reasons.contains { $0.hasSuffix("this looks like random balancing, not like rr") }
        }
        // Two tests of one in a thousand each.
        #expect(named.count >= verdicts.count - max(1, verdicts.count / 100))
    }

    @Test func `the fewest connections that can pass let chance pass once in 243 times`() throws {
        // Three of the 3⁶ orders of six are in turn.
        let verdicts = try judge(4, "random, 6 connections, the fewest that can pass") {
            Synthetic.complete(random(6, seed: $0))
        }
        let passed = verdicts.count { $0.verdict == .pass }
        #expect(passed <= 2 + 3 * verdicts.count / 243)
    }

    @Test func `a hundredth of the packets lost never makes round robin fail, nor pass unseen`() throws {
        let verdicts = try judge(5, "round robin, 1 % of packets lost") {
            Synthetic.lossy(inTurn(1000, seed: $0), seed: UInt64($0), probability: 0.01)
        }
        #expect(verdicts.allSatisfy { $0.verdict == .inconclusive })
    }

    @Test func `a hundredth of the packets lost never lets an exchange pass`() throws {
        let verdicts = try judge(6, "round robin, two neighbours exchanged, 1 % of packets lost") {
            Synthetic.lossy(swapped(1000, seed: $0), seed: UInt64($0), probability: 0.01)
        }
        #expect(verdicts.allSatisfy { $0.verdict != .pass })
    }

    @Test func `a hundredth of the packets lost never lets random choices pass, and most still fail`() throws {
        let verdicts = try judge(7, "random, 1 % of packets lost") {
            Synthetic.lossy(random(1000, seed: $0), seed: UInt64($0), probability: 0.01)
        }
        #expect(verdicts.allSatisfy { $0.verdict != .pass })
        #expect(verdicts.count { $0.verdict == .fail } * 10 >= verdicts.count * 9)
    }

    @Test func `round robin through several receive queues passes every time`() throws {
        let verdicts = try judge(10, "round robin, half within 40 µs of the one before, 1 % of these exchanged") {
            Synthetic.queued(inTurn(1000, seed: $0), share: 0.01, seed: UInt64($0) + 99).evidence()
        }
        #expect(verdicts.allSatisfy { $0.verdict == .pass && $0.fairness.pattern == .roundRobin })
    }

    @Test func `choices at random do not hide behind receive queues`() throws {
        let verdicts = try judge(11, "random, every one within 10 µs of the one before") {
            Synthetic.captured(random(1000, seed: $0), gap: 10e-6).evidence()
        }
        #expect(verdicts.allSatisfy { $0.verdict == .fail })
    }
}
