import Foundation
import MetricCatalog
import Testing

struct MetricDocumentationTests {
    @Test
    func `docs/metrics.md is what the catalogue says`() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let committed = try String(contentsOf: root.appending(path: "docs/metrics.md"), encoding: .utf8)
        #expect(committed == Metric.markdown(), "rewrite it: \(Metric.markdownCommand)")
    }

    @Test(arguments: Metric.allCases)
    func `the page has one row for every metric, with its help`(metric: Metric) {
        let rows = Metric.markdown().split(separator: "\n").filter { $0.hasPrefix("| `\(metric.rawValue)` |") }
        #expect(rows.count == 1)
        #expect(rows.first?.contains(metric.definition.help) == true)
    }
}
