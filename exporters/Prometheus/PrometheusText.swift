package import MetricCatalog

/// Prometheus' text format 0.0.4.
///
/// - Source: <https://prometheus.io/docs/instrumenting/exposition_formats/>.
package enum PrometheusText {
    /// The value of `Content-Type`.
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// A snapshot as a page, in one buffer: families in the catalogue's order, samples in theirs.
    package static func encode(_ snapshot: MetricSnapshot) -> [UInt8] {
        var page: [UInt8] = []
        for (metric, samples) in snapshot.families {
            let name = metric.rawValue
            let definition = metric.definition
            page.appendHeader(name: name, definition: definition)
            for sample in samples {
                switch sample.value {
                case .integer(let value):
                    page.appendName(name, labels: definition.labels, values: sample.labels)
                    page.appendDecimal(value)
                case .number(let value):
                    page.appendName(name, labels: definition.labels, values: sample.labels)
                    page.appendNumber(value)
                case .histogram(let histogram):
                    page.appendHistogram(histogram, name: name, labels: definition.labels, values: sample.labels)
                    continue
                }
                page.append(Byte.newline)
            }
        }
        return page
    }
}

private enum Byte {
    static let newline = UInt8(ascii: "\n")
    static let space = UInt8(ascii: " ")
    static let quote = UInt8(ascii: "\"")
    static let backslash = UInt8(ascii: "\\")
}

extension [UInt8] {
    fileprivate mutating func appendHeader(name: String, definition: MetricDefinition) {
        appendText("# HELP ")
        appendText(name)
        append(Byte.space)
        appendEscaped(definition.help, quotes: false)
        appendText("\n# TYPE ")
        appendText(name)
        append(Byte.space)
        // The format knows no info metrics: they are gauges of 1.
        appendText(definition.kind == .info ? "gauge" : definition.kind.rawValue)
        append(Byte.newline)
    }

    /// `name{label="value",…} `, with `bound` as a last label `le`.
    fileprivate mutating func appendName(
        _ name: String, suffix: String = "", labels: [String], values: [String], bound: Double? = nil
    ) {
        appendText(name)
        appendText(suffix)
        var separator = UInt8(ascii: "{")
        for (label, value) in zip(labels, values) {
            append(separator)
            appendText(label)
            appendText("=\"")
            appendEscaped(value, quotes: true)
            append(Byte.quote)
            separator = UInt8(ascii: ",")
        }
        if let bound {
            append(separator)
            appendText("le=\"")
            appendNumber(bound)
            append(Byte.quote)
            separator = UInt8(ascii: ",")
        }
        if separator == UInt8(ascii: ",") { append(UInt8(ascii: "}")) }
        append(Byte.space)
    }

    fileprivate mutating func appendHistogram(
        _ histogram: MetricSnapshot.Histogram, name: String, labels: [String], values: [String]
    ) {
        var cumulative: UInt64 = 0
        for (bound, bucket) in zip(histogram.bounds, histogram.buckets) {
            cumulative += bucket
            appendName(name, suffix: "_bucket", labels: labels, values: values, bound: bound)
            appendDecimal(cumulative)
            append(Byte.newline)
        }
        appendName(name, suffix: "_bucket", labels: labels, values: values, bound: .infinity)
        appendDecimal(histogram.count)
        append(Byte.newline)
        appendName(name, suffix: "_sum", labels: labels, values: values)
        appendNumber(histogram.sum)
        append(Byte.newline)
        appendName(name, suffix: "_count", labels: labels, values: values)
        appendDecimal(histogram.count)
        append(Byte.newline)
    }

    /// The shortest text that reads back as the same number, always with a point or an exponent: the canonical form of
    /// OpenMetrics, so that a bucket's `le` is the same series in every format.
    fileprivate mutating func appendNumber(_ value: Double) {
        if value.isNaN {
            appendText("NaN")
        } else if value.isInfinite {
            appendText(value > 0 ? "+Inf" : "-Inf")
        } else {
            appendText(value.description)
        }
    }

    fileprivate mutating func appendDecimal(_ value: UInt64) {
        let start = count
        var rest = value
        repeat {
            append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        } while rest > 0
        self[start...].reverse()
    }

    fileprivate mutating func appendText(_ text: String) {
        append(contentsOf: text.utf8)
    }

    /// Appends `text` with backslash, line feed and, in a label's value, the double quote escaped.
    fileprivate mutating func appendEscaped(_ text: String, quotes: Bool) {
        for byte in text.utf8 {
            if byte == Byte.newline {
                appendText("\\n")
            } else if byte == Byte.backslash || quotes && byte == Byte.quote {
                append(Byte.backslash)
                append(byte)
            } else {
                append(byte)
            }
        }
    }
}
