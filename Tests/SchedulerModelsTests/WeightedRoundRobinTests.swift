import SchedulerModels
import TestSupport
import Testing

/// Servers 30, 20 and 10, added in the order 10, 20, 30.
private func weighted(_ ten: Int32, _ twenty: Int32, _ thirty: Int32) -> [SchedulingCandidate] {
    list((30, thirty), (20, twenty), (10, ten))
}

extension WeightedRoundRobin {
    /// A service made as administrators make it: bound while empty, then one server after the other.
    fileprivate init(adding candidates: [SchedulingCandidate]) {
        self.init(startingWith: [])
        for count in 1...candidates.count { change(to: Array(candidates.suffix(count))) }
    }
}

@Suite struct WeightedRoundRobinTests {
    /// Weights of servers 10, 20 and 30, and the order of a kernel 6.1.
    static let sequences: [([Int32], [Int])] = [
        ([1, 2, 3], [30, 20, 10, 30, 30, 20, 30, 20, 10, 30, 30, 20]),
        ([2, 4, 6], [30, 20, 10, 30, 30, 20, 30, 20, 10, 30, 30, 20]),
        ([4, 3, 2], [30, 20, 10, 10, 20, 10]),
        ([5, 1, 1], [30, 20, 10, 10, 10, 10, 10, 30, 20, 10]),
    ]

    @Test(arguments: sequences)
    func `a service made server by server begins where the kernel does`(weights: [Int32], order: [Int]) {
        var model = WeightedRoundRobin(adding: weighted(weights[0], weights[1], weights[2]))
        let first = model.observe(all: order)
        #expect(first.allSatisfy { $0 == .conforming }, "\(first)")
        let next = [30, 20, 10].filter { server in
            var copy = model
            return copy.observe(server) == .conforming
        }
        #expect(next.count == 1, "nothing is left open")
    }

    @Test func `bound to a list it has, it begins with the heaviest`() {
        var model = WeightedRoundRobin(startingWith: weighted(4, 3, 2))
        #expect(model.observe(all: [10, 20, 10, 30, 20, 10, 30, 20, 10, 10]).allSatisfy { $0 == .conforming })
        var wrong = WeightedRoundRobin(startingWith: weighted(4, 3, 2))
        #expect(wrong.observe(30) == .violation(Violation(expected: [10], unseenToExplain: 1)))
    }

