/// Pearson's χ² test on whether two rows of counts come from the same shares.
///
/// - Source: Pearson, *Biometrika* 8 (1911). The same as `scipy.stats.chi2_contingency` with `correction=False`.
package struct Homogeneity: Sendable, Hashable {
    package let statistic: Double
    package let degreesOfFreedom: Int
    package let p: Double
    /// The smallest count to be expected: below 5 the test is not to be trusted.
    package let leastExpected: Double
    /// Half the sum of the differences of shares: the part of the second row that is elsewhere in the first.
    package let moved: Double

    /// - Returns: `nil` if a row is empty, or all is in one column.
    package init?(_ first: [Int], _ second: [Int]) {
        let columns = zip(first, second).filter { $0.0 + $0.1 > 0 }.map { (Double($0.0), Double($0.1)) }
        let (rowFirst, rowSecond) = columns.reduce((0.0, 0.0)) { ($0.0 + $1.0, $0.1 + $1.1) }
        guard rowFirst > 0, rowSecond > 0, columns.count > 1 else { return nil }
        var (statistic, least, moved) = (0.0, Double.infinity, 0.0)
        for (x, y) in columns {
            let part = (x + y) / (rowFirst + rowSecond)
            let (expectedX, expectedY) = (part * rowFirst, part * rowSecond)
            statistic += (x - expectedX) * (x - expectedX) / expectedX + (y - expectedY) * (y - expectedY) / expectedY
            least = min(least, expectedX, expectedY)
            moved += abs(x / rowFirst - y / rowSecond) / 2
        }
        self.statistic = statistic
        degreesOfFreedom = columns.count - 1
        p = IncompleteGamma.regularized(Double(columns.count - 1) / 2, statistic / 2).upper
        leastExpected = least
        self.moved = moved
    }
}
