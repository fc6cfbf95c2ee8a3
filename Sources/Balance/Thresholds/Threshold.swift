/// A condition that a virtual service has to meet, as in `max_share_error < 0.02`.
package struct Threshold: Sendable, Hashable {
    /// As it was written, without blanks around it.
    package let expression: String
    package let measure: ThresholdMeasure
    /// What is taken of a distribution; `nil` for a measure that is one number.
    package let statistic: ThresholdStatistic?
    /// What a fairness measure is taken of; `nil` for assignments.
    package let traffic: TrafficKind?
    package let comparison: ThresholdComparison
    /// What the value is compared with, in seconds for a time.
    package let bound: Double

    /// - Parameter expression: A measure, a comparison and a value.
    package init(parsing expression: String) throws(ThresholdError) {
        var parser = ThresholdParser(expression)
        let (measure, statistic, traffic) = try parser.quantity()
        self.measure = measure
        self.statistic = statistic
        self.traffic = traffic
        comparison = try parser.comparison()
        bound = try parser.bound(of: measure)
        self.expression = parser.text
    }

    /// What it is on, as in `p99(real_server_connect)`.
    package var quantity: String {
        if let statistic { return "\(statistic.rawValue)(\(measure.rawValue))" }
        return traffic.map { "\(measure.rawValue)(\($0.rawValue))" } ?? measure.rawValue
    }

    /// One line per name and one on values, for a command's help.
    package static var help: String {
        let width = ThresholdMeasure.allCases.map(\.rawValue.count).max() ?? 0
        let names = ThresholdMeasure.allCases.map { measure in
            "  \(measure.rawValue)" + String(repeating: " ", count: width + 2 - measure.rawValue.count) + measure.help
        }
        let statistics = ThresholdStatistic.allCases.map(\.rawValue).joined(separator: ", ")
        let comparisons = ThresholdComparison.allCases.map(\.rawValue).joined(separator: " ")
        let kinds = TrafficKind.allCases.map(\.rawValue).joined(separator: ", ")
        let ofTraffic = ThresholdMeasure.allCases.filter(\.isOfTraffic).map(\.rawValue).joined(separator: ", ")
        let distributions = ThresholdMeasure.allCases.filter(\.isDistribution).map(\.example).joined(separator: ", ")
        return """
            A threshold is a measure, a comparison (\(comparisons)) and a value, and is judged on every virtual service \
            that had traffic. Measures:

            \(names.joined(separator: "\n"))

            Times are taken as \(statistics) of all connections, as in \(distributions), and have a unit: ns, us, ms or s. \
            \(ofTraffic) can be taken of \(kinds) too, as in jain(bytes_out). \
            Ratios may be written in %. Without samples the result is inconclusive.
            """
    }

    /// The names as a table, for the documentation.
    package static var markdownTable: String {
        "| measure | meaning | value |\n| --- | --- | --- |\n"
            + ThresholdMeasure.allCases.map { "| `\($0.example)` | \($0.help) | \($0.unit.notation) |\n" }.joined()
    }
}
