import Glibc

/// What fairness measures come to if every connection is given to a server at random: expected values.
///
/// Jain's index, the coefficient of variation and the repeats follow from the multinomial distribution. The others are
/// extremes, taken from the normal distribution and Brownian motion that counts approach; against simulation they are
/// right to a few per cent from some thirty connections on (`ChanceTests`), which is enough to place a value.
package struct Chance {
    let total: Double
    /// Probabilities with how many servers have them: most often there is one.
    private let groups: [(probability: Double, count: Double)]
    private let servers: Double

    package init(total: Int, probabilities: [Double]) {
        self.total = Double(total)
        servers = Double(probabilities.count)
        var groups: [(probability: Double, count: Double)] = []
        for probability in probabilities.sorted() {
            if let last = groups.last, last.probability == probability {
                groups[groups.count - 1].count += 1
            } else {
                groups.append((probability, 1))
            }
        }
        self.groups = groups
    }

    private func sum(_ term: (Double) -> Double) -> Double {
        groups.reduce(0) { $0 + $1.count * term($1.probability) }
    }

    /// The expected square of the coefficient of variation of counts over dues.
    private var squaredVariation: Double { sum { 1 / $0 } * (servers - 1) / (servers * servers * total) }

    var jain: Double { 1 / (1 + squaredVariation) }

    /// The square has χ²'s distribution, exactly so with equal probabilities.
    var coefficientOfVariation: Double {
        guard servers > 1 else { return 0 }
        let mean = 2.0.squareRoot() * exp(lgamma(servers / 2).0 - lgamma((servers - 1) / 2).0)
        return (squaredVariation / (servers - 1)).squareRoot() * mean
    }

    /// Counts add up to the total, so the last server's deviation follows from the others': two servers have one
    /// deviation between them, and many are nearly independent.
    private var independence: Double { 1 - 2 / (servers * servers - servers + 2) }

    /// The mean of the largest of all servers' absolute deviations.
    ///
    /// - Parameters:
    ///   - scale: A server's standard deviation, by its probability.
    ///   - distribution: The probability that a deviation in units of it stays within a bound.
    private func meanLargest(scale: (Double) -> Double, distribution: (Double) -> Double) -> Double {
        guard servers > 1 else { return 0 }
        let scales = groups.map { (scale($0.probability), $0.count * independence) }
        let end = 8 * (scales.map(\.0).max() ?? 0)
        return Self.integral(to: end) { bound in
            1 - scales.reduce(1) { $0 * pow(distribution(bound / $1.0), $1.1) }
        }
    }

    var maxShareError: Double {
        meanLargest(scale: { ($0 * (1 - $0) / total).squareRoot() }, distribution: Normal.within)
    }

    /// The largest over the mean: with equal probabilities exactly the largest of independent normal deviations, since
    /// the mean is taken away from all alike.
    var maxOverMean: Double {
        guard servers > 1 else { return 1 }
        let scales = groups.map { ((1 / (total * $0.probability)).squareRoot(), $0.count) }
        let end = 8 * (scales.map(\.0).max() ?? 0)
        let above = Self.integral(to: end) { x in 1 - scales.reduce(1) { $0 * pow(Normal.below(x / $1.0), $1.1) } }
        let below = Self.integral(to: end) { x in scales.reduce(1) { $0 * pow(Normal.below(-x / $1.0), $1.1) } }
        return 1 + above - below
    }

    var prefixDiscrepancy: Double {
        meanLargest(scale: { ($0 * (1 - $0) * total).squareRoot() }, distribution: Normal.pathWithin)
    }

    /// The number of rows of a given length is nearly Poisson's.
    var longestRun: Double {
        guard servers > 1 else { return total }
        var mean = 0.0
        var length = 0.0
        while length < total {
            length += 1
            let rows = sum { pow($0, length) * (1 + (total - length) * (1 - $0)) }
            let isThere = 1 - exp(-rows)
            mean += isThere
            if isThere < 1e-9 { break }
        }
        return mean
    }

    var repeats: Double { (total - 1) * sum { $0 * $0 } }

    /// The largest share error of any window of so many connections.
    ///
    /// A sliding window's deviation is nearly Slepian's process. The probability that it stays below a bound for one
    /// window's length is known; further lengths are taken to be alike, and corrected for whole steps.
    ///
    /// - Source: Shepp, *Radon-Nikodym derivatives of Gaussian measures* (1966); Siegmund, *Sequential Analysis* (1985),
    ///   for the correction.
    package func maxShareError(inWindowOf size: Int) -> Double {
        let size = Double(size)
        let length = (total - size) / size
        guard length >= 0 else { return .nan }
        let distribution = { (bound: Double) in
            let (below, density) = (Normal.below(bound), Normal.density(bound))
            let stays = max(0, below - density * (bound + density / below))
            let steps = exp(-0.583 * bound * (2 / size).squareRoot())
            return Normal.within(bound) * pow(stays, 2 * length * steps)
        }
        return meanLargest(scale: { ($0 * (1 - $0) / size).squareRoot() }, distribution: distribution)
    }

    /// By Simpson's rule.
    private static func integral(to end: Double, _ function: (Double) -> Double) -> Double {
        let steps = 200
        let width = end / Double(steps)
        var sum = function(0) + function(end)
        for step in 1..<steps { sum += (step % 2 == 0 ? 2 : 4) * function(Double(step) * width) }
        return sum * width / 3
    }
}
