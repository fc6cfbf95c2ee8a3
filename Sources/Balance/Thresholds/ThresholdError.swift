/// Why an expression is no threshold: what is wrong, where, and how to mend it.
package struct ThresholdError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The expression, on one line.
    package let expression: String
    /// The characters that are wrong; empty where one is missing.
    package let place: Range<Int>
    package let problem: String
    package let remedy: String

    /// The problem, the expression with a mark under what is wrong, and the remedy, each on a line.
    package var description: String {
        let mark = String(repeating: " ", count: place.lowerBound) + String(repeating: "^", count: max(1, place.count))
        return "\(problem)\n  \(expression)\n  \(mark)\n\(remedy)"
    }
}
