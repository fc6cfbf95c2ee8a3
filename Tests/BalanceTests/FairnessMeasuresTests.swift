import Balance
import IPVSModel
import TestSupport
import Testing

@Suite struct FairnessMeasuresTests {
    private func isClose(_ value: Double?, _ reference: Double, _ tolerance: Double = 1e-12) -> Bool {
        value.map { abs($0 - reference) <= tolerance * max(1, abs(reference)) } ?? false
    }

    @Test func `a thousand connections in turn over three servers are as even as can be`() {
        let measures = FairnessMeasures(counts: [334, 333, 333], expected: [1000 / 3, 1000 / 3, 1000 / 3])
        // 1000² / (3 (334² + 2·333²)), and r(n − r)/N = 2/1000.
        #expect(isClose(measures.jain, 1_000_000 / (3 * (111_556 + 2 * 110_889))))
        #expect(measures.jainCeiling == measures.jain)
        #expect(isClose(measures.chiSquare, 0.002, 1e-9))
        #expect(isClose(measures.maxShareError, 2.0 / 3 / 1000))
        #expect(isClose(measures.pUpper, 0.999000499833375, 1e-9))
        #expect(isClose(measures.pLower, 0.000999500166625, 1e-9))
        #expect(measures.degreesOfFreedom == 2)
    }

    @Test func `one server with all connections is as uneven as can be`() {
        let measures = FairnessMeasures(counts: [30, 0, 0], expected: [10, 10, 10])
        #expect(isClose(measures.jain, 1.0 / 3))
        #expect(isClose(measures.coefficientOfVariation, 2.0.squareRoot()))
        #expect(isClose(measures.maxOverMean, 3))
        #expect(isClose(measures.maxShareError, 2.0 / 3))
    }

    @Test func `shares are measured against weights`() {
        let measures = FairnessMeasures(counts: [100, 200, 300], expected: [100, 200, 300])
        #expect(isClose(measures.jain, 1))
        #expect(isClose(measures.jainCeiling, 1))
        #expect(isClose(measures.chiSquare, 0))
        #expect(isClose(measures.pUpper, 1))
        #expect(isClose(measures.pLower, 0))
    }

    @Test func `connections to a server that should have none have no p-value`() {
        let measures = FairnessMeasures(counts: [10, 10, 1], expected: [10.5, 10.5, 0])
        #expect(measures.chiSquare == nil)
        #expect(measures.pUpper == nil)
        #expect(isClose(measures.maxShareError, 1.0 / 21))
    }

    @Test(arguments: [
        ([0, 0], [0.0, 0.0]), ([5], [5.0]), ([0, 4], [4.0, 0.0]), ([], []),
    ])
    func `nothing measured is not a number`(counts: [Int], expected: [Double]) {
        let measures = FairnessMeasures(counts: counts, expected: expected)
        let values = [
            measures.jain, measures.jainCeiling, measures.maxShareError, measures.chiSquare, measures.pUpper,
            measures.pLower, measures.maxOverMean, measures.coefficientOfVariation,
        ]
        #expect(values.allSatisfy { $0?.isFinite ?? true })
        #expect(measures.pUpper == nil)
    }

    /// The best Jain's index of all ways to spread `total` over three weights.
    private func bestJain(total: Int, weights: [Double]) -> Double {
        var best = 0.0
        for a in 0...total {
            for b in 0...(total - a) {
                best = max(best, FairnessMeasures.jain(zip([a, b, total - a - b], weights).map { Double($0) / $1 }))
            }
        }
        return best
    }

    @Test func `with equal weights no whole numbers beat the ceiling`() {
        for total in 1...40 {
            let best = bestJain(total: total, weights: [1, 1, 1])
            #expect(isClose(FairnessMeasures.jainCeiling(total: total, due: [1, 1, 1]), best), "\(total)")
        }
    }

