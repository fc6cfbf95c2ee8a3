/// One measure beside itself in an earlier run.
package struct MeasureComparison: Sendable, Hashable, Codable {
    /// `promise`, or a name that thresholds know.
    package var measure: String
    /// Then; `nil` if it was not measured.
    @OrNull package var baseline: Double?
    /// Now.
    @OrNull package var value: Double?
    package var change: Change
    /// Fisher's exact test, χ² or Mann and Whitney's; `nil` if nothing was tested.
    @OrNull package var test: Test?
    /// The probability of a difference like this by chance.
    @OrNull package var p: Double?
    /// How many samples it rests on: then, and now.
    package var samples: [Int]
    /// Words for people: what decided.
    package var detail: String

    /// The raw values are keys of the JSON and stable.
    package enum Change: String, Sendable, Hashable, Codable {
        case better
        case same
        case worse
        /// The evidence does not suffice to tell.
        case inconclusive
    }

    /// The raw values are keys of the JSON and stable.
    package enum Test: String, Sendable, Hashable, Codable {
        case fisherExact = "fisher_exact"
        case homogeneity = "chi_square_homogeneity"
        case mannWhitney = "mann_whitney"
    }
}
