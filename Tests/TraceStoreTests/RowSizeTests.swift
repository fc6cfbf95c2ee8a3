import ConnectionTracing
import Foundation
import IPVSModel
import Testing
import TraceStore

struct RowSizeTests {
    /// Connections in the order in which they end: `concurrency` at a time, latencies spread evenly over magnitudes,
    /// one in a hundred with a retransmission.
    private static func records(count: Int, slowest: Double) -> [ConnectionRecord] {
        var random = Generator(state: 42)
        func between(_ low: Double, _ high: Double) -> Duration {
            .nanoseconds(Int64(low * exp(Double.random(in: 0...log(high / low), using: &random))))
        }
        let microsecond = 1e3
        var time = ExampleRun.start
        return (1...count).map { id in
            time = time.advanced(by: between(50 * microsecond, 350 * microsecond))
            var vip = SideRecord()
            var dip = SideRecord()
            vip.syn = .zero
            dip.syn = between(5 * microsecond, 60 * microsecond)
            dip.synAck = dip.syn! + between(100 * microsecond, slowest)
            vip.synAck = dip.synAck! + between(5 * microsecond, 60 * microsecond)
            vip.ack = vip.synAck! + between(100 * microsecond, 1e6)
            dip.ack = vip.ack! + between(5 * microsecond, 60 * microsecond)
            vip.firstRequest = vip.ack! + between(10 * microsecond, 200 * microsecond)
            dip.firstRequest = vip.firstRequest! + between(5 * microsecond, 60 * microsecond)
            vip.firstResponse = vip.firstRequest! + between(300 * microsecond, slowest * 4)
            dip.firstResponse = vip.firstResponse! - between(5 * microsecond, 60 * microsecond)
            vip.end = vip.firstResponse! + between(100 * microsecond, 1e6)
            dip.end = vip.end! - between(5 * microsecond, 60 * microsecond)
            vip.inPackets = UInt32.random(in: 5...9, using: &random)
            vip.outPackets = UInt32.random(in: 4...9, using: &random)
            vip.inBytes = UInt64(vip.inPackets) * 52 + UInt64.random(in: 80...500, using: &random)
            vip.outBytes = UInt64(vip.outPackets) * 52 + UInt64.random(in: 300...12_000, using: &random)
            (dip.inPackets, dip.outPackets, dip.inBytes, dip.outBytes) = (
                vip.inPackets, vip.outPackets, vip.inBytes, vip.outBytes
            )
            if id % 100 == 0 {
                vip.inPackets += 1
                vip.inRepeated = 1
            }
            return ConnectionRecord(
                id: Int64(id), virtualService: .web, realServer: [.rs1, .rs2, .rs3][id % 3], transportProtocol: .tcp,
                client: Endpoint(
                    address: IPAddress(ipv4: 0xC0A8_0000 + UInt32.random(in: 0..<2_000, using: &random)),
                    port: UInt16.random(in: 32_768..<61_000, using: &random)),
                origin: .assigned, outcome: .closed, firstSeen: time,
                lastSeen: time.advanced(by: vip.end! + between(20 * microsecond, 300 * microsecond)),
                vip: vip, dip: dip, state: .timeWait,
                entry: EntryObservation(
                    state: .timeWait, expiresIn: UInt32.random(in: 60..<120, using: &random),
                    firstSeen: time.advanced(by: between(1e6, 1e9)),
                    lastSeen: time.advanced(by: between(1e9, 4e9))))
        }.sorted { $0.lastSeen < $1.lastSeen }
    }

    /// SplitMix64: the same rows on every machine.
    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var value = state
            value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
            value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
            return value ^ (value >> 31)
        }
    }

    /// The slowest connection of a real server in nanoseconds: a quiet network, and one that queues.
    @Test(arguments: [2e6, 50e6, 500e6])
    func `a connection takes at most 80 bytes on disk, its index apart`(slowest: Double) throws {
        let folder = try TemporaryFolder()
        let path = folder.path("size.sqlite")
        let store = try TraceStore.open(path: path)
        // Run 1 would flatter: the number 1 takes no room.
        _ = try store.beginRun(name: "earlier", started: .midnight)
        let run = try store.beginRun(name: "ab", started: .midnight)
        let count = 100_000
        let records = Self.records(count: count, slowest: slowest)
        for batch in stride(from: 0, to: count, by: 10_000) {
            try store.write(Array(records[batch..<batch + 10_000]), run: run)
        }
        try store.close()
        // Whole pages, so that fill and tree are counted in.
        let pages = try SQLiteTool.run("SELECT count(*) FROM dbstat WHERE name = 'connection'", on: path)
        let pageSize = try SQLiteTool.run("PRAGMA page_size", on: path)
        let bytes = Double(try #require(Int(pages[0])) * (try #require(Int(pageSize[0])))) / Double(count)
        #expect(bytes > 40 && bytes <= 80, "\(bytes) bytes a row")
    }
}