    @Test(arguments: [[4.0, 3, 2], [5, 1, 1], [1, 2, 3], [3, 3, 1]])
    func `with unequal weights the ceiling is near the best, and no outcome is above it`(weights: [Double]) {
        for total in [50, 100, 101, 102] {
            let best = bestJain(total: total, weights: weights)
            let ceiling = FairnessMeasures.jainCeiling(total: total, due: weights)
            #expect(ceiling <= best + 1e-12)
            #expect(best - ceiling < 0.003, "\(total) over \(weights)")
        }
        let lucky = FairnessMeasures(counts: [13, 2, 2], expected: [85.0 / 7, 17.0 / 7, 17.0 / 7])
        #expect((lucky.jain ?? 2) <= (lucky.jainCeiling ?? 0))
    }

    @Test(arguments: 2...7)
    func `round robin strays by 1 − 1/n at most`(servers: Int) {
        let configuration = Synthetic.configuration((1...servers).reversed().map { ($0, 1) })
        let report = Judge.verdict(
            on: Synthetic.complete(Synthetic.roundRobin(1000, servers: servers), configurations: [configuration]))
        #expect(isClose(report.virtualServices[0].fairness.prefixDiscrepancy, 1 - 1 / Double(servers), 1e-9))
        #expect(report.virtualServices[0].fairness.longestRun == 1)
    }

    @Test func `the discrepancy is the largest over all prefixes and servers`() {
        var random = SeededGenerator(seed: 5)
        for _ in 0..<20 {
            let choices = (0..<200).map { _ in Int.random(in: 1...3, using: &random) }
            let configuration = Synthetic.configuration([(3, 3), (2, 2), (1, 1)], scheduler: .weightedRoundRobin)
            var worst = 0.0
            var counts = [0, 0, 0, 0]
            for (index, choice) in choices.enumerated() {
                counts[choice] += 1
                for server in 1...3 {
                    worst = max(worst, abs(Double(counts[server]) - Double(index + 1) * Double(server) / 6))
                }
            }
            let report = Judge.verdict(on: Synthetic.complete(choices, configurations: [configuration]))
            #expect(isClose(report.virtualServices[0].fairness.prefixDiscrepancy, worst, 1e-9))
        }
    }

    @Test func `the longest run is the most assignments in a row to one server`() {
        let report = Judge.verdict(on: Synthetic.complete([3, 2, 2, 2, 1, 1, 0, 1, 1, 1, 0, 1]))
        #expect(report.virtualServices[0].fairness.longestRun == 3)
    }

    @Test func `round robin ignores weights above 0, others do not`() {
        let weights: [(number: Int, weight: Int32)] = [(3, 3), (2, 0), (1, 1)]
        let expected = { (scheduler: Scheduler) in
            Judge.verdict(
                on: Synthetic.complete(
                    [3, 1, 3, 1], configurations: [Synthetic.configuration(weights, scheduler: scheduler)])
            ).virtualServices[0].realServers.map(\.expected)
        }
        #expect(expected(.roundRobin) == [2, 0, 2])
        #expect(expected(.weightedLeastConnection) == [1, 0, 3])
    }

    @Test func `what a server should have had follows the configuration`() {
        // Server 2 goes to weight 0 after 300 assignments; the change was seen a little later.
        let before = Synthetic.roundRobin(300)
        let after = (0..<300).map { [3, 1][$0 % 2] }
        let report = Judge.verdict(
            on: Synthetic.complete(
                before + after,
                configurations: [
                    Synthetic.equal, Synthetic.configuration([(3, 1), (2, 0), (1, 1)], between: 2.5, and: 3.5),
                ]))
        let service = report.virtualServices[0]
        for (share, due) in zip(service.realServers, [250.0, 100, 250]) { #expect(abs(share.expected - due) < 1) }
        #expect((service.fairness.prefixDiscrepancy ?? 9) < 1)
        #expect((service.fairness.jain ?? 0) > 0.9999)
        #expect(service.verdict == .pass)
    }

    @Test func `percentiles are nearest ranks`() {
        let hundred = LatencyDistribution(nanoseconds: (1...100).reversed().map { $0 * 1_000_000 })
        #expect(hundred.count == 100)
        #expect([hundred.p50, hundred.p90, hundred.p99, hundred.max] == [0.05, 0.09, 0.099, 0.1])
        let one = LatencyDistribution(nanoseconds: [7_000])
        #expect([one.p50, one.p99, one.max] == [0.000007, 0.000007, 0.000007])
        #expect(LatencyDistribution(nanoseconds: []).p50 == nil)
    }
}
