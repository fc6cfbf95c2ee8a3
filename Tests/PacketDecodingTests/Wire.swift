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
        from source: String = "192.168.122.1", to destination: String = "192.168.122.100", _ payload: [UInt8]
    ) -> [UInt8] {
        let length = 20 + options.count
        var bytes = [0x40 | UInt8(length / 4), 0] + word(totalLength ?? length + payload.count)
        bytes += word(0xabcd) + word(fragment) + [63, transport, 0, 0]
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
    init(_ bytes: [UInt8], _ linkType: LinkType = .ethernet, captured: Int? = nil, wireLength: Int? = nil) {
        var decoder = PacketDecoder(linkType: linkType, tap: .dip)
        var result = PacketSummary()
        let part = Array(bytes.prefix(captured ?? bytes.count))
        let isDecoded = decoder.decode(
            part, wireLength: wireLength ?? bytes.count, time: 1_234_567_890, into: &result)
        summary = isDecoded ? result : nil
        failures = decoder.failureCounts.flatMap { Array(repeating: $0.error.reason, count: Int($0.count)) }
    }
}

/// A mix of headers that can be decoded.
struct HeaderMix: Sendable, CustomTestStringConvertible {
    var name: String
    var linkType: LinkType = .ethernet
    var bytes: [UInt8]
    /// The bytes needed to decode it: everything up to the ports and, for TCP, the fixed header.
    var needed: Int
    var isIPv4 = true
    var isTCP = true
    /// What IPVS counts as bytes.
    var ipLength: Int
    var payloadLength: Int

    var testDescription: String { name }

    private static let maximumSegmentSize: [UInt8] = [2, 4, 5, 0xb4]
    private static let recordRoute: [UInt8] = [7, 7, 4, 0, 0, 0, 0, 0]

    static let all: [Self] = {
        let tcp4 = Wire.ipv4(6, Wire.tcp())
        let tcp6 = Wire.ipv6(6, Wire.tcp())
        let hopByHop: (UInt8, [UInt8]) = (0, [0, 1, 4, 0, 0, 0, 0])
        let routing: (UInt8, [UInt8]) = (43, [2] + Array(repeating: 0, count: 22))
        let firstFragment: (UInt8, [UInt8]) = (44, [0, 0, 1, 0, 0, 0, 7])
        let authentication: (UInt8, [UInt8]) = (51, [4] + Array(repeating: 0, count: 22))
        let options: (UInt8, [UInt8]) = (60, [0, 1, 4, 0, 0, 0, 0])
        return [
            HeaderMix(
                name: "ethernet ipv4 tcp", bytes: Wire.ethernet(0x0800, tcp4), needed: 54, ipLength: 43,
                payloadLength: 3),
            HeaderMix(
                name: "ethernet ipv4 udp", bytes: Wire.ethernet(0x0800, Wire.ipv4(17, Wire.udp())), needed: 42,
                isTCP: false, ipLength: 30, payloadLength: 2),
            HeaderMix(
                name: "802.1Q ipv4 tcp", bytes: Wire.ethernet(0x0800, tags: [(0x8100, 5)], tcp4), needed: 58,
                ipLength: 43, payloadLength: 3),
            HeaderMix(
                name: "802.1ad 802.1Q ipv4 tcp",
                bytes: Wire.ethernet(0x0800, tags: [(0x88a8, 100), (0x8100, 5)], tcp4), needed: 62, ipLength: 43,
                payloadLength: 3),
            HeaderMix(
                name: "old QinQ ipv6 tcp", bytes: Wire.ethernet(0x86dd, tags: [(0x9100, 100), (0x8100, 5)], tcp6),
                needed: 82, isIPv4: false, ipLength: 63, payloadLength: 3),
            HeaderMix(
                name: "cooked v1 ipv4 tcp", linkType: .linuxCookedV1, bytes: Wire.cookedV1(0x0800, tcp4), needed: 56,
                ipLength: 43, payloadLength: 3),
            HeaderMix(
                name: "cooked v1 802.1Q ipv6 tcp", linkType: .linuxCookedV1,
                bytes: Wire.cookedV1(0x8100, Wire.word(5) + Wire.word(0x86dd) + tcp6), needed: 80, isIPv4: false,
                ipLength: 63, payloadLength: 3),
            HeaderMix(
                name: "cooked v2 ipv4 tcp", linkType: .linuxCookedV2, bytes: Wire.cookedV2(0x0800, tcp4), needed: 60,
                ipLength: 43, payloadLength: 3),
            HeaderMix(
                name: "cooked v2 ipv6 udp", linkType: .linuxCookedV2,
                bytes: Wire.cookedV2(0x86dd, Wire.ipv6(17, Wire.udp())), needed: 68, isIPv4: false, isTCP: false,
                ipLength: 50, payloadLength: 2),
            HeaderMix(
                name: "raw 12 ipv4 tcp", linkType: .rawIP, bytes: tcp4, needed: 40, ipLength: 43, payloadLength: 3),
            HeaderMix(
                name: "raw 101 ipv6 tcp", linkType: .rawIPInFile, bytes: tcp6, needed: 60, isIPv4: false, ipLength: 63,
                payloadLength: 3),
            HeaderMix(
                name: "raw 228 ipv4 tcp", linkType: .ipv4, bytes: tcp4, needed: 40, ipLength: 43, payloadLength: 3),
            HeaderMix(
                name: "raw 229 ipv6 tcp", linkType: .ipv6, bytes: tcp6, needed: 60, isIPv4: false, ipLength: 63,
                payloadLength: 3),
            HeaderMix(
                name: "ipv4 options tcp options",
                bytes: Wire.ethernet(
                    0x0800, Wire.ipv4(6, options: recordRoute, Wire.tcp(options: maximumSegmentSize))),
                needed: 62, ipLength: 55, payloadLength: 3),
            HeaderMix(
                name: "ipv4 first fragment",
                bytes: Wire.ethernet(
                    0x0800, Wire.ipv4(17, fragment: 0x2000, Wire.udp([UInt8](repeating: 1, count: 8)))),
                needed: 42, isTCP: false, ipLength: 36, payloadLength: 8),
            HeaderMix(
                name: "ipv4 padded to 60 bytes",
                bytes: Wire.ethernet(0x0800, Wire.ipv4(6, Wire.tcp(flags: .ack, [])) + [0, 0, 0, 0, 0, 0]), needed: 54,
                ipLength: 40, payloadLength: 0),
            HeaderMix(
                name: "ipv4 super-packet of length 0",
                bytes: Wire.ethernet(0x0800, Wire.ipv4(6, totalLength: 0, Wire.tcp())), needed: 54, ipLength: 43,
                payloadLength: 3),
            HeaderMix(
                name: "ipv6 jumbogram of length 0",
                bytes: Wire.ethernet(
                    0x86dd, Wire.ipv6(6, extensions: [(0, [0, 0xc2, 4, 0, 1, 0, 0])], payloadLength: 0, Wire.tcp())),
                needed: 82, isIPv4: false, ipLength: 71, payloadLength: 3),
            HeaderMix(
                name: "ipv6 chain of every extension",
                bytes: Wire.ethernet(
                    0x86dd,
                    Wire.ipv6(
                        6, extensions: [hopByHop, options, routing, firstFragment, authentication, options], Wire.tcp())
                ),
                needed: 154, isIPv4: false, ipLength: 135, payloadLength: 3),
        ]
    }()
}
