import Balance
import TestSupport
import Testing

/// What chance is said to give, beside what it gives.
@Suite struct ChanceTests {
    private struct Simulated {
        var jain = 0.0
        var maxShareError = 0.0
        var coefficientOfVariation = 0.0
        var maxOverMean = 0.0
        var prefixDiscrepancy = 0.0
        var longestRun = 0.0
        var repeats = 0.0
        var chiSquare = 0.0
        var windowMaxShareError = 0.0
    }

    /// Means over `runs` runs of `total` choices at random.
    private func simulate(_ dues: [Double], total: Int, window: Int, runs: Int) -> Simulated {
        var random = SeededGenerator(seed: UInt64(total * dues.count))
        var sum = Simulated()
        for _ in 0..<runs {
            var counts = Array(repeating: 0, count: dues.count)
            var choices: [Int] = []
            var inWindow = counts
            var (run, longest, repeats) = (0, 0, 0)
            var (prefix, worst) = (0.0, 0.0)
            for place in 0..<total {
                var rest = Double.random(in: 0..<1, using: &random)
                var choice = 0
                while choice < dues.count - 1, rest >= dues[choice] {
                    rest -= dues[choice]
                    choice += 1
                }
                let isRepeat = choices.last == choice
                run = isRepeat ? run + 1 : 1
                repeats += isRepeat ? 1 : 0
                longest = max(longest, run)
                choices.append(choice)
                counts[choice] += 1
                inWindow[choice] += 1
                if place >= window { inWindow[choices[place - window]] -= 1 }
                for server in dues.indices {
                    prefix = max(prefix, abs(Double(counts[server]) - Double(place + 1) * dues[server]))
                    if place + 1 >= window {
                        worst = max(worst, abs(Double(inWindow[server]) / Double(window) - dues[server]))
                    }
                }
            }
            let measures = FairnessMeasures(counts: counts, expected: dues.map { $0 * Double(total) })
            sum.jain += measures.jain ?? 0
            sum.maxShareError += measures.maxShareError ?? 0
            sum.coefficientOfVariation += measures.coefficientOfVariation ?? 0
            sum.maxOverMean += measures.maxOverMean ?? 0
            sum.chiSquare += measures.chiSquare ?? 0
            sum.prefixDiscrepancy += prefix
            sum.longestRun += Double(longest)
            sum.repeats += Double(repeats)
            sum.windowMaxShareError += worst
        }
        let scale = 1 / Double(runs)
        return Simulated(
            jain: sum.jain * scale, maxShareError: sum.maxShareError * scale,
            coefficientOfVariation: sum.coefficientOfVariation * scale, maxOverMean: sum.maxOverMean * scale,
            prefixDiscrepancy: sum.prefixDiscrepancy * scale, longestRun: sum.longestRun * scale,
            repeats: sum.repeats * scale, chiSquare: sum.chiSquare * scale,
            windowMaxShareError: sum.windowMaxShareError * scale)
    }

    @Test(
        arguments: [
            ([1, 1], 400), ([1, 1, 1], 400), ([1, 1, 1, 1, 1], 500), ([4, 3, 2], 450), ([5, 1, 1], 350),
            ([1, 2, 3, 10], 800), ([1, 1, 1, 1, 1, 1, 1, 1, 1, 1], 600),
        ] as [([Double], Int)])
    func `what chance gives is foretold to a tenth`(weights: [Double], total: Int) throws {
        let sum = weights.reduce(0, +)
        let dues = weights.map { $0 / sum }
        let simulated = simulate(dues, total: total, window: 100, runs: 300)
        let chance = FairnessReference.chance(total: total, dues: dues)
        let window = Chance(total: total, probabilities: dues).maxShareError(inWindowOf: 100)
        for (name, foretold, found) in [
            ("1 - jain", chance.jain.map { 1 - $0 }, 1 - simulated.jain),
            ("max_share_error", chance.maxShareError, simulated.maxShareError),
            ("coefficient_of_variation", chance.coefficientOfVariation, simulated.coefficientOfVariation),
            ("max_over_mean - 1", chance.maxOverMean.map { $0 - 1 }, simulated.maxOverMean - 1),
            ("prefix_discrepancy", chance.prefixDiscrepancy, simulated.prefixDiscrepancy),
            ("longest_run", chance.longestRun, simulated.longestRun), ("repeats", chance.repeats, simulated.repeats),
            ("chi_square", chance.chiSquare, simulated.chiSquare),
            ("window", window, simulated.windowMaxShareError),
        ] {
            let value = try #require(foretold)
            #expect(abs(value - found) < 0.1 * found, "\(name): \(value), simulated \(found)")
        }
    }

    @Test func `one server leaves nothing to chance`() {
        let chance = FairnessReference.chance(total: 50, dues: [1])
        #expect(chance.jain == 1)
        #expect(chance.maxShareError == 0)
        #expect(chance.longestRun == 50)
        #expect(chance.repeats == 49)
        #expect(FairnessReference.chance(total: 0, dues: [0.5, 0.5]).jain == nil)
    }
}
