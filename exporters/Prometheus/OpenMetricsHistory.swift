package import MetricCatalog

/// OpenMetrics text with a time stamp on each sample, as `promtool tsdb create-blocks-from openmetrics` reads it.
///
/// Lines are made one at a time, so that a history need not fit into memory. The caller writes family after family, in a
/// family series after series, and in a series the oldest sample first, and `end` last.
///
/// - Source: <https://prometheus.io/docs/specs/om/open_metrics_spec/>.
package enum OpenMetricsHistory {
    /// The last line.
    package static let end = "# EOF\n"

    /// What comes before the samples of a metric.
    package static func header(of metric: Metric) -> String {
        let definition = metric.definition
        let family = definition.kind == .counter ? String(metric.rawValue.dropLast("_total".count)) : metric.rawValue
        var lines = "# TYPE \(family) \(definition.kind.rawValue)\n"
        if definition.unit != .none { lines += "# UNIT \(family) \(definition.unit.rawValue)\n" }
        return lines + "# HELP \(family) \(escaped(definition.help))\n"
    }

    /// A series: the metric with its labels, as it begins each line.
    package static func series(_ metric: Metric, labels: [String]) -> String {
        let pairs = zip(metric.definition.labels, labels).map { "\($0)=\"\(escaped($1))\"" }
        return pairs.isEmpty ? metric.rawValue : "\(metric.rawValue){\(pairs.joined(separator: ","))}"
    }

    /// One sample.
    ///
    /// - Parameter nanoseconds: Since the epoch. Prometheus keeps milliseconds, and so many are written.
    package static func sample(_ series: String, _ value: String, nanoseconds: Int64) -> String {
        let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        let digits = String(rest / 1_000_000)
        let milliseconds = String(repeating: "0", count: 3 - digits.count) + digits
        return "\(series) \(value) \(seconds).\(milliseconds)\n"
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\n", with: "\\n").replacing("\"", with: "\\\"")
    }
}
