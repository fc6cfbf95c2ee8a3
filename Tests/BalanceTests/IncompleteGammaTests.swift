import Balance
import Testing

@Suite struct IncompleteGammaTests {
    @Test(arguments: ChiSquareTable.rows)
    func `both tails of chi-square agree with SciPy's`(row: ChiSquareTable.Row) {
        let tails = IncompleteGamma.regularized(Double(row.degreesOfFreedom) / 2, row.x / 2)
        #expect(isClose(tails.lower, row.lower), "\(tails.lower) is not \(row.lower)")
        #expect(isClose(tails.upper, row.upper), "\(tails.upper) is not \(row.upper)")
    }

    /// To 1e-9 relative; below the normal numbers, where nobody has relative accuracy, to that.
    private func isClose(_ value: Double, _ reference: Double) -> Bool {
        abs(value - reference) <= 1e-9 * reference + Double.leastNormalMagnitude
    }

    @Test func `the ends of the domain are exact`() {
        #expect(IncompleteGamma.regularized(1.5, 0) == (0, 1))
        #expect(IncompleteGamma.regularized(1.5, .infinity) == (1, 0))
        #expect(IncompleteGamma.regularized(0, 1).lower.isNaN)
        #expect(IncompleteGamma.regularized(1, -1).upper.isNaN)
    }
}
