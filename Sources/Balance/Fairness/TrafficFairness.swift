/// How evenly packets or bytes were spread, against the due shares of assignments.
///
/// They come in connections, so there is no χ² of theirs: what chance does to them depends on how much connections
/// differ in size. For connections of one size it is what it does to assignments, and never less.
package struct TrafficFairness: Sendable, Hashable, Codable {
    package var kind: TrafficKind
    package var total: UInt64
    @OrNull package var jain: Double?
    @OrNull package var maxShareError: Double?
    @OrNull package var coefficientOfVariation: Double?
    @OrNull package var maxOverMean: Double?

    enum CodingKeys: String, CodingKey {
        case kind, total, jain
        case maxShareError = "max_share_error"
        case coefficientOfVariation = "coefficient_of_variation"
        case maxOverMean = "max_over_mean"
    }

    /// - Parameters:
    ///   - counts: What each server got.
    ///   - dues: The due shares, adding up to 1, or all 0.
    init(_ kind: TrafficKind, counts: [UInt64], dues: [Double]) {
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
