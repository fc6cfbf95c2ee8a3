import Balance
import IPVSModel
import Testing

/// The best there can be, beside the best of all there are.
@Suite struct IdealFairnessTests {
    /// Calls `body` with every order of `total` assignments to `servers` servers.
    private func everyOrder(_ total: Int, _ servers: Int, _ body: ([Int]) -> Void) {
        var choices = Array(repeating: 0, count: total)
        while true {
            body(choices)
            var place = 0
            while place < total, choices[place] == servers - 1 {
                choices[place] = 0
                place += 1
            }
            guard place < total else { return }
            choices[place] += 1
        }
    }

    @Test(arguments: [[1.0, 1], [1, 1, 1], [3, 1], [2, 1, 1]], [1, 2, 5, 7, 8])
    func `no order does better than the best, and some order attains it`(weights: [Double], total: Int) throws {
        let sum = weights.reduce(0, +)
        let dues = weights.map { $0 / sum }
        let ideal = FairnessReference.ideal(total: total, dues: dues)
        var best = (share: Double.infinity, prefix: Double.infinity)
        // By counts: the shortest run and the fewest repeats.
        var orders: [[Int]: (run: Int, repeats: Int)] = [:]
        everyOrder(total, dues.count) { choices in
            var counts = Array(repeating: 0, count: dues.count)
            var (prefix, run, longest, repeats) = (0.0, 0, 0, 0)
            for (place, choice) in choices.enumerated() {
                counts[choice] += 1
                run = place > 0 && choices[place - 1] == choice ? run + 1 : 1
                repeats += run > 1 ? 1 : 0
                longest = max(longest, run)
                for server in dues.indices {
                    prefix = max(prefix, abs(Double(counts[server]) - Double(place + 1) * dues[server]))
                }
            }
            let share = dues.indices.map { abs(Double(counts[$0]) / Double(total) - dues[$0]) }.max() ?? 0
            best = (min(best.share, share), min(best.prefix, prefix))
            let known = orders[counts.sorted()] ?? (Int.max, Int.max)
            orders[counts.sorted()] = (min(known.run, longest), min(known.repeats, repeats))
        }
        #expect(abs((ideal.maxShareError ?? 9) - best.share) < 1e-12)
        #expect((ideal.prefixDiscrepancy ?? 9) <= best.prefix + 1e-12)
        if Set(weights).count == 1 { #expect(abs((ideal.prefixDiscrepancy ?? 9) - best.prefix) < 1e-12) }
        // Of the orders with the counts that are due.
        let apportioned = orders.filter { counts, _ in
            let errors = zip(counts, dues.sorted()).map { abs(Double($0) / Double(total) - $1) }
            return (errors.max() ?? 9) <= best.share + 1e-12
        }
        #expect(apportioned.contains { Double($0.value.run) == ideal.longestRun })
        #expect(apportioned.contains { Double($0.value.repeats) == ideal.repeats })
    }

    @Test func `what is measured is never better than the best`() {
        for total in 1...60 {
            let measured = Judge.verdict(on: Synthetic.complete(Synthetic.roundRobin(total))).virtualServices[0]
                .fairness
            #expect((measured.jain ?? 9) <= (measured.ideal.jain ?? 0) + 1e-12)
            #expect((measured.maxShareError ?? 0) >= (measured.ideal.maxShareError ?? 9) - 1e-12)
            #expect(measured.longestRun == measured.ideal.longestRun.map(Int.init))
            #expect(measured.repeats == measured.ideal.repeats.map(Int.init))
        }
    }

    @Test func `an outcome that is luckier than the apportionment is the best there can be`() {
        let lucky = Array(repeating: 1, count: 13) + [2, 2, 3, 3]
        let configuration = Synthetic.configuration([(1, 5), (2, 1), (3, 1)], scheduler: .weightedRoundRobin)
        let fairness = Judge.verdict(on: Synthetic.complete(lucky, configurations: [configuration])).virtualServices[0]
            .fairness
        let apportioned = FairnessReference.ideal(total: 17, dues: [5.0 / 7, 1.0 / 7, 1.0 / 7])
        #expect((fairness.jain ?? 0) > (apportioned.jain ?? 9))
        #expect(fairness.ideal.jain == fairness.jain)
        #expect(fairness.ideal.jain == fairness.jainCeiling)
    }
}
