import Foundation
import MetricCatalog
import PrometheusExporter
import Testing

struct GoldenExpositionTests {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    static let golden = folder.appending(path: "golden.prom")

    @Test
    func `the fixture's page is the committed one, byte for byte`() throws {
        let page = Data(PrometheusText.encode(Fixture.metrics))
        let committed = try Data(contentsOf: Self.golden)
        guard page != committed else { return }

        let actual = FileManager.default.temporaryDirectory.appending(path: "ipvscope-golden.prom")
        try page.write(to: actual)
        let changes = Self.changes(from: committed, to: page)
        Issue.record("\(changes) if they are meant: cp \(actual.path) \(Self.golden.path)")
    }

    /// The first lines that differ.
    static func changes(from old: Data, to new: Data) -> [String] {
        let lines = { (data: Data) in String(decoding: data, as: UTF8.self).split(separator: "\n") }
        return lines(new).difference(from: lines(old)).prefix(10).map { change in
            switch change {
            case .insert(_, let line, _): "+ \(line)"
            case .remove(_, let line, _): "- \(line)"
            }
        }
    }

    @Test
    func `the fixture has no series twice and every metric of the catalogue`() {
        let metrics = Fixture.metrics
        #expect(metrics.problems == [])
        #expect(metrics.families.map(\.metric) == Metric.allCases)
    }

    @Test
    func `promtool finds nothing wrong with the page`() throws {
        try Promtool.check(["check", "metrics"], standardInput: Self.golden)
    }

    @Test
    func `promtool finds nothing wrong with the scrape configuration`() throws {
        let root = Self.folder.deletingLastPathComponent().deletingLastPathComponent()
        try Promtool.check(["check", "config", root.appending(path: "exporters/Prometheus/prometheus.yml").path])
    }
}
