import Balance
import ConnectionTracing
import Foundation
import IPVSModel
import TraceStore

/// A folder that goes away with this value.
final class TemporaryFolder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "TraceStoreTests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func path(_ name: String) -> String { url.appending(path: name).path }
}

/// The plain `sqlite3` tool (Debian package `sqlite3`), which must be able to use our files.
struct SQLiteTool {
    struct Failure: Error {
        let status: Int32
        let output: String
    }

    /// What the tool prints for `sql`: one line a row, columns separated by `|`, NULL as `-`.
    @discardableResult
    static func run(_ sql: String, on path: String) throws -> [String] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["sqlite3", "-batch", "-bail", "-nullvalue", "-", path, sql]
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(status: process.terminationStatus, output: output)
        }
        return output.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
    }
}

extension VirtualServiceIdentity {
    static let web = Self.endpoint(.tcp, Endpoint("192.168.122.100:80")!)
    static let marked = Self.firewallMark(7, isIPv6: true)
}

extension Endpoint {
    static let rs1 = Endpoint("10.10.10.10:80")!
    static let rs2 = Endpoint("10.10.10.20:80")!
    static let rs3 = Endpoint("10.10.10.30:80")!
    static let rs6 = Endpoint("[fd00::10]:8080")!
}

extension Timestamp {
    /// 2025-11-23T00:00:00Z.
    static let midnight = Timestamp(seconds: 1_763_856_000, nanoseconds: 0)
}

extension SideRecord {
    /// A side that saw `inPackets` and `outPackets` of 100 bytes each.
    static func side(in inPackets: UInt32, out outPackets: UInt32) -> Self {
        var side = Self()
        side.inPackets = inPackets
        side.outPackets = outPackets
        side.inBytes = UInt64(inPackets) * 100
        side.outBytes = UInt64(outPackets) * 100
        return side
    }
}

extension ConnectionRecord {
    /// An ordinary HTTP connection through VS/NAT: 6 packets in and 5 out, 45 ms from SYN to last ACK.
    static func http(
        _ id: Int64, at time: Timestamp, client: Endpoint, to realServer: Endpoint?,
        of virtualService: VirtualServiceIdentity = .web, outcome: ConnectionOutcome = .closed
    ) -> Self {
        var vip = SideRecord.side(in: 6, out: 5)
        vip.syn = .zero
        vip.synAck = .microseconds(540)
        vip.ack = .microseconds(1_540)
        vip.firstRequest = .microseconds(1_600)
        vip.firstResponse = .milliseconds(40)
        vip.end = .milliseconds(44)
        var dip = SideRecord.side(in: 6, out: 5)
        dip.syn = .microseconds(20)
        dip.synAck = .microseconds(520)
        dip.ack = .microseconds(1_560)
        dip.firstRequest = .microseconds(1_620)
        dip.firstResponse = .microseconds(39_980)
        dip.end = .microseconds(44_020)
        return ConnectionRecord(
            id: id, virtualService: virtualService, realServer: realServer, transportProtocol: .tcp, client: client,
            origin: .assigned, outcome: outcome, firstSeen: time, lastSeen: time.advanced(by: .milliseconds(45)),
            vip: vip, dip: dip, state: .timeWait,
            entry: EntryObservation(
                state: .timeWait, expiresIn: 119, firstSeen: time.advanced(by: .milliseconds(500)),
                lastSeen: time.advanced(by: .milliseconds(1_700))))
    }
}

extension TraceStore {
    func write(_ connections: [ConnectionRecord], run: Int64) throws {
        try write(StoreBatch(connections: connections), run: run)
    }

    func write(_ configuration: ServiceConfiguration, of service: VirtualServiceIdentity, run: Int64) throws {
        try write(
            StoreBatch(configurations: [.init(virtualService: service, configuration: configuration)]), run: run)
    }
}

extension ServiceConfiguration {
    /// Settings seen at `time`, with weights in the kernel's order.
    static func seen(
        at time: Timestamp, scheduler: Scheduler = .roundRobin, _ weights: [(Endpoint, Int32)]
    ) -> Self {
        ServiceConfiguration(
            notBefore: time, seen: time, scheduler: scheduler, flags: .hashed,
            realServers: weights.map { ConfiguredRealServer(endpoint: $0.0, weight: $0.1) })
    }
}
