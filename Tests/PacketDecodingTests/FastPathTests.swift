import PacketDecoding
import TestSupport
import Testing

/// Plain packets are decoded by a shortcut, and everything else step by step: both must find the same.
struct FastPathTests {
    /// Every field, but for those of the link if they are not asked for.
    private static func fields(_ packet: PacketSummary, withLink: Bool = true) -> [UInt64] {
        var fields: [UInt64] = [
            packet.sourceHigh, packet.sourceLow, packet.destinationHigh, packet.destinationLow, packet.ordinal,
        ]
        fields += [packet.sequence, packet.acknowledgement, packet.ipLength, packet.payloadLength].map(UInt64.init)
        fields += [packet.sourcePort, packet.destinationPort].map(UInt64.init)
        fields += [packet.transport, packet.flags.rawValue, packet.tap.rawValue, packet.marks.rawValue].map(UInt64.init)
        return fields + [UInt64(packet.time), withLink ? packet.linkDestination : 0]
    }

    /// A TCP packet without IP options, every field of it random.
    private static func segment(_ random: inout SeededGenerator) -> [UInt8] {
        var bytes = (0..<40).map { _ in UInt8.random(in: 0...255, using: &random) }
        let options = 4 * Int.random(in: 0...10, using: &random)
        let payload = Int.random(in: 0...80, using: &random)
        bytes[0] = 0x45
        // Whole, with or without "don't fragment"; the bit before it is reserved.
        bytes[6] &= 0xc0
        bytes[7] = 0
        bytes[9] = 6
        bytes[32] = UInt8((20 + options) / 4) << 4 | bytes[32] & 0xf
        // 0 stands for a super-packet.
        let length = Int.random(in: 0..<8, using: &random) == 0 ? 0 : 40 + options + payload
        bytes.replaceSubrange(2..<4, with: Wire.word(length))
        return bytes + (0..<(options + payload)).map { _ in UInt8.random(in: 0...255, using: &random) }
    }

    @Test func `a plain TCP packet has the same fields with and without tags, and without Ethernet`() throws {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<5_000 {
            let packet = Self.segment(&random)
            let slow = try #require(Decoded(Wire.ethernet(0x0800, tags: [(0x88a8, 1), (0x8100, 2)], packet)).summary)
            let raw = try #require(Decoded(packet, .rawIP).summary)
            for tags in [[], [(0x8100, 2)]] {
                let fast = try #require(Decoded(Wire.ethernet(0x0800, tags: tags, packet)).summary)
                try #require(Self.fields(fast) == Self.fields(slow))
                try #require(Self.fields(fast, withLink: false) == Self.fields(raw, withLink: false))
            }
        }
    }

    @Test func `a damaged TCP packet has the same answer with no tag, one and two`() throws {
        var random = SeededGenerator(seed: 8)
        for _ in 0..<10_000 {
            var packet = Self.segment(&random)
            for _ in 0..<Int.random(in: 1...2, using: &random) {
                packet[Int.random(in: 0..<40, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            if Bool.random(using: &random) { packet.removeLast(Int.random(in: 0...packet.count, using: &random)) }
            let slow = Decoded(Wire.ethernet(0x0800, tags: [(0x88a8, 1), (0x8100, 2)], packet))
            for tags in [[], [(0x8100, 2)]] {
                let fast = Decoded(Wire.ethernet(0x0800, tags: tags, packet))
                try #require(fast.failures == slow.failures)
                try #require(fast.summary.map { Self.fields($0) } == slow.summary.map { Self.fields($0) })
            }
        }
    }
}
