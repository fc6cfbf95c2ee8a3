import MetricCatalog
import PrometheusExporter
import Testing

struct PrometheusTextTests {
    typealias Sample = MetricSnapshot.Sample

    static func page(_ metric: Metric, _ samples: [Sample]) -> [Substring] {
        var snapshot = MetricSnapshot()
        snapshot.append(metric, samples)
        return String(decoding: PrometheusText.encode(snapshot), as: UTF8.self).split(separator: "\n")
    }

    @Test
    func `an empty snapshot is an empty page`() {
        #expect(PrometheusText.encode(MetricSnapshot()) == [])
    }

    @Test
    func `a family begins with its help and its kind`() {
        #expect(
            Self.page(.up, [Sample(labels: [], value: .integer(1))]) == [
                "# HELP ipvs_up Whether the last reading of the kernel's IPVS succeeded.", "# TYPE ipvs_up gauge",
                "ipvs_up 1",
            ])
    }

    @Test
    func `an info metric is a gauge, the only thing this format knows for it`() {
        let lines = Self.page(.buildInfo, [Sample(labels: ["1.0"], value: .integer(1))])
        #expect(lines.dropFirst() == ["# TYPE ipvscope_build_info gauge", "ipvscope_build_info{version=\"1.0\"} 1"])
    }

    @Test(arguments: [
        ("plain", "plain"), ("", ""), ("a\"b", #"a\"b"#), (#"a\b"#, #"a\\b"#), ("a\nb", #"a\nb"#),
        (#"\n"#, #"\\n"#), ("Grüße, {x=1}", "Grüße, {x=1}"),
    ])
    func `a label's value is escaped so that it reads back`(value: String, escaped: String) {
        let lines = Self.page(.undecodablePacketsTotal, [Sample(labels: [value], value: .integer(1))])
        #expect(lines.last == "ipvscope_undecodable_packets_total{reason=\"\(escaped)\"} 1")
    }

    @Test(arguments: [
        (MetricSnapshot.Value.integer(0), "0"), (.integer(10), "10"), (.integer(.max), "18446744073709551615"),
        (.number(0), "0.0"), (.number(1), "1.0"), (.number(0.1), "0.1"), (.number(-2), "-2.0"),
        (.number(0.00005), "5e-05"), (.number(1e300), "1e+300"), (.number(0.1 + 0.2), "0.30000000000000004"),
        (.number(.infinity), "+Inf"), (.number(-.infinity), "-Inf"), (.number(.nan), "NaN"),
    ])
    func `a value is written in full and in one form only`(value: MetricSnapshot.Value, text: String) {
        let lines = Self.page(.trackedConnections, [Sample(labels: [], value: value)])
        #expect(lines.last == "ipvscope_tracked_connections \(text)")
    }

    @Test
    func `a histogram's buckets add up, and the last one is the count`() {
        let histogram = MetricSnapshot.Histogram(
            bounds: [0.00005, 1, 2.5], buckets: [1, 0, 2, 4], count: 7, sum: 12.5)
        let labels = ["192.0.2.1", "80", "TCP", "", "10.0.0.1", "8080"]
        let lines = Self.page(.realServerConnectSeconds, [Sample(labels: labels, value: .histogram(histogram))])
        let series =
            "local_address=\"192.0.2.1\",local_port=\"80\",proto=\"TCP\",local_mark=\"\","
            + "remote_address=\"10.0.0.1\",remote_port=\"8080\""
        let name = "ipvs_real_server_connect_seconds"
        #expect(
            lines.dropFirst() == [
                "# TYPE \(name) histogram",
                "\(name)_bucket{\(series),le=\"5e-05\"} 1",
                "\(name)_bucket{\(series),le=\"1.0\"} 1",
                "\(name)_bucket{\(series),le=\"2.5\"} 3",
                "\(name)_bucket{\(series),le=\"+Inf\"} 7",
                "\(name)_sum{\(series)} 12.5",
                "\(name)_count{\(series)} 7",
            ])
    }
}
