package import TraceStore

/// Rows of a run as CSV or JSON lines, written as they are read.
package enum RowExport {
    package static let connections = "SELECT * FROM connections WHERE run_id = :run ORDER BY id"

    package static let samples = """
        SELECT
            run_id,
            strftime('%Y-%m-%dT%H:%M:%S', sample.time_ns / 1000000000, 'unixepoch')
                || printf('.%09dZ', sample.time_ns % 1000000000) AS time,
            identity AS virtual_service,
            endpoint AS real_server,
            weight,
            active,
            inactive,
            conns,
            in_packets,
            out_packets,
            in_bytes,
            out_bytes,
            assignments,
            share,
            traced_active,
            traced_inactive
        FROM sample_real_server AS sample
            JOIN real_server ON real_server.id = real_server_id
            JOIN virtual_service ON virtual_service.id = virtual_service_id
        WHERE run_id = :run
        ORDER BY sample.time_ns, identity, endpoint
        """

    package static func write(
        _ sql: String, asCSV: Bool, run: Int64, of store: TraceStore, _ write: (String) -> Void
    ) throws {
        var keys: [String] = []
        try store.query(
            sql, with: ["run": .integer(run)],
            columns: { columns in
                keys = columns.map { SQLText.json($0) }
                if asCSV { write(CSV.line(columns)) }
            },
            row: { row in
                write(
                    asCSV
                        ? row.map(SQLText.csv).joined(separator: ",") + "\n"
                        : "{" + zip(keys, row).map { "\($0): \(SQLText.json($1))" }.joined(separator: ", ") + "}\n")
            })
    }
}
