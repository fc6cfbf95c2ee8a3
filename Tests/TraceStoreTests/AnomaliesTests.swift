import ConnectionTracing
import IPVSModel
import Testing
import TraceStore

struct AnomaliesTests {
    private let folder: TemporaryFolder
    private let path: String
    private let store: TraceStore
    private let run: Int64

    init() throws {
        folder = try TemporaryFolder()
        path = folder.path("anomalies.sqlite")
        store = try TraceStore.open(path: path)
        run = try store.beginRun(name: "anomalies", started: .midnight)
    }

    private func rows(_ sql: String) throws -> [String] { try SQLiteTool.run(sql, on: path) }

    @Test func `an anomaly tells the connection, its client and its real server by names`() throws {
        let refused = ConnectionRecord.http(
            7, at: .midnight, client: ExampleRun.client(1001), to: .rs1, outcome: .refused)
        try store.write(
            StoreBatch(
                connections: [refused],
                events: [
                    TraceEvent(
                        time: ExampleRun.time(250), kind: .refused, virtualService: .web, realServer: .rs1,
                        connection: 7, detail: "client 192.168.122.1:1001, refused"),
                    // Of a connection whose row is not there, and of none.
                    TraceEvent(
                        time: ExampleRun.time(500), kind: .stalled, virtualService: .web,
                        realServer: Endpoint("[fd00:10::10]:80")!, connection: 8, detail: "late"),
                    TraceEvent(time: ExampleRun.time(750), kind: .resetWithoutEntry, virtualService: .web),
                ]), run: run)
        #expect(
            try rows("SELECT * FROM anomalies ORDER BY time") == [
                "1|2025-11-23T00:00:00.250000000Z|refused|7|192.168.122.1|1001|tcp/192.168.122.100:80"
                    + "|10.10.10.10:80|client 192.168.122.1:1001, refused",
                "1|2025-11-23T00:00:00.500000000Z|stalled|8|-|-|tcp/192.168.122.100:80|[fd00:10::10]:80|late",
                "1|2025-11-23T00:00:00.750000000Z|reset_without_entry|-|-|-|tcp/192.168.122.100:80|-|",
            ])
    }

    @Test func `the anomalies are the events that are counted as troubles, no more and no less`() throws {
        let events = TraceEvent.Kind.allCases.map {
            TraceEvent(time: .midnight, kind: $0, virtualService: .web)
        }
        try store.write(StoreBatch(connections: [], events: events), run: run)
        #expect(
            try rows("SELECT kind FROM anomalies ORDER BY kind") == TraceEvent.Kind.troubles.map(\.rawValue).sorted())
    }
}
