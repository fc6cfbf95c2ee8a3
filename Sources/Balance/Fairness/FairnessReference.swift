/// Values to hold fairness measures against: the best there can be, or what chance would give.
package struct FairnessReference: Sendable, Hashable, Codable {
    @OrNull package var jain: Double?
    @OrNull package var maxShareError: Double?
    @OrNull package var coefficientOfVariation: Double?
    @OrNull package var maxOverMean: Double?
    @OrNull package var prefixDiscrepancy: Double?
    @OrNull package var longestRun: Double?
    @OrNull package var repeats: Double?
    @OrNull package var chiSquare: Double?

    enum CodingKeys: String, CodingKey {
        case jain
        case maxShareError = "max_share_error"
        case coefficientOfVariation = "coefficient_of_variation"
        case maxOverMean = "max_over_mean"
        case prefixDiscrepancy = "prefix_discrepancy"
        case longestRun = "longest_run"
        case repeats
        case chiSquare = "chi_square"
    }

    private init() {}

    /// The best that whole connections allow.
    ///
    /// Counts are those of the apportionment by largest remainders. No order of connections has a smaller prefix
    /// discrepancy than 1 less the largest due share, which the first assignment already leaves; with equal dues round
    /// robin attains it. A run and its repeats are those of the server that is due most, spread between the others.
    ///
    /// - Parameters:
    ///   - total: How many connections there are.
    ///   - dues: The due shares of the servers that are due something, adding up to 1.
    package static func ideal(total: Int, dues: [Double]) -> Self {
        var ideal = Self()
        guard total > 0, let largest = dues.max() else { return ideal }
        let counts = Apportionment.counts(total: total, dues: dues)
        let measures = FairnessMeasures(counts: counts, expected: dues.map { $0 * Double(total) })
        ideal.jain = measures.jain
        ideal.maxShareError = measures.maxShareError
        ideal.coefficientOfVariation = measures.coefficientOfVariation
        ideal.maxOverMean = measures.maxOverMean
        ideal.chiSquare = measures.chiSquare
        ideal.prefixDiscrepancy = 1 - largest
        let most = counts.max() ?? 0
        let others = total - most
        ideal.longestRun = Double((most + others) / (others + 1))
        ideal.repeats = Double(max(0, most - others - 1))
        return ideal
    }

    /// The better of these values and of `measures`: with unequal dues and few connections an outcome may be more even
    /// than the apportionment, by a little.
    func better(of measures: FairnessMeasures) -> Self {
        var better = self
        better.jain = [jain, measures.jain].compactMap(\.self).max()
        better.coefficientOfVariation =
            [coefficientOfVariation, measures.coefficientOfVariation].compactMap(\.self).min()
        better.maxOverMean = [maxOverMean, measures.maxOverMean].compactMap(\.self).min()
        better.chiSquare = [chiSquare, measures.chiSquare].compactMap(\.self).min()
        return better
    }

    /// What is to be expected if every connection were given to a server at random, with the due shares as probabilities.
    ///
    /// See ``Chance`` for the formulas and how close they are.
    package static func chance(total: Int, dues: [Double]) -> Self {
        var reference = Self()
        guard total > 0, !dues.isEmpty else { return reference }
        let chance = Chance(total: total, probabilities: dues)
        reference.jain = chance.jain.finite
        reference.maxShareError = chance.maxShareError.finite
        reference.coefficientOfVariation = chance.coefficientOfVariation.finite
        reference.maxOverMean = chance.maxOverMean.finite
        reference.prefixDiscrepancy = chance.prefixDiscrepancy.finite
        reference.longestRun = chance.longestRun.finite
        reference.repeats = chance.repeats.finite
        reference.chiSquare = dues.count > 1 ? Double(dues.count - 1) : nil
        return reference
    }
}
