/// How a threshold compares.
package enum ThresholdComparison: String, Sendable, Hashable, CaseIterable {
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case equal = "=="
    case notEqual = "!="

    func holds(_ value: Double, _ bound: Double) -> Bool {
        switch self {
        case .less: value < bound
        case .lessOrEqual: value <= bound
        case .greater: value > bound
        case .greaterOrEqual: value >= bound
        case .equal: value == bound
        case .notEqual: value != bound
        }
    }

    /// Whether it holds for every value of `range`, for none (`false`), or `nil` for some only.
    func holds(_ range: ClosedRange<Double>, _ bound: Double) -> Bool? {
        switch self {
        case .equal, .notEqual:
            if range.lowerBound == range.upperBound { return holds(range.lowerBound, bound) }
            return range.contains(bound) ? nil : self == .notEqual
        case .less, .lessOrEqual, .greater, .greaterOrEqual:
            let low = holds(range.lowerBound, bound)
            return low == holds(range.upperBound, bound) ? low : nil
        }
    }
}
