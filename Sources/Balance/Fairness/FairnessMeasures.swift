/// How evenly connections were spread over the real servers, against what each should have had.
///
/// `x` is what a server got, `e` what it should have had, `y = x / e`. Servers that should have had nothing count only
/// in the share error.
package struct FairnessMeasures: Sendable, Hashable, Codable {
    /// Jain's index of `y`: (Σy)² / (nΣy²), from 1/n to 1.
    ///
    /// - Source: Jain, Chiu and Hawe, DEC-TR-301 (1984).
    @OrNull package var jain: Double?
    /// Jain's index if every server had its due, to the nearest whole connection.
    @OrNull package var jainCeiling: Double?
    /// The largest difference between a server's share and its due one.
    ///
    /// - Unit: 1 is all connections.
    @OrNull package var maxShareError: Double?
    /// The largest difference, after any number of assignments, between what a server has had and its due. Exact round
    /// robin over n servers gives 1 − 1/n. Where the configuration changed, the largest of the parts.
    ///
    /// - Unit: connections.
    @OrNull package var prefixDiscrepancy: Double?
    /// Standard deviation of `y` over its mean.
    @OrNull package var coefficientOfVariation: Double?
    /// The largest `y` over the mean `y`.
    @OrNull package var maxOverMean: Double?
    /// The most assignments in a row to one server.
    package var longestRun: Int
    /// Pearson's Σ(x − e)² / e.
    @OrNull package var chiSquare: Double?
    package var degreesOfFreedom: Int
    /// The probability that choices at random would be at least this uneven: near 0 is worse than chance.
    @OrNull package var pUpper: Double?
    /// The probability that choices at random would be at least this even: near 0 is no chance, but a rule.
    @OrNull package var pLower: Double?

    enum CodingKeys: String, CodingKey {
        case jain
        case jainCeiling = "jain_ceiling"
        case maxShareError = "max_share_error"
        case prefixDiscrepancy = "prefix_discrepancy"
        case coefficientOfVariation = "coefficient_of_variation"
        case maxOverMean = "max_over_mean"
        case longestRun = "longest_run"
        case chiSquare = "chi_square"
        case degreesOfFreedom = "degrees_of_freedom"
        case pUpper = "p_upper"
        case pLower = "p_lower"
    }

    /// - Parameters:
    ///   - counts: What each server got.
    ///   - expected: What each should have had; the same sum, unless nobody was eligible.
    ///   - prefixDiscrepancy: See the property.
    ///   - longestRun: See the property.
    package init(counts: [Int], expected: [Double], prefixDiscrepancy: Double? = nil, longestRun: Int = 0) {
        self.prefixDiscrepancy = prefixDiscrepancy
        self.longestRun = longestRun
        let total = Double(counts.reduce(0, +))
        let due = zip(counts, expected).filter { $0.1 > 0 }
        degreesOfFreedom = max(0, due.count - 1)
        guard total > 0 else { return }

        maxShareError = zip(counts, expected).map { abs(Double($0) - $1) / total }.max()
        guard !due.isEmpty else { return }

        let ratios = due.map { Double($0) / $1 }
        let mean = ratios.reduce(0, +) / Double(ratios.count)
        jain = Self.jain(ratios).finite
        // An outcome that is more even than the apportionment is the ceiling.
        let ceiling = Self.jainCeiling(total: due.reduce(0) { $0 + $1.0 }, due: due.map(\.1)).finite
        jainCeiling = ceiling.map { max($0, jain ?? 0) }
        let variance = ratios.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(ratios.count)
        coefficientOfVariation = (variance.squareRoot() / mean).finite
        maxOverMean = ((ratios.max() ?? 0) / mean).finite

        // A server that should have had nothing and got something makes χ² infinite: there is no p-value for that.
        guard zip(counts, expected).allSatisfy({ $0 == 0 || $1 > 0 }), degreesOfFreedom > 0 else { return }
        let statistic = due.reduce(0.0) { $0 + (Double($1.0) - $1.1) * (Double($1.0) - $1.1) / $1.1 }
        let tails = IncompleteGamma.regularized(Double(degreesOfFreedom) / 2, statistic / 2)
        chiSquare = statistic.finite
        pUpper = tails.upper.finite
        pLower = tails.lower.finite
    }

    /// Jain's index of `values`; NaN if all are 0.
    package static func jain(_ values: [Double]) -> Double {
        let sum = values.reduce(0, +)
        let squares = values.reduce(0) { $0 + $1 * $1 }
        return sum * sum / (Double(values.count) * squares)
    }

    /// Jain's index of `x / due` for the whole numbers `x` nearest to their dues that add up to `total`.
    ///
    /// The apportionment is the one by largest remainders (Hamilton's). With equal dues nothing is more even; with
    /// unequal ones and few connections something may be, by a little.
    package static func jainCeiling(total: Int, due: [Double]) -> Double {
        let counts = Apportionment.counts(total: total, dues: due)
        return jain(zip(counts, due).map { Double($0) / $1 })
    }
}
