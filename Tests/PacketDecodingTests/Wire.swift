import IPVSModel
import PacketDecoding
import Testing

/// Packets made byte by byte, each header as its standard draws it.
enum Wire {
    static func word(_ value: Int) -> [UInt8] { [UInt8(value >> 8 & 0xff), UInt8(value & 0xff)] }

    static func long(_ value: UInt32) -> [UInt8] { word(Int(value >> 16)) + word(Int(value & 0xffff)) }

    static func address(_ text: String) -> [UInt8] {
        let address = IPAddress(text)!
        let bytes = { (value: UInt64) in (0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * $0)) } }
        return address.isIPv4 ? long(address.ipv4Bits) : bytes(address.high) + bytes(address.low)
    }

    /// - Parameter tags: VLAN tags, outermost first, as EtherType and identifier.
    static func ethernet(_ etherType: Int, tags: [(Int, Int)] = [], _ payload: [UInt8]) -> [UInt8] {
        let addresses: [UInt8] = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2]
        return addresses + tags.flatMap { word($0.0) + word($0.1) } + word(etherType) + payload
    }

    static func cookedV1(_ etherType: Int, _ payload: [UInt8]) -> [UInt8] {
        let start: [UInt8] = [0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0]
        return start + word(etherType) + payload
    }

    static func cookedV2(_ etherType: Int, _ payload: [UInt8]) -> [UInt8] {
        let rest: [UInt8] = [0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0]
        return word(etherType) + rest + payload
    }

    /// - Parameters:
    ///   - totalLength: The length field, if it is not to be the true one.
    ///   - fragment: The word of flags and fragment offset.
    static func ipv4(
        _ transport: UInt8, options: [UInt8] = [], totalLength: Int? = nil, fragment: Int = 0x4000,
        identification: Int = 0xabcd, from source: String = "192.168.122.1", to destination: String = "192.168.122.100",
        _ payload: [UInt8]
    ) -> [UInt8] {
        let length = 20 + options.count
        var bytes = [0x40 | UInt8(length / 4), 0] + word(totalLength ?? length + payload.count)
        bytes += word(identification) + word(fragment) + [63, transport, 0, 0]
        bytes += address(source) + address(destination)
        return bytes + options + payload
    }

    /// - Parameters:
    ///   - extensions: Extension headers by kind; the bytes do not hold the next header's kind, which is filled in.
    ///   - payloadLength: The length field, if it is not to be the true one.
    static func ipv6(
        _ transport: UInt8, extensions: [(kind: UInt8, bytes: [UInt8])] = [], payloadLength: Int? = nil,
        from source: String = "fd00:122::1", to destination: String = "fd00:122::100", _ payload: [UInt8]
    ) -> [UInt8] {
        let kinds = extensions.map(\.kind) + [transport]
        let headers = extensions.indices.flatMap { [kinds[$0 + 1]] + extensions[$0].bytes }
        var bytes: [UInt8] = [0x60, 0, 0, 0] + word(payloadLength ?? headers.count + payload.count)
        bytes += [kinds[0], 61] + address(source) + address(destination)
        return bytes + headers + payload
    }

    static func tcp(
        from source: Int = 40_000, to destination: Int = 80, sequence: UInt32 = 0x0102_0304,
        acknowledgement: UInt32 = 0x0506_0708, flags: TCPFlags = [.psh, .ack], options: [UInt8] = [],
        dataOffset: UInt8? = nil, _ payload: [UInt8] = [1, 2, 3]
    ) -> [UInt8] {
        var bytes = word(source) + word(destination) + long(sequence) + long(acknowledgement)
        bytes += [(dataOffset ?? UInt8((20 + options.count) / 4)) << 4, flags.rawValue]
        bytes += word(64_240) + [0, 0, 0, 0]
        return bytes + options + payload
    }

    static func udp(from source: Int = 40_000, to destination: Int = 53, _ payload: [UInt8] = [9, 9]) -> [UInt8] {
        let ports = word(source) + word(destination)
        return ports + word(8 + payload.count) + [0, 0] + payload
    }

    /// - Parameter chunks: By type, with what follows the chunk's length; each is padded to 4 bytes.
    static func sctp(
        from source: Int = 40_000, to destination: Int = 80, _ chunks: [(type: UInt8, value: [UInt8])]
    ) -> [UInt8] {
        var bytes = word(source) + word(destination) + long(0x0102_0304) + [0, 0, 0, 0]
        for (type, value) in chunks {
            bytes += [type, 0] + word(4 + value.count) + value
            bytes += [UInt8](repeating: 0, count: -value.count & 3)
        }
        return bytes
    }

    /// An error about `packet`, of either family.
    static func icmp(type: UInt8, code: UInt8, _ packet: [UInt8]) -> [UInt8] {
        [type, code, 0, 0, 0, 0, 0, 0] + packet
    }

    /// - Parameter flags: The bits of checksum, key and sequence number, for each of which a word follows.
    static func gre(_ etherType: Int, flags: Int = 0, _ packet: [UInt8]) -> [UInt8] {
        let words = (flags >> 15 & 1) + (flags >> 13 & 1) + (flags >> 12 & 1)
        return word(flags) + word(etherType) + [UInt8](repeating: 0xaa, count: 4 * words) + packet
    }

    /// Generic UDP encapsulation with a header, variant 0.
    ///
    /// - Parameter options: What is optional, a multiple of 4 bytes.
    static func gue(_ transport: UInt8, options: [UInt8] = [], _ packet: [UInt8]) -> [UInt8] {
        udp(from: 50_000, to: tunnelPort, [UInt8(options.count / 4), transport, 0, 0] + options + packet)
    }

    /// Generic UDP encapsulation without one, variant 1.
    static func directGUE(_ packet: [UInt8]) -> [UInt8] { udp(from: 50_000, to: tunnelPort, packet) }

    /// Where real servers of the tests take generic UDP encapsulation.
    static let tunnelPort = 6_080
}

extension PacketDecoder {
    /// Decodes the bytes of an array.
    mutating func decode(_ bytes: [UInt8], wireLength: Int, time: Int64, into summary: inout PacketSummary) -> Bool {
        unsafe decode(bytes.span.bytes, wireLength: wireLength, time: time, into: &summary)
    }
}

/// What came of decoding one packet.
struct Decoded {
    /// `nil` if it could not be decoded.
    var summary: PacketSummary?
    /// The reasons that were counted, each as often as it was.
    var failures: [String]

    /// - Parameter captured: How many of the bytes were captured; all by default.
    init(
        _ bytes: [UInt8], _ linkType: LinkType = .ethernet, tap: Tap = .dip, captured: Int? = nil,
        wireLength: Int? = nil
    ) {
        var decoder = PacketDecoder(linkType: linkType, tap: tap)
        decoder.setTunnelPorts([UInt16(Wire.tunnelPort)])
        var result = PacketSummary()
        let part = Array(bytes.prefix(captured ?? bytes.count))
        let isDecoded = decoder.decode(
            part, wireLength: wireLength ?? bytes.count, time: 1_234_567_890, into: &result)
        summary = isDecoded ? result : nil
        failures = decoder.failureCounts.flatMap { Array(repeating: $0.error.reason, count: Int($0.count)) }
    }
}
