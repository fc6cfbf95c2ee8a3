import Balance
import Collector
import ConnectionTracing
import Foundation
import IPVSKernel
import IPVSModel
import Testing
import TraceStore

/// A trace of a lab scenario, recorded whole on a real kernel, with its counters before and after.
struct LabRecording: Sendable, CustomTestStringConvertible {
    /// The folder in `Recordings/lab`: the scenario, and the trace where it has several.
    var name: String
    /// By virtual service: the verdict and the number of assignments.
    var services: [String]
    /// How the assigned connections ended, with their number.
    var outcomes: [String]

    var testDescription: String { name }

    static let all = [
        LabRecording(
            name: "dest-deleted-expire-0", services: ["tcp/192.168.122.100:80 inconclusive 5"],
            outcomes: ["closed 4", "open 1"]),
        LabRecording(
            name: "dest-deleted-expire-1", services: ["tcp/192.168.122.100:80 pass 6"],
            outcomes: ["closed 5", "reset_by_director 1"]),
        LabRecording(
            name: "direct-routing", services: ["tcp/192.168.122.100:80 pass 30", "udp/192.168.122.100:9000 pass 6"],
            outcomes: ["closed 30", "open 6"]),
        LabRecording(
            name: "fragments", services: ["udp/192.168.122.100:9000 pass 6", "udp/[fd00:122::100]:9000 pass 6"],
            outcomes: ["open 12"]),
        LabRecording(name: "ftp", services: ["tcp/192.168.122.100:21 pass 6"], outcomes: ["closed 6"]),
        LabRecording(name: "fwmark", services: ["fwmark/7 pass 6", "fwmark/7/ipv6 pass 6"], outcomes: ["closed 12"]),
        LabRecording(
            name: "icmp-frag-needed", services: ["tcp/192.168.122.100:80 inconclusive 3"], outcomes: ["closed 3"]),
        LabRecording(
            name: "icmp-unreachable", services: ["udp/192.168.122.100:9000 pass 9"],
            outcomes: ["not_forwarded 3", "open 6"]),
        LabRecording(name: "ipv6", services: ["tcp/[fd00:122::100]:80 pass 24"], outcomes: ["closed 24"]),
        LabRecording(name: "one-armed", services: ["tcp/192.168.122.100:80 pass 24"], outcomes: ["closed 24"]),
        LabRecording(name: "one-packet", services: ["udp/192.168.122.100:9000 pass 12"], outcomes: ["expired 12"]),
        LabRecording(
            name: "persistence-flows", services: ["udp/192.168.122.100:53 pass 19"],
            outcomes: ["expired 19"]),
        LabRecording(
            name: "persistence-netmask", services: ["tcp/192.168.122.100:8081 inconclusive 9"],
            outcomes: ["closed 9"]),
        LabRecording(
            name: "reuse-states-mode-0",
            services: ["tcp/192.168.122.100:80 inconclusive 3", "tcp/192.168.122.100:9000 inconclusive 3"],
            outcomes: ["closed 1", "open 4", "reset_by_client 1"]),
        LabRecording(
            name: "reuse-states-mode-1",
            services: ["tcp/192.168.122.100:80 inconclusive 5", "tcp/192.168.122.100:9000 inconclusive 3"],
            outcomes: ["closed 1", "open 6", "reset_by_client 1"]),
        LabRecording(
            name: "rs-down", services: ["tcp/192.168.122.100:80 pass 9"], outcomes: ["closed 6", "not_forwarded 3"]),
        LabRecording(
            name: "rs-no-gateway", services: ["tcp/192.168.122.100:80 pass 9"], outcomes: ["closed 6", "unanswered 3"]),
        LabRecording(
            name: "sctp",
            services: ["sctp/192.168.122.100:9000 pass 9", "sctp/192.168.122.100:9001 inconclusive 3"],
            outcomes: ["closed 6", "refused 3", "reset_by_client 3"]),
        LabRecording(name: "tunnel-gre", services: ["tcp/192.168.122.100:80 pass 12"], outcomes: ["closed 12"]),
        LabRecording(name: "tunnel-gue", services: ["tcp/192.168.122.100:80 pass 13"], outcomes: ["closed 13"]),
        LabRecording(name: "tunnel-ipip", services: ["tcp/192.168.122.100:80 pass 12"], outcomes: ["closed 12"]),
        LabRecording(name: "udp", services: ["udp/192.168.122.100:53 pass 9"], outcomes: ["expired 9"]),
    ]

    private var folder: URL {
        URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Recordings/lab/\(name)")
    }

    func replay(threads: Int) throws -> Replay {
        let vip = folder.appending(path: "vip.pcap").path
        let dip = folder.appending(path: "dip.pcap").path
        var replay = Replay(
            vipPath: vip, dipPath: FileManager.default.fileExists(atPath: dip) ? dip : vip,
            kernelStates: try KernelStateFile.read(folder.appending(path: "kernel.jsonl").path))
        replay.threads = threads
        return replay
    }
}

