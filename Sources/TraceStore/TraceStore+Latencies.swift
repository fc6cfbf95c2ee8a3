package import ConnectionTracing
internal import GRDB
package import IPVSModel

/// What the time series hold histograms of. The raw values are columns.
package enum SampledLatency: String, Sendable, Hashable, CaseIterable {
    case connect = "real_server_connect"
    case firstByte = "time_to_first_byte"
    case duration
}

extension TraceStore {
    /// The latencies of connections that ended in a span, whose quantiles ``LatencyBuckets/quantile(_:)`` tells.
    ///
    /// From the finest time series that is still there: where seconds are gone the span begins with the minute that it
    /// begins in, where those are gone with the hour.
    ///
    /// - Parameters:
    ///   - service: `nil` for all.
    ///   - realServer: `nil` for all.
    package func latencies(
        _ measure: SampledLatency, of service: VirtualServiceIdentity? = nil, realServer: Endpoint? = nil,
        from: Timestamp, to: Timestamp, run: Int64
    ) throws(StoreError) -> LatencyBuckets {
        try read { database in
            var sum = LatencyBuckets()
            // Up to where coarser rows are needed; from there on the finer ones are complete.
            var until = to.rawValue
            let coarser: [Resolution?] = [.minute, .hour, nil]
            for (resolution, coarser) in zip(Resolution.allCases, coarser) {
                let begin = try Self.begin(of: resolution, before: coarser, run: run, in: database)
                let first = resolution.length.map { from.rawValue / $0 * $0 } ?? from.rawValue
                let texts = try String.fetchAll(
                    database,
                    sql: """
                        SELECT \(measure.rawValue) FROM sample_real_server\(resolution.suffix)
                            JOIN real_server ON real_server.id = real_server_id
                            JOIN virtual_service ON virtual_service.id = virtual_service_id
                        WHERE run_id = ? AND time_ns BETWEEN ? AND ? AND \(measure.rawValue) IS NOT NULL
                            AND (?4 IS NULL OR identity = ?4) AND (?5 IS NULL OR endpoint = ?5)
                        """,
                    arguments: [run, max(first, begin), until, service?.description, realServer?.description])
                for text in texts {
                    guard let part = LatencyBuckets(json: text) else {
                        throw self.corrupt("sample_real_server\(resolution.suffix).\(measure.rawValue)", text)
                    }
                    sum.add(part)
                }
                if begin <= from.rawValue { break }
                until = begin - 1
            }
            return sum
        }
    }

    /// From when on rows of a resolution are complete: always, unless some were removed that coarser rows still tell of.
    private static func begin(
        of resolution: Resolution, before coarser: Resolution?, run: Int64, in database: Database
    ) throws -> Int64 {
        func oldest(_ resolution: Resolution) throws -> Int64? {
            try Int64.fetchOne(
                database, sql: "SELECT min(time_ns) FROM sample_real_server\(resolution.suffix) WHERE run_id = ?",
                arguments: [run])
        }
        guard let coarser, let length = coarser.length, let coarse = try oldest(coarser) else { return .min }
        guard let fine = try oldest(resolution) else { return .max }
        return fine < coarse + length ? .min : (fine + length - 1) / length * length
    }
}
