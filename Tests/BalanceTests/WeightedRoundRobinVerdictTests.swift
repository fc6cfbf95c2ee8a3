import Balance
import IPVSModel
import Testing

private func judge(_ evidence: RunEvidence) -> ServiceVerdict { Judge.verdict(on: evidence).virtualServices[0] }

/// Servers 1, 2 and 3 of weights 4, 3 and 2, listed 3, 2, 1: one round is 1, 21, 321, 321.
@Suite struct WeightedRoundRobinVerdictTests {
    static let round = [1, 2, 1, 3, 2, 1, 3, 2, 1]

    static func configuration(
        _ weights: [Int32] = [2, 3, 4], between notBefore: Double = 0, and seen: Double = 0,
        scheduler: Scheduler = .weightedRoundRobin
    ) -> ServiceConfiguration {
        Synthetic.configuration(
            [(3, weights[0]), (2, weights[1]), (1, weights[2])], between: notBefore, and: seen, scheduler: scheduler)
    }

    /// Choices from the middle of a round on.
    static func choices(_ count: Int, from start: Int = 4) -> [Int] { (0..<count).map { round[($0 + start) % 9] } }

    @Test(arguments: 0..<9)
    func `rounds from any beginning pass, and weights are what is due`(start: Int) {
        let service = judge(
            Synthetic.complete(Self.choices(900, from: start), configurations: [Self.configuration()]))
        #expect(service.verdict == .pass)
        #expect(service.conformance.model == "wrr")
        #expect(service.conformance.checked == 900)
        #expect(service.realServers.map(\.assignments) == [400, 300, 200])
        #expect(service.realServers.map(\.expected) == [400, 300, 200])
    }

    @Test(arguments: [100, 500, 897])
    func `one connection that went elsewhere fails and is named`(index: Int) {
        let kernel = Self.choices(900)
        for other in 1...3 where other != kernel[index] {
            var captured = kernel
            captured[index] = other
            let service = judge(
                Synthetic.evidence(
                    kernel: kernel, captured: Synthetic.assignments(captured), configurations: [Self.configuration()]))
            #expect(service.verdict == .fail)
            let found = service.conformance.unexplained[0]
            #expect(found.number == index + 1)
            #expect(found.actual == Synthetic.server(other))
            #expect(found.expected == [Synthetic.server(kernel[index])])
        }
    }

    /// `ipvsadm -e` with the weight that a real server has: the cursor is at the head, and nothing tells.
    @Test(arguments: 100..<118)
    func `a round that begins anew without a visible cause leaves the verdict open`(count: Int) {
        var kernel = KernelOrder(weights: [4, 3, 2])
        var choices = (0..<count).map { _ in kernel.next() }
        kernel.begin()
        choices += (0..<400).map { _ in kernel.next() }
        let service = judge(Synthetic.complete(choices, configurations: [Self.configuration()]))
        let open = service.verdict == .inconclusive && service.reasons[0].contains("edited to what it was (ipvsadm -e)")
        // The round may just have begun, or go on as if it had not begun anew.
        #expect(open || service.verdict == .pass && service.conformance.unexplained.isEmpty)
    }

    /// What the kernel does, servers 3, 2 and 1 being in the list in this order.
    private struct KernelOrder {
        let weights: [Int]
        private var level: Int
        private var cursor = -1

        init(weights: [Int]) {
            self.weights = weights
            level = weights.max()!
        }

        /// The cursor is at the head; the pass goes on.
        mutating func begin() { cursor = -1 }

        mutating func next() -> Int {
            while true {
                cursor += 1
                if cursor == 3 { (cursor, level) = (0, level == 1 ? weights.max()! : level - 1) }
                let server = 3 - cursor
                if weights[server - 1] >= level { return server }
            }
        }
    }

    @Test func `two rounds are needed`() {
        let few = judge(Synthetic.complete(Self.choices(17), configurations: [Self.configuration()]))
        #expect(few.verdict == .inconclusive)
        #expect(few.reasons == ["too few connections: 17, and 2 rounds over 3 real servers take 18"])
        #expect(judge(Synthetic.complete(Self.choices(18), configurations: [Self.configuration()])).verdict == .pass)
    }

    @Test func `a connection that was lost leaves the verdict open, and how many is only known to be so many`() {
        let kernel = Self.choices(900)
        var captured = Synthetic.assignments(kernel)
        captured.remove(at: 450)
        let service = judge(
            Synthetic.evidence(kernel: kernel, captured: captured, configurations: [Self.configuration()]))
        #expect(service.verdict == .inconclusive)
        #expect(service.reasons[0].contains("at least 1 unaccounted connection would explain that"))
    }

    @Test func `an edited weight sends the scheduler to the head of the list, in the same pass`() {
        // After 452 connections the pass at weight 3 has served 3 and 2 of a round at 4, 3 and 2 …
        let before = Self.choices(452, from: 0)
        #expect(Array(before.suffix(2)) == [1, 2])
        // … and begins again at the list's head, where server 1 has come down to 3.
        let round = [2, 1, 3, 2, 1, 3, 2, 1]
        let after = (0..<448).map { round[$0 % 8] }
        let settings = [Self.configuration(), Self.configuration([2, 3, 3], between: 4.521, and: 4.525)]
        let service = judge(Synthetic.complete(before + after, configurations: settings))
        #expect(service.verdict == .pass)
        #expect(service.conformance.explained.map(\.count) == [0])

        let late = judge(Synthetic.complete(before + after.dropFirst(), configurations: settings))
        #expect(late.verdict == .fail)
        #expect(late.conformance.unexplained.first?.number == 453)
    }

    @Test func `bound to a service that had another scheduler it begins with the heaviest`() {
        let before = Synthetic.roundRobin(50)
        let settings = [
            Self.configuration(scheduler: .roundRobin), Self.configuration(between: 0.501, and: 0.505),
        ]
        #expect(
            judge(Synthetic.complete(before + Self.choices(50, from: 0), configurations: settings)).verdict == .pass)
        let shifted = judge(Synthetic.complete(before + Self.choices(50, from: 3), configurations: settings))
        #expect(shifted.verdict == .fail)
        #expect(shifted.conformance.unexplained[0].number == 51)
    }
}
