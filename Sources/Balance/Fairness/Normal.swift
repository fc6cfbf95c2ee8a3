import Glibc

/// The standard normal distribution, and the motion that sums of independent steps approach.
enum Normal {
    /// The probability of a value below `x`.
    static func below(_ x: Double) -> Double { erfc(-x / 2.0.squareRoot()) / 2 }

    /// The probability of a value above `x`, to full relative accuracy.
    static func above(_ x: Double) -> Double { erfc(x / 2.0.squareRoot()) / 2 }

    /// The probability of a value within `-x` and `x`.
    static func within(_ x: Double) -> Double { erf(x / 2.0.squareRoot()) }

    static func density(_ x: Double) -> Double { exp(-x * x / 2) / (2 * Double.pi).squareRoot() }

    /// The probability that a Brownian motion stays within `-x` and `x` for a unit of time.
    ///
    /// - Source: Feller, *An Introduction to Probability Theory and Its Applications* II, X.5.
    static func pathWithin(_ x: Double) -> Double {
        guard x > 0 else { return 0 }
        var sum = 0.0
        var sign = 1.0
        var odd = 1.0
        while true {
            let term = exp(-Double.pi * Double.pi * odd * odd / (8 * x * x)) / odd
            sum += sign * term
            if term < 1e-15 { break }
            sign = -sign
            odd += 2
        }
        return min(max(4 / Double.pi * sum, 0), 1)
    }
}
