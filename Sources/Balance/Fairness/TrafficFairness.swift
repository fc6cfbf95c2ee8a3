/// How evenly packets or bytes were spread, against the due shares of assignments.
///
/// They come in connections, so there is no χ² of theirs, and what is best and what chance gives depend on how much
/// connections differ in size. The references are for connections of one size: chance does at least as much to others.
package struct TrafficFairness: Sendable, Hashable, Codable {
    package var kind: TrafficKind
    package var total: UInt64
    @OrNull package var jain: Double?
    @OrNull package var maxShareError: Double?
    @OrNull package var coefficientOfVariation: Double?
    @OrNull package var maxOverMean: Double?
    /// The best, if as many connections were of one size.
    package var ideal: Reference
    /// What is to be expected of choices at random, if as many connections were of one size.
    package var chance: Reference

    package struct Reference: Sendable, Hashable, Codable {
        @OrNull package var jain: Double?
        @OrNull package var maxShareError: Double?
        @OrNull package var coefficientOfVariation: Double?
        @OrNull package var maxOverMean: Double?

        enum CodingKeys: String, CodingKey {
            case jain
            case maxShareError = "max_share_error"
            case coefficientOfVariation = "coefficient_of_variation"
            case maxOverMean = "max_over_mean"
        }

        init(_ reference: FairnessReference) {
            jain = reference.jain
            maxShareError = reference.maxShareError
            coefficientOfVariation = reference.coefficientOfVariation
            maxOverMean = reference.maxOverMean
        }
    }

    enum CodingKeys: String, CodingKey {
        case kind, total, jain
        case maxShareError = "max_share_error"
        case coefficientOfVariation = "coefficient_of_variation"
        case maxOverMean = "max_over_mean"
        case ideal, chance
    }

    /// - Parameters:
    ///   - counts: What each server got.
    ///   - dues: The due shares, adding up to 1, or all 0.
    ///   - ideal: Of the assignments.
    ///   - chance: Of the assignments.
    init(
        _ kind: TrafficKind, counts: [UInt64], dues: [Double], ideal: FairnessReference, chance: FairnessReference
    ) {
        self.ideal = Reference(ideal)
        self.chance = Reference(chance)
        self.kind = kind
        let total = counts.reduce(0, +)
        self.total = total
        let measures = FairnessMeasures(
            counts: counts.map { Int(clamping: $0) }, expected: dues.map { $0 * Double(total) })
        jain = measures.jain
        maxShareError = measures.maxShareError
        coefficientOfVariation = measures.coefficientOfVariation
        maxOverMean = measures.maxOverMean
    }
}
