import Commands
import ConnectionTracing
import Foundation
import IPVSModel
import Testing
import TraceStore

struct ExportTests {
    /// A run of 2 h 30 min in readings a minute apart, of a virtual service and a firewall mark: Prometheus makes blocks of
    /// two hours each. Beside it a run of one reading.
    private final class Exported {
        let folder: URL
        let store: TraceStore
        static let start = Timestamp(seconds: 1_763_856_000, nanoseconds: 250_000_000)
        static let readings = 150

        init() throws {
            folder = FileManager.default.temporaryDirectory.appending(path: "ExportTests-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            store = try TraceStore.open(path: folder.appending(path: "export.sqlite").path)
            let run = try store.beginRun(name: "long", started: Self.start)
            try store.write(StoreBatch(samples: (0..<Self.readings).flatMap(Self.samples)), run: run)
            try store.write(
                StoreBatch(samples: Self.samples(0)), run: try store.beginRun(name: "short", started: Self.start))
        }

        deinit { try? FileManager.default.removeItem(at: folder) }

        private static func samples(_ minute: Int) -> [TrafficSample] {
            [("tcp/192.168.122.100:80", "10.10.10.10:80"), ("fwmark/7/ipv6", "[fd00::10]:8080")].compactMap {
                service, server in
                guard let service = VirtualServiceIdentity(service), let server = Endpoint(server) else { return nil }
                let counters = TrafficCounters(
                    connections: UInt64(minute), inPackets: 6, outPackets: 5, inBytes: UInt64(minute) * 600, outBytes: 9
                )
                return TrafficSample(
                    time: start.advanced(by: .seconds(60 * minute)), virtualService: service, counters: counters,
                    fairness: minute == 0 ? nil : 0.75,
                    realServers: [
                        RealServerSample(
                            endpoint: server, weight: 3, activeConnections: 2, inactiveConnections: 1,
                            counters: counters,
                            assignments: UInt64(minute), share: minute == 0 ? nil : 1.0 / 3, tracedActive: 2,
                            tracedInactive: 1)
                    ])
            }
        }

        func openMetrics(run: Int64) throws -> String {
            var text = ""
            try SampleHistory.write(run: run, of: store) { text += $0 }
            return text
        }
    }

    private let exported: Exported

    init() throws { exported = try Exported() }

    @Test func `OpenMetrics has each family once, whole, with type, unit and help before its samples`() throws {
        let lines = try exported.openMetrics(run: 2).split(separator: "\n")
        #expect(lines.last == "# EOF")
        #expect(
            lines.prefix(5) == [
                "# TYPE ipvs_virtual_service_connections counter",
                "# HELP ipvs_virtual_service_connections Connections scheduled.",
                "ipvs_virtual_service_connections_total{local_address=\"192.168.122.100\",local_port=\"80\",proto=\"TCP\","
                    + "local_mark=\"\"} 0 1763856000.250",
                "ipvs_virtual_service_connections_total{local_address=\"::\",local_port=\"0\",proto=\"FWM\","
                    + "local_mark=\"00000007\"} 0 1763856000.250",
                "# TYPE ipvs_virtual_service_incoming_packets counter",
            ])
        let families = lines.filter { $0.hasPrefix("# TYPE ") }
        #expect(Set(families).count == families.count)
        #expect(lines.contains("# UNIT ipvs_real_server_incoming_bytes bytes"))
    }

