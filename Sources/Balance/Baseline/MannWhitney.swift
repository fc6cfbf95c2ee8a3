/// Mann and Whitney's rank test on whether values of one sample tend to be greater than those of another.
///
/// The normal approximation, corrected for ties and for continuity.
///
/// - Source: Mann and Whitney, *Annals of Mathematical Statistics* 18 (1947). The same as `scipy.stats.mannwhitneyu` with
///   `method="asymptotic"`.
package struct MannWhitney: Sendable, Hashable {
    /// How many pairs have the greater value in the second sample, with half of the ties.
    package let statistic: Double
    /// Two-sided.
    package let p: Double
    /// The probability that a value of the second sample is greater than one of the first: 0.5 is no difference.
    ///
    /// - Source: Vargha and Delaney, *Journal of Educational and Behavioral Statistics* 25 (2000).
    package let superiority: Double

    /// - Returns: `nil` if a sample is empty.
    package init?(_ first: [Int64], _ second: [Int64]) {
        guard !first.isEmpty, !second.isEmpty else { return nil }
        let (first, second) = (first.sorted(), second.sorted())
        let (n, m) = (Double(first.count), Double(second.count))
        // By runs of equal values: each takes the mean of its ranks.
        var (i, j) = (0, 0)
        var rankSum = 0.0
        var ties = 0.0
        while i < first.count || j < second.count {
            let value =
                i == first.count ? second[j] : j == second.count ? first[i] : min(first[i], second[j])
            let (beganI, beganJ) = (i, j)
            while i < first.count, first[i] == value { i += 1 }
            while j < second.count, second[j] == value { j += 1 }
            let tied = Double(i - beganI + j - beganJ)
            rankSum += Double(j - beganJ) * (Double(beganI + beganJ) + (tied + 1) / 2)
            ties += tied * tied * tied - tied
        }
        let wins = rankSum - m * (m + 1) / 2
        statistic = wins
        superiority = wins / (n * m)
        let total = n + m
        let variance = n * m / 12 * (total + 1 - ties / (total * (total - 1)))
        let distance = max(wins, n * m - wins) - n * m / 2 - 0.5
        p = variance > 0 ? min(1, 2 * Normal.above(distance / variance.squareRoot())) : 1
    }
}
