import Collector
import IPVSModel
import MetricCatalog
import PrometheusExporter
package import TraceStore

/// A run's time series as OpenMetrics text, under the names and labels of `/metrics`.
package enum SampleHistory {
    /// The metric that each column of the samples is, in the catalogue's order.
    private static let services: [(metric: Metric, column: String)] = [
        (.virtualServiceConnectionsTotal, "conns"), (.virtualServiceIncomingPacketsTotal, "in_packets"),
        (.virtualServiceOutgoingPacketsTotal, "out_packets"), (.virtualServiceIncomingBytesTotal, "in_bytes"),
        (.virtualServiceOutgoingBytesTotal, "out_bytes"), (.fairnessJainRatio, "fairness"),
    ]
    private static let servers: [(metric: Metric, column: String)] = [
        (.realServerConnectionsTotal, "conns"), (.realServerIncomingPacketsTotal, "in_packets"),
        (.realServerOutgoingPacketsTotal, "out_packets"), (.realServerIncomingBytesTotal, "in_bytes"),
        (.realServerOutgoingBytesTotal, "out_bytes"), (.realServerActiveConnections, "active"),
        (.realServerInactiveConnections, "inactive"), (.realServerWeight, "weight"), (.assignmentsTotal, "assignments"),
        (.tracedActiveConnections, "traced_active"), (.tracedInactiveConnections, "traced_inactive"),
        (.assignmentShareRatio, "share"),
    ]

    /// Writes family after family, each series from its oldest sample on, as the format demands; the rows of one family
    /// are read before those of the next, so that none need be kept.
    package static func write(run: Int64, of store: TraceStore, _ write: (String) -> Void) throws {
        try store.reading { reading in
            for (metric, column) in services {
                try family(
                    metric,
                    sql: """
                        SELECT identity, NULL, time_ns, \(column)
                        FROM sample_virtual_service JOIN virtual_service ON virtual_service.id = virtual_service_id
                        WHERE run_id = :run AND \(column) IS NOT NULL
                        ORDER BY virtual_service_id, time_ns
                        """, run: run, of: reading, write)
            }
            for (metric, column) in servers {
                try family(
                    metric,
                    sql: """
                        SELECT identity, endpoint, time_ns, \(column)
                        FROM sample_real_server
                            JOIN real_server ON real_server.id = real_server_id
                            JOIN virtual_service ON virtual_service.id = virtual_service_id
                        WHERE run_id = :run AND endpoint IS NOT NULL AND \(column) IS NOT NULL
                        ORDER BY real_server_id, time_ns
                        """, run: run, of: reading, write)
            }
        }
        write(OpenMetricsHistory.end)
    }

    private static func family(
        _ metric: Metric, sql: String, run: Int64, of reading: borrowing TraceStore.Reading, _ write: (String) -> Void
    ) throws {
        var names: [SQLValue] = []
        var series = ""
        try reading.ask(sql, with: ["run": .integer(run)]) { row in
            if names != Array(row[..<2]) {
                if names.isEmpty { write(OpenMetricsHistory.header(of: metric)) }
                names = Array(row[..<2])
                series = OpenMetricsHistory.series(metric, labels: labels(names))
            }
            guard case .integer(let time) = row[2] else { return }
            write(OpenMetricsHistory.sample(series, SQLText.json(row[3]), nanoseconds: time))
        }
    }

    private static func labels(_ names: [SQLValue]) -> [String] {
        guard case .text(let identity) = names[0], let service = VirtualServiceIdentity(identity) else { return [] }
        guard case .text(let text) = names[1], let server = Endpoint(text) else { return service.labels }
        return service.labels + server.labels
    }
}
