import Balance
import Foundation
import Testing

/// P-values beside SciPy's, from `Fixtures/scipy-tests.json`, which `Fixtures/scipy-tests.py` writes.
@Suite struct StatisticalTests {
    private struct Table: Decodable {
        var chiSquare: [[Double]]
        var homogeneity: [HomogeneityCase]
        var mannWhitney: [MannWhitneyCase]
        var fisher: [[Double]]

        enum CodingKeys: String, CodingKey {
            case chiSquare = "chi_square"
            case homogeneity
            case mannWhitney = "mann_whitney"
            case fisher
        }
    }

    private struct HomogeneityCase: Decodable {
        var first: [Int]
        var second: [Int]
        var statistic: Double
        var degreesOfFreedom: Int
        var p: Double
        var leastExpected: Double

        enum CodingKeys: String, CodingKey {
            case first, second, statistic
            case degreesOfFreedom = "degrees_of_freedom"
            case p
            case leastExpected = "least_expected"
        }
    }

    private struct MannWhitneyCase: Decodable {
        var first: [Int64]
        var second: [Int64]
        var statistic: Double
        var p: Double
    }

    private func table() throws -> Table {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/scipy-tests.json")
        return try JSONDecoder().decode(Table.self, from: try Data(contentsOf: file))
    }

    /// To 1e-9 of the reference; below the normal numbers nobody has relative accuracy.
    private func isClose(_ value: Double, _ reference: Double) -> Bool {
        abs(value - reference) <= 1e-9 * abs(reference) + Double.leastNormalMagnitude
    }

    @Test func `both tails of chi-square agree with SciPy's`() throws {
        let rows = try table().chiSquare
        #expect(rows.count > 150)
        for row in rows {
            let tails = IncompleteGamma.regularized(row[0] / 2, row[1] / 2)
            #expect(isClose(tails.lower, row[2]), "\(row): \(tails.lower)")
            #expect(isClose(tails.upper, row[3]), "\(row): \(tails.upper)")
        }
    }

    @Test func `the test of homogeneity agrees with SciPy's`() throws {
        let cases = try table().homogeneity
        #expect(cases.count > 50)
        for known in cases {
            let test = try #require(Homogeneity(known.first, known.second))
            #expect(isClose(test.statistic, known.statistic))
            #expect(test.degreesOfFreedom == known.degreesOfFreedom)
            #expect(isClose(test.p, known.p), "\(known.first) \(known.second): \(test.p), \(known.p)")
            #expect(isClose(test.leastExpected, known.leastExpected))
        }
        #expect(Homogeneity([0, 0], [1, 2]) == nil)
        #expect(Homogeneity([3, 0], [4, 0]) == nil)
    }

    @Test func `the rank test agrees with SciPy's, ties included`() throws {
        let cases = try table().mannWhitney
        #expect(cases.count > 50)
        for known in cases {
            let test = try #require(MannWhitney(known.first, known.second))
            #expect(test.statistic == known.statistic)
            #expect(isClose(test.p, known.p), "\(test.p), \(known.p)")
            var wins = 0.0
            for x in known.first { for y in known.second { wins += y > x ? 1 : y == x ? 0.5 : 0 } }
            #expect(isClose(test.superiority, wins / Double(known.first.count * known.second.count)))
        }
        #expect(MannWhitney([], [1]) == nil)
        #expect(MannWhitney([5, 5], [5, 5, 5])?.p == 1)
    }

    @Test func `Fisher's exact test agrees with SciPy's`() throws {
        let rows = try table().fisher
        #expect(rows.count > 50)
        for row in rows {
            let p = FisherExact.p(Int(row[0]), of: Int(row[1]), Int(row[2]), of: Int(row[3]))
            #expect(isClose(p, row[4]), "\(row): \(p)")
        }
        #expect(FisherExact.p(5, of: 4, 0, of: 3).isNaN)
        #expect(FisherExact.p(0, of: 3, -1, of: 3).isNaN)
    }
}
