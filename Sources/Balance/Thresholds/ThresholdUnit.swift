/// What a measure's values are measured in, and how a person writes them.
package enum ThresholdUnit: Sendable, Hashable {
    /// A whole number of things.
    case count
    /// A part of something: 0.02 or 2%.
    case ratio
    /// Any number.
    case number
    /// A time; its values are seconds.
    case duration

    /// The suffixes that a value may have, with what a number so written is worth; the empty one is none at all.
    package var suffixes: [(suffix: String, factor: Double)] {
        switch self {
        case .count, .number: [("", 1)]
        case .ratio: [("", 1), ("%", 0.01)]
        case .duration: [("ns", 1e-9), ("us", 1e-6), ("µs", 1e-6), ("ms", 1e-3), ("s", 1)]
        }
    }

    /// How a value is written, for help and errors.
    package var notation: String {
        switch self {
        case .count: "a whole number"
        case .ratio: "a number or %"
        case .number: "a number"
        case .duration: "a time with ns, us, ms or s"
        }
    }

    /// `value` for a person, to six significant digits.
    ///
    /// - Parameter bound: What it was compared with: a difference from it stays visible, however small.
    func description(of value: Double, besides bound: Double) -> String {
        let (scale, suffix): (Double, String) =
            switch self {
            case .count, .ratio, .number: (1, "")
            case .duration where value < 1e-3: (1e6, "us")
            case .duration where value < 1: (1e3, "ms")
            case .duration: (1, "s")
            }
        let exact = value * scale
        let rounded = Self.rounded(exact)
        let shown = rounded == Self.rounded(bound * scale) && value != bound ? exact : rounded
        let isWhole = shown == shown.rounded() && abs(shown) < 1e15
        return (isWhole ? "\(Int64(shown))" : "\(shown)") + suffix
    }

    private static func rounded(_ value: Double) -> Double {
        guard value != 0, value.isFinite else { return value }
        var scale = 1.0
        while abs(value) * scale < 1e5 && scale < 1e200 { scale *= 10 }
        return (value * scale).rounded() / scale
    }
}
