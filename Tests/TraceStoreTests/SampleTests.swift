import ConnectionTracing
import IPVSModel
import Testing
import TraceStore

/// Time series: seconds, and the minutes and hours they add up to.
struct SampleTests {
    private let folder: TemporaryFolder
    private let path: String
    private let store: TraceStore
    private let run: Int64

    init() throws {
        folder = try TemporaryFolder()
        path = folder.path("samples.sqlite")
        store = try TraceStore.open(path: path)
        run = try store.beginRun(name: "collect", started: .midnight)
    }

    private func rows(_ sql: String) throws -> [String] { try SQLiteTool.run(sql, on: path) }

    /// - Parameter active: The kernel's active connections of rs1, as many as milliseconds its connections took.
    private func sample(second: Int64, active: UInt32, of endpoint: Endpoint = .rs1) -> TrafficSample {
        var latencies = RealServerLatencies()
        latencies.connect.record(nanoseconds: Int64(active) * 1_000_000)
        return TrafficSample(
            time: ExampleRun.time(second * 1_000), virtualService: .web,
            counters: TrafficCounters(connections: UInt64(second)), fairness: 1,
            realServers: [
                RealServerSample(
                    endpoint: endpoint, weight: 1, activeConnections: active, inactiveConnections: 0,
                    counters: TrafficCounters(connections: UInt64(second)), assignments: UInt64(second), share: 1,
                    tracedActive: UInt64(active), tracedInactive: 0, latencies: latencies)
            ])
    }

    @Test func `minutes and hours have the last counters, the greatest gauges, and all latencies`() throws {
        for (second, active) in [(1, 5), (30, 9), (59, 2), (60, 7), (3_599, 1), (3_600, 4)] as [(Int64, UInt32)] {
            try store.write(StoreBatch(samples: [sample(second: second, active: active)]), run: run)
        }
        let columns = """
            SELECT (time_ns - \(Timestamp.midnight.rawValue)) / 1000000000, conns, active, traced_active,
                (SELECT sum(value) FROM json_each(real_server_connect)) FROM
            """
        #expect(try rows("\(columns) sample_real_server").count == 6)
        #expect(
            try rows("\(columns) sample_real_server_minute")
                == ["0|59|9|9|3", "60|60|7|7|1", "3540|3599|1|1|1", "3600|3600|4|4|1"])
        #expect(try rows("\(columns) sample_real_server_hour") == ["0|3599|9|9|5", "3600|3600|4|4|1"])
        #expect(
            try rows("SELECT conns FROM sample_virtual_service_minute ORDER BY time_ns") == [
                "59", "60", "3599", "3600",
            ])
        #expect(try rows("SELECT conns FROM sample_virtual_service_hour ORDER BY time_ns") == ["3599", "3600"])
    }

    @Test func `a real server that left within a minute keeps its row of that minute`() throws {
        try store.write(StoreBatch(samples: [sample(second: 1, active: 5, of: .rs2)]), run: run)
        try store.write(StoreBatch(samples: [sample(second: 2, active: 3, of: .rs1)]), run: run)
        #expect(
            try rows(
                "SELECT endpoint, active FROM sample_real_server_minute JOIN real_server ON id = real_server_id ORDER BY 1"
            )
                == ["10.10.10.10:80|3", "10.10.10.20:80|5"])
    }

    @Test func `a transaction that failed is not in the minute`() throws {
        try store.write(StoreBatch(samples: [sample(second: 1, active: 5)]), run: run)
        _ = try rows("CREATE TRIGGER refuse BEFORE INSERT ON event BEGIN SELECT raise(ABORT, 'refused'); END")
        let batch = StoreBatch(
            events: [TraceEvent(time: .midnight, kind: .captureLoss)], samples: [sample(second: 2, active: 50)])
        #expect(throws: StoreError.self) { try store.write(batch, run: run) }
        // Events come before samples, and are refused: so this one comes after.
        try store.write(StoreBatch(samples: [sample(second: 3, active: 4)]), run: run)
        #expect(try rows("SELECT conns, active FROM sample_real_server_minute") == ["3|5"])
    }

    @Test(arguments: ["sample", "minute", "hour"], [0.5, 0.9, 0.99])
    func `the quantile that SQL finds over a span is the one of the added histograms`(
        resolution: String, part: Double
    ) throws {
        for second in 0..<100 as Range<Int64> {
            try store.write(StoreBatch(samples: [sample(second: second, active: UInt32(second + 1))]), run: run)
        }
        var all = LatencyBuckets()
        for text in try rows("SELECT real_server_connect FROM sample_real_server") {
            all.add(try #require(LatencyBuckets(json: text)))
        }
        #expect(all.count == 100)
        // As docs/database.md has it.
        let found = try rows(
            """
            SELECT min(upper) FROM (
                SELECT upper, sum(sum(count)) OVER (ORDER BY bucket) AS up_to, sum(sum(count)) OVER () AS all_of_them
                FROM latency_counts WHERE resolution = '\(resolution)' AND measure = 'real_server_connect'
                GROUP BY bucket)
            WHERE up_to >= \(part) * all_of_them
            """)
        let upper = try #require(found.first.flatMap(Double.init))
        let quantile = try #require(all.quantile(part))
        #expect(quantile <= upper * 1.000_001 && quantile >= upper / 1.07)
        #expect(
            try store.latencies(.connect, of: nil, from: .midnight, to: ExampleRun.time(4_000_000), run: run) == all)
    }
}
