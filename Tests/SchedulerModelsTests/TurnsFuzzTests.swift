import SchedulerModels
import TestSupport
import Testing

/// The model beside a simulated kernel whose list, weights and overload flags change at random, and which is read
/// only now and then.
@Suite struct TurnsFuzzTests {
    /// What may happen between two readings of the kernel.
    enum Changes: Sendable, CaseIterable {
        case none
        /// One of: a server added, deleted, edited, or deleted and added again.
        case one
        /// Up to three servers added, deleted or edited, each once: what two readings cannot show, nobody could tell.
        case several
    }

    private enum Operation: CaseIterable {
        case add, remove, edit, replace
    }

    private func apply<Kernel: SimulatedKernel>(
        _ operation: Operation, to kernel: inout Kernel, heaviest: Int32, newServer: Int, touched: inout Set<Int>,
        random: inout SeededGenerator
    ) {
        let place = kernel.list.indices.filter { !touched.contains(kernel.list[$0].server) }.randomElement(
            using: &random)
        touched.insert(newServer)
        if let place { touched.insert(kernel.list[place].server) }
        switch (operation, place) {
        case (.remove, let place?):
            kernel.remove(at: place)
        case (.edit, let place?):
            let weights = (0...heaviest).filter { !Kernel.minds || $0 != kernel.list[place].weight }
            kernel.edit(at: place, weight: weights.randomElement(using: &random)!)
        case (.replace, let place?) where place > 0:
            let destination = kernel.list[place]
            kernel.remove(at: place)
            kernel.add(destination)
        case (.add, _), (_, nil), (.replace, _):
            kernel.add(
                .init(
                    server: newServer, weight: .random(in: 0...heaviest, using: &random),
                    hasUpperThreshold: .random(using: &random)
                ))
        }
    }

    /// - Returns: The violations that the model saw in blocks of ten assignments, between which the kernel was read.
    private func campaign<Kernel: SimulatedKernel>(
        _: Kernel.Type, seed: UInt64, changes: Changes, heaviest: Int32
    ) -> [Violation] {
        var random = SeededGenerator(seed: seed)
        var nextServer = Int.random(in: 1...5, using: &random)
        var kernel = Kernel(
            (0..<nextServer).map {
                .init(
                    server: $0, weight: .random(in: 0...heaviest, using: &random),
                    hasUpperThreshold: .random(using: &random))
            })
        for _ in 0..<Int.random(in: 0...4, using: &random) { _ = kernel.schedule() }

        var model = Kernel.Model(attachedTo: kernel.candidates)
        var violations: [Violation] = []
        for _ in 0..<40 {
            let before = kernel.candidates
            var changeAt: [Int: Operation] = [:]
            switch changes {
            case .none: break
            case .one: changeAt[.random(in: 0..<10, using: &random)] = Operation.allCases.randomElement(using: &random)
            case .several:
                for _ in 0..<3 {
                    changeAt[.random(in: 0..<10, using: &random)] = [.add, .remove, .edit].randomElement(using: &random)
                }
            }
            var choices: [Int?] = []
            var touched: Set<Int> = []
            for step in 0..<10 {
                for place in kernel.list.indices {
                    kernel.setOverloaded(Double.random(in: 0..<1, using: &random) < 0.2, at: place)
                }
                if let operation = changeAt[step] {
                    apply(
                        operation, to: &kernel, heaviest: heaviest, newServer: nextServer, touched: &touched,
                        random: &random)
                    nextServer += 1
                }
                guard let choice = kernel.schedule() else { continue }
                choices.append(Double.random(in: 0..<1, using: &random) < 0.05 ? nil : choice)
            }

            if kernel.candidates != before { model.beginChange(to: kernel.candidates) }
            for choice in choices {
                if let choice {
                    if case .violation(let violation) = model.observe(choice) { violations.append(violation) }
                } else {
                    model.observeUnseen()
                }
            }
            model.endChange()
        }
        return violations
    }

    @Test(arguments: Changes.allCases)
    func `round robin is never accused`(changes: Changes) {
        for seed in 0..<200 {
            let violations = campaign(KernelRoundRobin.self, seed: UInt64(seed), changes: changes, heaviest: 2)
            #expect(violations.isEmpty, "seed \(seed): \(violations)")
        }
    }

    @Test(arguments: Changes.allCases, [2, 6, 40])
    func `weighted round robin is never accused`(changes: Changes, heaviest: Int32) {
        for seed in 0..<100 {
            let violations = campaign(
                KernelWeightedRoundRobin.self, seed: UInt64(seed), changes: changes, heaviest: heaviest)
            #expect(violations.isEmpty, "seed \(seed), weights up to \(heaviest): \(violations)")
        }
    }

    @Test func `choices at random are found out`() {
        var random = SeededGenerator(seed: 7)
        let candidates = (0..<3).map { SchedulingCandidate(server: $0, weight: 1) }
        for _ in 0..<50 {
            var model = RoundRobin(attachedTo: candidates)
            var violations = 0
            for _ in 0..<100 {
                if case .violation = model.observe(.random(in: 0..<3, using: &random)) { violations += 1 }
            }
            #expect((40...90).contains(violations))
        }
    }

    @Test(arguments: 2...6)
    func `the unseen assignments of a lossy sequence are never overestimated`(servers: Int) {
        for seed in 0..<50 {
            var random = SeededGenerator(seed: UInt64(seed))
            var model = RoundRobin(attachedTo: (0..<servers).map { SchedulingCandidate(server: $0, weight: 1) })
            var lost = 0
            var needed = 0
            for step in 0..<500 {
                guard Double.random(in: 0..<1, using: &random) >= 0.1 else {
                    lost += 1
                    continue
                }
                if case .violation(let violation) = model.observe(step % servers) {
                    needed += violation.unseenToExplain ?? .max
                }
            }
            #expect(needed <= lost)
            #expect(needed > 0)
        }
    }
}
