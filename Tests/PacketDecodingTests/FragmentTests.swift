import IPVSModel
import PacketDecoding
import TestSupport
import Testing

/// The parts of one datagram, in the order of their bytes.
struct FragmentedPacket: Sendable {
    var fragments: [[UInt8]]
    /// What IPVS counts when it is put together.
    var ipLength: UInt32

    /// - Parameters:
    ///   - port: The client's.
    ///   - sizes: How much of the payload each fragment but the last carries, multiples of 8; the last has 5 bytes.
    init(isIPv4: Bool, identification: Int, port: Int, sizes: [Int], client: Int = 1) {
        let total = sizes.reduce(5, +)
        let datagram = Wire.udp(from: port, [UInt8](repeating: 7, count: total - 8))
        var start = 0
        fragments = (sizes + [5]).map { size in
            let isLast = start + size == total
            let part = Array(datagram[start..<(start + size)])
            defer { start += size }
            guard isIPv4 else {
                let header: [UInt8] = [0] + Wire.word(start | (isLast ? 0 : 1)) + Wire.long(UInt32(identification))
                return Wire.ethernet(
                    0x86dd, Wire.ipv6(17, extensions: [(44, header)], from: "fd00:122::\(client)", part))
            }
            return Wire.ethernet(
                0x0800,
                Wire.ipv4(
                    17, fragment: start / 8 | (isLast ? 0 : 0x2000), identification: identification,
                    from: "192.168.122.\(client)", part))
        }
        ipLength = UInt32((isIPv4 ? 20 : 40) + total)
    }
}

struct FragmentTests {
    private var decoder = PacketDecoder(linkType: .ethernet, tap: .vip)

    private mutating func decode(_ bytes: [UInt8]) -> PacketSummary? {
        var packet = PacketSummary()
        return decoder.decode(bytes, wireLength: bytes.count, time: 0, into: &packet) ? packet : nil
    }

    @Test(arguments: [true, false])
    mutating func `later fragments have the ports of the first, and add what they carry`(isIPv4: Bool) throws {
        let packet = FragmentedPacket(isIPv4: isIPv4, identification: 9, port: 40_000, sizes: [64, 16, 8])
        let parts = packet.fragments.compactMap { decode($0) }
        try #require(parts.count == 4)
        #expect(parts.map(\.source.port) == [40_000, 40_000, 40_000, 40_000])
        #expect(parts.map(\.destination.port) == [53, 53, 53, 53])
        #expect(parts.map(\.marks) == [[], .laterFragment, .laterFragment, .laterFragment])
        #expect(parts.dropFirst().map(\.ipLength) == [16, 8, 5])
        #expect(parts.reduce(0) { $0 + $1.ipLength } == packet.ipLength)
    }

    @Test(arguments: [true, false])
    mutating func `fragments that come before the first are refused, and their bytes counted with it`(
        isIPv4: Bool
    ) throws {
        let packet = FragmentedPacket(isIPv4: isIPv4, identification: 9, port: 40_000, sizes: [64, 16, 8])
        for part in packet.fragments.dropFirst().reversed() { #expect(decode(part) == nil) }
        #expect(decoder.failureCounts.map(\.error.reason) == ["later_fragment"])
        let first = try #require(decode(packet.fragments[0]))
        #expect(first.ipLength == packet.ipLength)
        // Waiting bytes are counted once.
        let again = try #require(decode(packet.fragments[0]))
        #expect(again.ipLength == packet.ipLength - 16 - 8 - 5)
    }

    @Test(arguments: [true, false], UInt64(1)...50)
    mutating func `the parts of two packets in any order add up to both`(isIPv4: Bool, seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let packets = [40_000, 40_001].map { port in
            let sizes = (0..<Int.random(in: 1...6, using: &random)).map { _ in 8 * Int.random(in: 1...9, using: &random)
            }
            return FragmentedPacket(isIPv4: isIPv4, identification: port, port: port, sizes: sizes)
        }
        var lengths: [UInt16: UInt32] = [:]
        for part in packets.flatMap(\.fragments).shuffled(using: &random) {
            if let packet = decode(part) { lengths[packet.source.port, default: 0] += packet.ipLength }
        }
        #expect(lengths == [40_000: packets[0].ipLength, 40_001: packets[1].ipLength])
    }

    @Test(arguments: [true, false])
    mutating func `an identification that is used again leads to the ports of the newer packet`(isIPv4: Bool) throws {
        for port in [40_000, 40_001] {
            let packet = FragmentedPacket(isIPv4: isIPv4, identification: 9, port: port, sizes: [64, 16])
            let parts = packet.fragments.compactMap { decode($0) }
            #expect(parts.map(\.source.port) == [UInt16](repeating: UInt16(port), count: 3))
            #expect(parts.reduce(0) { $0 + $1.ipLength } == packet.ipLength)
        }
    }

    @Test(arguments: [true, false])
    mutating func `the same identification from two clients is two packets`(isIPv4: Bool) throws {
        let one = FragmentedPacket(isIPv4: isIPv4, identification: 9, port: 40_000, sizes: [64])
        let two = FragmentedPacket(isIPv4: isIPv4, identification: 9, port: 40_001, sizes: [72], client: 2)
        let parts = [one.fragments[0], two.fragments[0], one.fragments[1], two.fragments[1]].compactMap { decode($0) }
        #expect(parts.map(\.source.port) == [40_000, 40_001, 40_000, 40_001])
    }

    @Test mutating func `later fragments are known where the first has extension headers behind its fragment header`()
        throws
    {
        let header = { (word: Int) -> (UInt8, [UInt8]) in (44, [0] + Wire.word(word) + Wire.long(9)) }
        let options: (UInt8, [UInt8]) = (60, [0, 1, 4, 0, 0, 0, 0])
        let first = Wire.ipv6(17, extensions: [header(1), options], Wire.udp([UInt8](repeating: 7, count: 8)))
        let later = Wire.ipv6(60, extensions: [header(24)], [UInt8](repeating: 7, count: 8))
        #expect(decode(Wire.ethernet(0x86dd, first))?.source.port == 40_000)
        let packet = try #require(decode(Wire.ethernet(0x86dd, later)))
        #expect(packet.transport == 17)
        #expect(packet.source.port == 40_000)
        #expect(packet.ipLength == 8)
    }
}
