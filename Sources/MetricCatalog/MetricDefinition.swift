/// What there is to know of a metric besides its name.
package struct MetricDefinition: Sendable, Hashable {
    package var kind: Kind
    /// One sentence for people, ending with a full stop.
    package var help: String
    package var unit: Unit
    /// The labels' names, in the order in which samples hold the values.
    package var labels: [String]
    /// Where the value comes from.
    package var source: String

    package init(kind: Kind, help: String, unit: Unit, labels: [String], source: String) {
        self.kind = kind
        self.help = help
        self.unit = unit
        self.labels = labels
        self.source = source
    }

    package enum Kind: String, Sendable, Hashable, CaseIterable {
        /// Only grows, and begins anew when its source does.
        case counter
        case gauge
        case histogram
        /// Always 1; the labels carry the text.
        case info
    }

    /// A base unit of Prometheus; the metric's name ends with it.
    package enum Unit: String, Sendable, Hashable, CaseIterable {
        /// A plain count of things that the name names.
        case none = ""
        case seconds
        case bytes
        /// A part of 1.
        case ratio
    }
}