    @Test(arguments: [(4, 3, 2), (5, 1, 1), (1, 1, 1), (7, 3, 5), (40, 20, 1)] as [(Int32, Int32, Int32)])
    func `attached in mid-stream, one period tells who is next`(ten: Int32, twenty: Int32, thirty: Int32) {
        let candidates = weighted(ten, twenty, thirty)
        let period = WeightedRoundRobin.period(of: ScheduledService(candidates: candidates))
        for start in 0..<period {
            var kernel = KernelWeightedRoundRobin(
                candidates.map { SimulatedDestination(server: $0.server, weight: $0.weight) })
            for _ in 0..<start { _ = kernel.schedule() }
            var model = WeightedRoundRobin(attachedTo: candidates)
            for _ in 0..<period { #expect(model.observe(kernel.schedule()!) == .conforming) }
            let next = kernel.schedule()!
            for server in [10, 20, 30] where server != next {
                var wrong = model
                guard case .violation(let violation) = wrong.observe(server) else {
                    Issue.record("\(server) was allowed after \(start)")
                    continue
                }
                #expect(violation.expected == [next])
            }
        }
    }

    @Test func `the period is the sum of the weights by their greatest common divisor`() {
        let period = { WeightedRoundRobin.period(of: ScheduledService(candidates: $0)) }
        #expect(period(weighted(4, 3, 2)) == 9)
        #expect(period(weighted(20, 40, 60)) == 6)
        #expect(period(weighted(0, 40, -1)) == 1)
        #expect(period(weighted(0, 0, 0)) == 0)
        #expect(period([]) == 0)
    }

    @Test func `a server of weight 0 cannot be explained by unseen assignments`() {
        var model = WeightedRoundRobin(startingWith: weighted(2, 0, 1))
        #expect(model.observe(20) == .violation(Violation(expected: [10], unseenToExplain: nil)))
        #expect(model.observe(99) == .violation(Violation(expected: [30, 10], unseenToExplain: nil)))
        #expect(model.observe(30) == .conforming)
    }

    @Test func `a list without weights expects nobody`() {
        for candidates in [weighted(0, 0, 0), []] {
            var model = WeightedRoundRobin(attachedTo: candidates)
            #expect(model.observe(30) == .violation(Violation(expected: [], unseenToExplain: nil)))
            model.observeUnseen()
            model.change(to: weighted(1, 2, 3))
            #expect(model.observe(30) == .conforming)
        }
    }

    @Test func `an unseen choice may have been made or not`() {
        for next in [20, 10] {
            var model = WeightedRoundRobin(startingWith: weighted(1, 1, 1))
            _ = model.observe(30)
            model.observeUnseen()
            #expect(model.observe(next) == .conforming)
        }
        var model = WeightedRoundRobin(startingWith: weighted(1, 1, 1))
        _ = model.observe(30)
        model.observeUnseen()
        #expect(model.observe(30) == .violation(Violation(expected: [20, 10], unseenToExplain: 1)))
    }

    @Test func `an edit goes back to the head of the list at the same weight`() {
        var model = WeightedRoundRobin(startingWith: weighted(3, 3, 3))
        #expect(model.observe(all: [30, 20]) == [.conforming, .conforming])
        model.change(to: weighted(3, 3, 2))
        // cw is 1 of 3, 3, 3 in steps of 3: the last pass of 3, 3, 2.
        #expect(model.observe(all: [30, 20, 10, 20, 10, 30, 20, 10]).allSatisfy { $0 == .conforming })
    }

    @Test func `while a change is pending both lists hold, afterwards only the new one`() {
        var model = WeightedRoundRobin(startingWith: weighted(1, 1, 1))
        _ = model.observe(30)
        model.beginChange(to: weighted(1, 0, 1))
        #expect(model.observe(20) == .conforming)
        #expect(model.observe(30) == .permitted(.configurationChange))
        #expect(model.observe(99) == .violation(Violation(expected: [30, 20, 10], unseenToExplain: nil)))
        model.endChange()
        #expect(model.observe(20) == .violation(Violation(expected: [30, 10], unseenToExplain: nil)))
    }

    @Test func `a server with an upper threshold may be passed over, at all its turns or at none`() {
        let candidates = [
            SchedulingCandidate(server: 30, weight: 3, hasUpperThreshold: true),
            SchedulingCandidate(server: 20, weight: 1),
            SchedulingCandidate(server: 10, weight: 2),
        ]
        // 30 | 30 10 | 30 20 10
        var model = WeightedRoundRobin(startingWith: candidates)
        #expect(model.observe(10) == .permitted(.overload))
        #expect(model.observe(20) == .permitted(.overload))
        #expect(model.observe(all: [10, 30, 30]) == [.conforming, .conforming, .conforming])
        #expect(model.observe(20) == .violation(Violation(expected: [10], unseenToExplain: 1)))
    }

    @Test func `choices at random are found out`() {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<50 {
            var model = WeightedRoundRobin(attachedTo: weighted(4, 3, 2))
            var violations = 0
            for _ in 0..<100 {
                if case .violation = model.observe([10, 20, 30].randomElement(using: &random)!) { violations += 1 }
            }
            #expect((20...90).contains(violations))
        }
    }

    @Test func `the unseen assignments of a lossy sequence are never overestimated`() {
        for seed in 0..<30 {
            var random = SeededGenerator(seed: UInt64(seed))
            let weights = (0..<3).map { _ in Int32.random(in: 1...5, using: &random) }
            let candidates = weighted(weights[0], weights[1], weights[2])
            var kernel = KernelWeightedRoundRobin(
                candidates.map { SimulatedDestination(server: $0.server, weight: $0.weight) })
            var model = WeightedRoundRobin(attachedTo: candidates)
            var lost = 0
            var needed = 0
            for _ in 0..<500 {
                let choice = kernel.schedule()!
                guard Double.random(in: 0..<1, using: &random) >= 0.1 else {
                    lost += 1
                    continue
                }
                if case .violation(let violation) = model.observe(choice) {
                    needed += violation.unseenToExplain ?? .max
                }
            }
            #expect(needed <= lost)
            #expect(needed > 0)
        }
    }
}