    @Test func `promtool makes blocks of it, and finds every sample in them`() throws {
        let file = exported.folder.appending(path: "history.om")
        try exported.openMetrics(run: 1).write(to: file, atomically: true, encoding: .utf8)
        let blocks = exported.folder.appending(path: "blocks").path
        _ = try promtool(["tsdb", "create-blocks-from", "openmetrics", file.path, blocks])
        // Without that folder, dump does not take it for a database.
        try FileManager.default.createDirectory(atPath: blocks + "/wal", withIntermediateDirectories: true)
        let dump = try promtool(["tsdb", "dump", blocks]).split(separator: "\n").filter { $0.hasPrefix("{") }
        let count = { (name: String) in dump.count { $0.contains("__name__=\"\(name)\"") } }
        // Two series each, and no fairness or share before the first assignment.
        for name in [
            "ipvs_virtual_service_connections_total", "ipvs_virtual_service_incoming_packets_total",
            "ipvs_virtual_service_outgoing_packets_total", "ipvs_virtual_service_incoming_bytes_total",
            "ipvs_virtual_service_outgoing_bytes_total", "ipvs_real_server_connections_total",
            "ipvs_real_server_incoming_packets_total", "ipvs_real_server_outgoing_packets_total",
            "ipvs_real_server_incoming_bytes_total", "ipvs_real_server_outgoing_bytes_total",
            "ipvs_real_server_active_connections", "ipvs_real_server_inactive_connections", "ipvs_real_server_weight",
            "ipvs_assignments_total", "ipvs_traced_active_connections", "ipvs_traced_inactive_connections",
        ] { #expect(count(name) == 2 * Exported.readings, "\(name)") }
        for name in ["ipvs_fairness_jain_ratio", "ipvs_assignment_share_ratio"] {
            #expect(count(name) == 2 * (Exported.readings - 1), "\(name)")
        }
        #expect(
            dump.contains {
                $0.contains("__name__=\"ipvs_real_server_incoming_bytes_total\"")
                    && $0.contains("local_mark=\"00000007\"")
                    && $0.contains("remote_address=\"fd00::10\"") && $0.hasSuffix(" 89400 1763864940250")
            })
    }

    @Test func `rows of a run are written as CSV and as JSON lines`() throws {
        var csv = ""
        try RowExport.write(RowExport.samples, asCSV: true, run: 2, of: exported.store) { csv += $0 }
        #expect(
            csv == """
                run_id,time,virtual_service,real_server,weight,active,inactive,conns,in_packets,out_packets,in_bytes,\
                out_bytes,assignments,share,traced_active,traced_inactive
                2,2025-11-23T00:00:00.250000000Z,fwmark/7/ipv6,[fd00::10]:8080,3,2,1,0,6,5,0,9,0,,2,1
                2,2025-11-23T00:00:00.250000000Z,tcp/192.168.122.100:80,10.10.10.10:80,3,2,1,0,6,5,0,9,0,,2,1

                """)
        var lines = ""
        try RowExport.write(RowExport.samples, asCSV: false, run: 2, of: exported.store) { lines += $0 }
        let first = try #require(lines.split(separator: "\n").first)
        #expect(first.hasPrefix(#"{"run_id": 2, "time": "2025-11-23T00:00:00.250000000Z", "virtual_service": "#))
        #expect(first.contains(#""share": null"#))
    }

    @Test func `connections are exported with the columns of the view, one line each`() throws {
        let fixture = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../TraceStoreTests/Fixtures/v1.sqlite")
        let copy = exported.folder.appending(path: "v1.sqlite")
        try FileManager.default.copyItem(at: fixture, to: copy)
        let store = try TraceStore.openReadOnly(path: copy.path)
        var csv = ""
        try RowExport.write(RowExport.connections, asCSV: true, run: 1, of: store) { csv += $0 }
        let lines = csv.split(separator: "\n")
        let columns = try #require(SchemaRelation.all().first { $0.name == "connections" }).columns.map(\.name)
        #expect(lines.first.map(String.init) == columns.joined(separator: ","))
        #expect(lines.count == 6)
        #expect(lines[1].hasPrefix("1,1,tcp/192.168.122.100:80,6,192.168.122.1,1001,10.10.10.10:80,assigned,1,closed,"))
        // Of the fifth nobody saw which real server it went to.
        #expect(lines[5].hasPrefix("5,1,tcp/192.168.122.100:80,6,192.168.122.1,1004,,assigned,1,not_forwarded,"))
    }

    /// Runs Prometheus' own tool, of Debian's package `prometheus`. A machine without it fails the test.
    private func promtool(_ arguments: [String]) throws -> String {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/promtool")
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        try process.run()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "promtool \(arguments.joined(separator: " ")): \(text)")
        return text
    }
}
