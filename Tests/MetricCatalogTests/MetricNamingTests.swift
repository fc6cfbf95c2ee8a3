import MetricCatalog
import Testing

/// Prometheus' own rules: <https://prometheus.io/docs/practices/naming/> and `writing_exporters`.
struct MetricNamingTests {
    @Test(arguments: Metric.allCases)
    func `a metric's name is snake case behind a known prefix`(metric: Metric) {
        #expect(metric.rawValue.wholeMatch(of: /(ipvs|ipvscope|process)(_[a-z][a-z0-9]*)+/) != nil)
    }

    @Test(arguments: Metric.allCases)
    func `a metric ends with _total exactly if it is a counter, and with _info if it is info`(metric: Metric) {
        let kind = metric.definition.kind
        #expect(metric.rawValue.hasSuffix("_total") == (kind == .counter))
        #expect(metric.rawValue.hasSuffix("_info") == (kind == .info))
        for suffix in ["_count", "_sum", "_bucket", "_created"] { #expect(!metric.rawValue.hasSuffix(suffix)) }
    }

    @Test(arguments: Metric.allCases)
    func `a metric ends with its unit, which is a base unit`(metric: Metric) {
        let name = metric.rawValue.hasSuffix("_total") ? String(metric.rawValue.dropLast(6)) : metric.rawValue
        for unit in MetricDefinition.Unit.allCases where unit != .none {
            #expect(name.hasSuffix("_\(unit.rawValue)") == (metric.definition.unit == unit))
        }
        let scaled: Set<Substring> = ["ms", "milliseconds", "microseconds", "minutes", "kilobytes", "bits", "percent"]
        #expect(scaled.isDisjoint(with: name.split(separator: "_")))
    }

    @Test(arguments: Metric.allCases)
    func `a metric's help is one sentence with a full stop`(metric: Metric) {
        let help = metric.definition.help
        #expect(help.first?.isUppercase == true)
        #expect(help.hasSuffix("."))
        #expect(!help.contains { $0.isNewline || $0 == "|" })
        #expect(!metric.definition.source.isEmpty)
    }

    @Test(arguments: Metric.allCases)
    func `a metric's labels are distinct, unreserved, and name no client`(metric: Metric) {
        let labels = metric.definition.labels
        #expect(Set(labels).count == labels.count)
        for label in labels {
            #expect(label.wholeMatch(of: /[a-z][a-z0-9_]*/) != nil)
            #expect(!["le", "quantile", "job", "instance", "type", "service", "cluster"].contains(label))
            #expect(!label.contains("client"))
        }
    }

    @Test
    func `no two metrics expose a series of the same name`() {
        let names = Metric.allCases.flatMap { metric in
            let suffixes = metric.definition.kind == .histogram ? ["", "_bucket", "_sum", "_count"] : [""]
            return suffixes.map { metric.rawValue + $0 }
        }
        #expect(Set(names).count == names.count)
    }
}
