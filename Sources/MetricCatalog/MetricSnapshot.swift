/// All metrics at one moment: what an exporter encodes.
///
/// Families come in the catalogue's order whatever the order of appending; samples in the order they were appended.
package struct MetricSnapshot: Sendable, Equatable {
    private var samples: [Metric: [Sample]] = [:]

    package init() {}

    /// Adds samples to a metric's family. The samples' labels differ from each other's and from those already there.
    package mutating func append(_ metric: Metric, _ more: some Sequence<Sample>) {
        samples[metric, default: []].append(contentsOf: more)
    }

    /// Adds the one sample of a metric without labels.
    package mutating func append(_ metric: Metric, _ value: Value) {
        append(metric, CollectionOfOne(Sample(labels: [], value: value)))
    }

    /// The metrics that have samples, with them.
    package var families: [(metric: Metric, samples: [Sample])] {
        Metric.allCases.compactMap { metric in
            samples[metric].flatMap { $0.isEmpty ? nil : (metric, $0) }
        }
    }

    /// One series' value.
    package struct Sample: Sendable, Equatable {
        /// The labels' values, in the order of the metric's definition.
        package var labels: [String]
        package var value: Value

        package init(labels: [String], value: Value) {
            self.labels = labels
            self.value = value
        }
    }

    package enum Value: Sendable, Equatable {
        case integer(UInt64)
        case number(Double)
        case histogram(Histogram)
    }

    /// A histogram's state.
    package struct Histogram: Sendable, Equatable {
        /// Upper bounds of the buckets but the last, which has none, growing.
        ///
        /// - Unit: the metric's.
        package var bounds: [Double]
        /// How many values fell into each bucket, not cumulative; one more than there are bounds.
        package var buckets: [UInt64]
        package var count: UInt64
        /// - Unit: the metric's.
        package var sum: Double

        package init(bounds: [Double], buckets: [UInt64], count: UInt64, sum: Double) {
            self.bounds = bounds
            self.buckets = buckets
            self.count = count
            self.sum = sum
        }
    }
}
