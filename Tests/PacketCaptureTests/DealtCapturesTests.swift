import Foundation
import PacketCapture
import PacketDecoding
import Testing

struct DealtCapturesTests {
    private struct Packet: Equatable {
        var tap: Tap
        var number: UInt32
    }

    private static func captures(_ files: TwoFiles, in folder: TemporaryFolder) throws -> CaptureSet {
        let open = { (times: [Int64], name: String, tap: Tap) throws -> Capture in
            let packets = times.enumerated().map {
                CaptureFile.Packet(time: .start + $1, bytes: CaptureFile.syn(UInt32($0)))
            }
            return try Capture.open(file: folder.write(CaptureFile(packets: packets).bytes, name), tap: tap)
        }
        return CaptureSet(try open(files.vip, "vip.pcap", .vip), try open(files.dip, "dip.pcap", .dip))
    }

    /// The shard of a packet: by its number, unevenly.
    private static func shard(_ packet: PacketSummary, of count: Int) -> Int {
        min(Int(packet.sequence &* 2_654_435_761 >> 16) % (count + 1), count - 1)
    }

    /// More packets of one time than a queue holds are in no order.
    private static let ordered = TwoFiles.all.filter { $0.name != "all at one time" }

    @Test(arguments: ordered, [1, 2, 5])
    func `every shard takes its packets in the order in which one thread would`(files: TwoFiles, shards: Int) throws {
        let folder = try TemporaryFolder()
        var expected = Array(repeating: [Packet](), count: shards)
        var alone = try Self.captures(files, in: folder)
        try alone.readFiles(
            packets: { packets in
                for index in packets.indices {
                    let packet = packets[index]
                    expected[Self.shard(packet, of: shards)].append(Packet(tap: packet.tap, number: packet.sequence))
                }
            }, advance: { _ in })

        let dealt = try Self.captures(files, in: folder).dealt(to: shards) { packets, owners in
            for index in packets.indices { owners[index] = UInt8(Self.shard(packets[index], of: shards)) }
        }
        var found = Array(repeating: [Packet](), count: shards)
        var brokenPromises = 0
        var handedOver = Int64.min
        while true {
            for file in 0..<dealt.files { dealt.read(file) }
            guard let start = dealt.earliest else { break }
            // As if a reading of the kernel came in the middle of the round.
            let boundary = start + 3_000_000
            let end = dealt.beginRound(boundary: boundary)
            #expect(end <= boundary)
            for shard in 0..<shards {
                var promised = handedOver
                dealt.take(
                    shard,
                    packets: { packets in
                        for index in packets.indices {
                            let packet = packets[index]
                            found[shard].append(Packet(tap: packet.tap, number: packet.sequence))
                            if packet.time < promised || packet.time >= boundary { brokenPromises += 1 }
                        }
                    }, advance: { promised = max(promised, $0) })
            }
            handedOver = end
        }
        #expect(found == expected)
        if files.isSorted { #expect(brokenPromises == 0) }
        #expect(dealt.damage == nil)
    }
}
