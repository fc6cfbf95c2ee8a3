import Glibc

/// The regularized incomplete gamma functions P(a, x) and Q(a, x) = 1 − P(a, x).
///
/// Each is computed in the form that keeps its relative accuracy: the series for P below a + 1, the continued fraction
/// for Q above. Relative error: about 1e-12 for shapes up to some thousands; tested to 1e-9 against SciPy.
///
/// - Source: Abramowitz & Stegun, *Handbook of Mathematical Functions*, 6.5.29 and 6.5.31 (with Lentz's method).
package enum IncompleteGamma {
    /// - Parameters:
    ///   - a: The shape, above 0.
    ///   - x: The argument, 0 or more.
    /// - Returns: P(a, x), the lower tail, and Q(a, x), the upper one; NaN outside the domain.
    package static func regularized(_ a: Double, _ x: Double) -> (lower: Double, upper: Double) {
        guard a > 0, x >= 0, a.isFinite else { return (.nan, .nan) }
        if x == 0 { return (0, 1) }
        if x == .infinity { return (1, 0) }
        // x^a e^-x / Γ(a), without overflow.
        let front = exp(a * log(x) - x - lgamma(a).0)
        if x < a + 1 {
            let lower = front * series(a, x)
            return (lower, 1 - lower)
        }
        let upper = front * continuedFraction(a, x)
        return (1 - upper, upper)
    }

    /// 1/a + x/(a(a+1)) + x²/(a(a+1)(a+2)) + …
    private static func series(_ a: Double, _ x: Double) -> Double {
        var term = 1 / a
        var sum = term
        var n = a
        while term > sum * 1e-17 {
            n += 1
            term *= x / n
            sum += term
        }
        return sum
    }

    /// 1/(x+1−a − 1(1−a)/(x+3−a − 2(2−a)/(x+5−a − …)))
    private static func continuedFraction(_ a: Double, _ x: Double) -> Double {
        let tiny = 1e-300
        var b = x + 1 - a
        var c = 1 / tiny
        var d = 1 / b
        var result = d
        var i = 1.0
        while i < 1e6 {
            let numerator = -i * (i - a)
            b += 2
            d = numerator * d + b
            if abs(d) < tiny { d = tiny }
            c = b + numerator / c
            if abs(c) < tiny { c = tiny }
            d = 1 / d
            let factor = d * c
            result *= factor
            if abs(factor - 1) < 1e-16 { break }
            i += 1
        }
        return result
    }
}
