extension MetricSnapshot {
    /// What a scraper would refuse or misread, one line each; empty for a sound snapshot.
    package var problems: [String] {
        families.flatMap { metric, samples in
            var seen: Set<[String]> = []
            return samples.flatMap { sample in
                var problems: [String] = []
                if sample.labels.count != metric.definition.labels.count {
                    problems.append("\(sample.labels.count) label values, \(metric.definition.labels.count) labels")
                }
                if !seen.insert(sample.labels).inserted { problems.append("series twice") }
                if let mismatch = metric.definition.kind.mismatch(with: sample.value) { problems.append(mismatch) }
                return problems.map { "\(metric.rawValue)\(sample.labels): \($0)" }
            }
        }
    }
}

extension MetricDefinition.Kind {
    /// Why `value` is no value of this kind, or `nil` if it is one.
    fileprivate func mismatch(with value: MetricSnapshot.Value) -> String? {
        switch (self, value) {
        case (.info, .integer(1)), (.counter, .integer), (.gauge, .integer), (.gauge, .number): nil
        case (.counter, .number(let number)): number >= 0 ? nil : "a counter below zero"
        case (.histogram, .histogram(let histogram)): histogram.problem
        case (.info, _): "an info metric that is not 1"
        case (.histogram, _): "a histogram without buckets"
        case (.counter, .histogram), (.gauge, .histogram): "buckets in a \(rawValue)"
        }
    }
}

extension MetricSnapshot.Histogram {
    fileprivate var problem: String? {
        if buckets.count != bounds.count + 1 { return "\(buckets.count) buckets, \(bounds.count) bounds" }
        if buckets.reduce(0, +) != count { return "buckets that do not add up to the count" }
        if zip(bounds, bounds.dropFirst()).contains(where: { $0 >= $1 }) { return "bounds that do not grow" }
        return nil
    }
}
