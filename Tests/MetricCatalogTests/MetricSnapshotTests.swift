import MetricCatalog
import Testing

struct MetricSnapshotTests {
    typealias Sample = MetricSnapshot.Sample
    typealias Histogram = MetricSnapshot.Histogram

    @Test
    func `families come in the catalogue's order and samples in the order of appending`() {
        var snapshot = MetricSnapshot()
        snapshot.append(.foreignPacketsTotal, .integer(2))
        snapshot.append(.connectionTableRowsWithoutConnection, [Sample(labels: ["template"], value: .integer(3))])
        snapshot.append(.up, .integer(1))
        snapshot.append(.connectionTableRowsWithoutConnection, [Sample(labels: ["began"], value: .integer(4))])

        #expect(snapshot.families.map(\.metric) == [.up, .connectionTableRowsWithoutConnection, .foreignPacketsTotal])
        #expect(snapshot.families[1].samples.map(\.labels) == [["template"], ["began"]])
    }

    @Test
    func `a metric without samples has no family`() {
        var snapshot = MetricSnapshot()
        snapshot.append(.undecodablePacketsTotal, [])
        #expect(snapshot.families.isEmpty)
    }

    @Test
    func `a sound snapshot has no problems`() {
        var snapshot = MetricSnapshot()
        snapshot.append(.up, .integer(1))
        snapshot.append(.buildInfo, [Sample(labels: ["1.0"], value: .integer(1))])
        snapshot.append(.realServerConnectSeconds, [Self.latency(buckets: [1, 2], count: 3)])
        #expect(snapshot.problems == [])
    }

    @Test(arguments: [
        (Metric.up, [Sample(labels: [], value: .integer(1)), Sample(labels: [], value: .integer(0))], "series twice"),
        (.up, [Sample(labels: ["a"], value: .integer(1))], "1 label values, 0 labels"),
        (.buildInfo, [Sample(labels: ["1.0"], value: .integer(2))], "an info metric that is not 1"),
        (.foreignPacketsTotal, [Sample(labels: [], value: .number(-1))], "a counter below zero"),
        (
            .up, [Sample(labels: [], value: .histogram(Histogram(bounds: [], buckets: [0], count: 0, sum: 0)))],
            "buckets in a gauge"
        ),
        (.realServerConnectSeconds, [latency(buckets: [1, 2], count: 4)], "buckets that do not add up to the count"),
        (.realServerConnectSeconds, [latency(buckets: [1, 2, 3], count: 6)], "3 buckets, 1 bounds"),
    ])
    func `a snapshot no scraper would take says why`(metric: Metric, samples: [Sample], problem: String) {
        var snapshot = MetricSnapshot()
        snapshot.append(metric, samples)
        #expect(snapshot.problems.count == 1)
        #expect(snapshot.problems.first?.hasSuffix(": \(problem)") == true)
        #expect(snapshot.problems.first?.hasPrefix(metric.rawValue) == true)
    }

    static func latency(buckets: [UInt64], count: UInt64) -> Sample {
        let labels = Array(repeating: "", count: Metric.realServerConnectSeconds.definition.labels.count)
        return Sample(
            labels: labels, value: .histogram(Histogram(bounds: [0.1], buckets: buckets, count: count, sum: 1)))
    }
}