struct LabRecordingTests {
    @Test(arguments: LabRecording.all)
    func `what a real kernel did is traced, counted and judged`(recording: LabRecording) throws {
        let folder = try TemporaryFolder()
        let store = try TraceStore.open(path: folder.path("lab.sqlite"))
        let evidence = try recording.replay(threads: 1).run(into: store, name: recording.name)
        try store.close()
        let services = Judge.verdict(on: evidence).virtualServices.filter { $0.assignments > 0 }

        #expect(services.map { "\($0.virtualService) \($0.verdict.rawValue) \($0.assignments)" } == recording.services)
        for service in services {
            #expect(service.audit.closed)
            #expect(service.audit.unexplained == 0)
            #expect(service.audit.kernelConns == service.assignments)
            #expect(service.audit.active?.traced == service.audit.active?.kernel)
            #expect(service.audit.inactive?.traced == service.audit.inactive?.kernel)
            #expect(service.audit.explained["table_lag"] == nil)
            #expect(service.conformance.unexplained.isEmpty)
        }
        let outcomes = try Self.query(
            "SELECT outcome || ' ' || count(*) FROM connections WHERE is_assignment GROUP BY outcome ORDER BY outcome",
            in: folder.path("lab.sqlite"))
        #expect(outcomes == recording.outcomes)
    }

    @Test(arguments: [1, 3])
    func `FTP's data connections are traced beside their control connections, and their packets counted`(
        threads: Int
    ) throws {
        let recording = try #require(LabRecording.all.first { $0.name == "ftp" })
        let folder = try TemporaryFolder()
        let store = try TraceStore.open(path: folder.path("lab.sqlite"))
        let evidence = try recording.replay(threads: threads).run(into: store, name: "ftp")
        try store.close()
        let data = try Self.query(
            """
            SELECT count(*), sum(vip_out_bytes), sum(outcome = 'closed'), sum(vip_in_packets = dip_in_packets)
            FROM connections WHERE origin = 'ftp_data'
            """, in: folder.path("lab.sqlite"))
        #expect(data == ["6|31296|6|6"])
        let servers = try #require(evidence.virtualServices.first { !$0.assignments.isEmpty }).realServers
        #expect(servers.map(\.captured) == servers.map(\.kernel))
    }

    @Test(arguments: ["tunnel-gre", "tunnel-gue", "tunnel-ipip"], [1, 3])
    func `what travels to the real servers in tunnels is joined packet by packet`(name: String, threads: Int) throws {
        let recording = try #require(LabRecording.all.first { $0.name == name })
        let folder = try TemporaryFolder()
        let store = try TraceStore.open(path: folder.path("lab.sqlite"))
        _ = try recording.replay(threads: threads).run(into: store, name: name)
        try store.close()
        let joined = try Self.query(
            """
            SELECT count(*), sum(vip_in_packets = dip_in_packets), min(dip_in_packets) > 1
            FROM connections WHERE is_assignment
            """, in: folder.path("lab.sqlite"))
        let connections = try #require(recording.services.first?.split(separator: " ").last)
        #expect(joined == ["\(connections)|\(connections)|1"])
    }

    /// The rows of a query, columns apart by bars.
    private static func query(_ sql: String, in database: String) throws -> [String] {
        let tool = Process()
        let output = Pipe()
        tool.executableURL = URL(filePath: "/usr/bin/env")
        tool.arguments = ["sqlite3", database, sql]
        tool.standardOutput = output
        try tool.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        tool.waitUntilExit()
        return text.split(separator: "\n").map(String.init)
    }

    @Test func `without the table nobody knows who followed a template, but for services made for the captures`() throws
    {
        let recording = try #require(LabRecording.all.first { $0.name == "persistence-flows" })
        var replay = try recording.replay(threads: 2)
        let uncertain = { (replay: Replay) in
            try replay.run(name: "lab").virtualServices.flatMap(\.assignments).count { $0.isScheduled == nil }
        }
        #expect(try uncertain(replay) == 0)
        for index in replay.kernelStates.indices { replay.kernelStates[index].connections = nil }
        // Of each client's flows the first.
        #expect(try uncertain(replay) >= 4)
        replay.kernelStates.removeFirst(replay.kernelStates.count - 1)
        #expect(try uncertain(replay) == 0)
    }

    @Test(arguments: LabRecording.all)
    func `several threads find the same, down to the ids`(recording: LabRecording) throws {
        let alone = try recording.replay(threads: 1).run(name: "lab")
        let together = try recording.replay(threads: 3).run(name: "lab")
        #expect(together.virtualServices.map(\.assignments) == alone.virtualServices.map(\.assignments))
        #expect(together.virtualServices.map(\.realServers) == alone.virtualServices.map(\.realServers))
        #expect(together.virtualServices.map(\.causes) == alone.virtualServices.map(\.causes))
    }
}
