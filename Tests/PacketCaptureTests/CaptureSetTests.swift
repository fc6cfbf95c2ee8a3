import PacketCapture
import PacketDecoding
import TestSupport
import Testing

/// Two files that are read as one stream.
struct TwoFiles: Sendable, CustomTestStringConvertible {
    var name: String
    /// Times after the start, in nanoseconds.
    var vip: [Int64]
    var dip: [Int64]

    var testDescription: String { name }

    private static func random(_ seed: UInt64, _ count: Int, gap: ClosedRange<Int64>) -> [Int64] {
        var random = SeededGenerator(seed: seed)
        var time: Int64 = 0
        return (0..<count).map { _ in
            time = max(0, time + Int64.random(in: gap, using: &random))
            return time
        }
    }

    static let all = [
        TwoFiles(name: "both empty", vip: [], dip: []),
        TwoFiles(name: "one empty", vip: random(1, 100, gap: 0...100_000), dip: []),
        TwoFiles(name: "alike", vip: random(2, 5_000, gap: 0...50_000), dip: random(3, 5_000, gap: 0...50_000)),
        TwoFiles(
            name: "very different lengths", vip: random(4, 3, gap: 0...900_000_000),
            dip: random(5, 30_000, gap: 0...90_000)),
        TwoFiles(
            name: "one after the other", vip: random(6, 1_000, gap: 0...1_000),
            dip: random(7, 1_000, gap: 0...1_000).map { $0 + 10_000_000_000 }),
        TwoFiles(
            name: "gaps of hours", vip: random(8, 200, gap: 0...7_200_000_000_000),
            dip: random(9, 200, gap: 0...7_200_000_000_000)),
        TwoFiles(
            name: "at slice borders", vip: (0..<100).map { $0 * 1_000_000 },
            dip: (0..<100).map { $0 * 1_000_000 + 999_999 }),
        TwoFiles(
            name: "more than a queue within a slice", vip: random(10, 20_000, gap: 0...20),
            dip: random(11, 20_000, gap: 0...20)),
        TwoFiles(
            name: "all at one time", vip: Array(repeating: 5, count: 9_000), dip: Array(repeating: 5, count: 9_000)),
        TwoFiles(
            name: "out of order", vip: random(12, 20_000, gap: -40_000...60_000),
            dip: random(13, 20_000, gap: -40_000...60_000)),
        TwoFiles(
            name: "far out of order", vip: random(14, 9_000, gap: -90_000_000...91_000_000),
            dip: random(15, 300, gap: 0...5_000_000)),
    ]

    var isSorted: Bool { vip == vip.sorted() && dip == dip.sorted() }
}

struct CaptureSetTests {
    private struct Seen {
        var vip: [UInt32] = []
        var dip: [UInt32] = []
        var newest = Int64.min
        var promised = Int64.min
        /// The furthest that a packet came behind one with a later time.
        var mostBehind: Int64 = 0
        var brokenPromises = 0
    }

    @Test(arguments: TwoFiles.all)
    func `two files become one stream in order of time, and nothing is lost or repeated`(files: TwoFiles) throws {
        let folder = try TemporaryFolder()
        let open = { (times: [Int64], name: String, tap: Tap) throws -> Capture in
            let packets = times.enumerated().map {
                CaptureFile.Packet(time: .start + $1, bytes: CaptureFile.syn(UInt32($0)))
            }
            return try Capture.open(file: folder.write(CaptureFile(packets: packets).bytes, name), tap: tap)
        }
        var set = CaptureSet(try open(files.vip, "vip.pcap", .vip), try open(files.dip, "dip.pcap", .dip))
        var seen = Seen()
        try set.readFiles(
            packets: { packets in
                for index in packets.indices {
                    let packet = packets[index]
                    if packet.tap == .vip { seen.vip.append(packet.sequence) } else { seen.dip.append(packet.sequence) }
                    seen.mostBehind = max(seen.mostBehind, seen.newest == .min ? 0 : seen.newest - packet.time)
                    seen.newest = max(seen.newest, packet.time)
                    if packet.time < seen.promised { seen.brokenPromises += 1 }
                }
            }, advance: { seen.promised = $0 })

        // Each file's packets come in its own order, each exactly once.
        #expect(seen.vip == Array(0..<UInt32(files.vip.count)))
        #expect(seen.dip == Array(0..<UInt32(files.dip.count)))
        if files.isSorted {
            #expect(seen.mostBehind == 0)
            #expect(seen.brokenPromises == 0)
        }
    }

    @Test func `time passes over a pause before the packet that ends it`() throws {
        let folder = try TemporaryFolder()
        let times: [Int64] = [0, 100, 400_000_000_000]
        let packets = times.map { CaptureFile.Packet(time: .start + $0, bytes: CaptureFile.syn(1)) }
        var set = CaptureSet(try Capture.open(file: folder.write(CaptureFile(packets: packets).bytes), tap: .both), nil)
        var told = Int64.min
        var lags: [Int64] = []
        try set.readFiles(
            packets: { packets in
                for index in packets.indices { lags.append(packets[index].time - told) }
            }, advance: { told = $0 })
        #expect(lags == [0, 100, 0])
    }

    @Test(arguments: [true, false])
    func `a damaged file does not keep the other from being read to its end`(isFirst: Bool) throws {
        let folder = try TemporaryFolder()
        let packets = (0..<100).map { CaptureFile.Packet(time: .start + $0, bytes: CaptureFile.syn(UInt32($0))) }
        let whole = CaptureFile(packets: packets).bytes
        let damaged = Array(whole.prefix(24 + 70 * 40 + 33))
        var set = CaptureSet(
            try Capture.open(file: folder.write(isFirst ? damaged : whole, "a.pcap"), tap: .vip),
            try Capture.open(file: folder.write(isFirst ? whole : damaged, "b.pcap"), tap: .dip))
        var counts: [Tap: Int] = [:]
        var problem: CaptureError?
        do throws(CaptureError) {
            try set.readFiles(
                packets: { for index in $0.indices { counts[$0[index].tap, default: 0] += 1 } }, advance: { _ in })
        } catch {
            problem = error
        }
        #expect(problem?.code == .damaged)
        #expect(problem?.subject == folder.path(isFirst ? "a.pcap" : "b.pcap"))
        #expect(counts == (isFirst ? [.vip: 40, .dip: 100] : [.vip: 100, .dip: 40]))
    }

    @Test func `more packets of one time than may wait are handed over as from an interface`() throws {
        let folder = try TemporaryFolder()
        let packets = (0..<10_000).map { CaptureFile.Packet(time: .start, bytes: CaptureFile.syn(UInt32($0))) }
        var set = CaptureSet(try Capture.open(file: folder.write(CaptureFile(packets: packets).bytes), tap: .both), nil)
        var count = 0
        while try set.readInterfaces(
            horizon: .start + CaptureSet.slice, packets: { count += $0.count }, advance: { _ in })
        {}
        #expect(count == packets.count)
    }
}
