import Glibc

/// Fisher's exact test on whether something happens as often in one sample as in another, two-sided: the probability of
/// all tables with the same sums that are no likelier than this one.
///
/// - Source: Fisher, *Statistical Methods for Research Workers*; probabilities by Loader, *Fast and Accurate Computation of
///   Binomial Probabilities* (2000). The same as `scipy.stats.fisher_exact`.
package enum FisherExact {
    /// - Parameters:
    ///   - first: How often it happened among `firstTotal`.
    ///   - second: How often it happened among `secondTotal`.
    /// - Returns: NaN if a number is not within its total.
    package static func p(_ first: Int, of firstTotal: Int, _ second: Int, of secondTotal: Int) -> Double {
        guard (0...max(firstTotal, 0)).contains(first), (0...max(secondTotal, 0)).contains(second),
            firstTotal >= 0, secondTotal >= 0
        else { return .nan }
        let happened = first + second
        let low = max(0, happened - secondTotal)
        let high = min(firstTotal, happened)
        guard low < high else { return 1 }
        let observed = hypergeometric(first, firstTotal, happened, firstTotal + secondTotal)
        let (n, m, k) = (Double(firstTotal), Double(secondTotal), Double(happened))
        // The likelihood of `x + 1` over that of `x`.
        let step = { (x: Double) in (n - x) * (k - x) / ((x + 1) * (m - k + x + 1)) }
        // Rounding must not part tables that are equally likely.
        let limit = 1 + 1e-10
        var sum = 1.0
        var ratio = 1.0
        for x in first..<high {
            ratio *= step(Double(x))
            if ratio <= limit { sum += ratio }
        }
        ratio = 1
        for x in (low..<first).reversed() {
            ratio /= step(Double(x))
            if ratio <= limit { sum += ratio }
        }
        return min(1, observed * sum)
    }

    /// The probability of `x` among `draws` of `total`, of which `marked` are meant.
    static func hypergeometric(_ x: Int, _ draws: Int, _ marked: Int, _ total: Int) -> Double {
        let p = Double(draws) / Double(total)
        let (x, draws, marked, total) = (Double(x), Double(draws), Double(marked), Double(total))
        return binomial(x, marked, p) * binomial(draws - x, total - marked, p) / binomial(draws, total, p)
    }

    private static func binomial(_ x: Double, _ n: Double, _ p: Double) -> Double {
        let q = 1 - p
        if x == 0 { return exp(n * log1p(-p)) }
        if x == n { return exp(n * log(p)) }
        let exponent =
            stirlingError(n) - stirlingError(x) - stirlingError(n - x) - deviance(x, n * p) - deviance(n - x, n * q)
        return exp(exponent) * (n / (2 * Double.pi * x * (n - x))).squareRoot()
    }

    /// log n! less Stirling's formula for it.
    private static func stirlingError(_ n: Double) -> Double {
        guard n > 15 else {
            return lgamma(n + 1).0 - (n + 0.5) * log(n) + n - 0.5 * log(2 * Double.pi)
        }
        let square = n * n
        return (1 / 12.0 - (1 / 360.0 - (1 / 1260.0 - (1 / 1680.0 - 1 / 1188.0 / square) / square) / square) / square)
            / n
    }

    /// x log(x / mean) + mean − x, without cancellation.
    private static func deviance(_ x: Double, _ mean: Double) -> Double {
        guard abs(x - mean) < 0.1 * (x + mean) else { return x * log(x / mean) + mean - x }
        let v = (x - mean) / (x + mean)
        var sum = (x - mean) * v
        var power = 2 * x * v
        var odd = 1.0
        while true {
            power *= v * v
            odd += 2
            let next = sum + power / odd
            if next == sum { return sum }
            sum = next
        }
    }
}
