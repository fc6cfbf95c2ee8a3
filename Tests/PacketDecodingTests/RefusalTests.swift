import PacketDecoding
import Testing

/// A packet that cannot be decoded, and what is to be said of it.
struct Refused: Sendable, CustomTestStringConvertible {
    var name: String
    var linkType: LinkType = .ethernet
    var bytes: [UInt8]
    var reason: String

    var testDescription: String { name }

    private static func ip(_ name: String, _ packet: [UInt8], _ reason: String) -> Self {
        Refused(name: name, bytes: Wire.ethernet(packet[0] >> 4 == 6 ? 0x86dd : 0x0800, packet), reason: reason)
    }

    private static func patched(_ packet: [UInt8], _ offset: Int, _ value: UInt8) -> [UInt8] {
        var copy = packet
        copy[offset] = value
        return copy
    }

    static let all: [Self] = {
        let tcp4 = Wire.ipv4(6, Wire.tcp())
        let tcp6 = Wire.ipv6(6, Wire.tcp())
        return [
            Refused(
                name: "ARP", bytes: Wire.ethernet(0x0806, [UInt8](repeating: 0, count: 28)), reason: "not_ip"),
            Refused(
                name: "802.3 with a length", bytes: Wire.ethernet(46, [UInt8](repeating: 0, count: 46)),
                reason: "not_ip"),
            Refused(
                name: "ARP in a VLAN", bytes: Wire.ethernet(0x0806, tags: [(0x8100, 1)], [0, 1, 8, 0]), reason: "not_ip"
            ),
            ip("ICMP", Wire.ipv4(1, [8, 0, 0, 0, 0, 1, 0, 1]), "unsupported_protocol"),
            ip("ICMPv6", Wire.ipv6(58, [128, 0, 0, 0, 0, 1, 0, 1]), "unsupported_protocol"),
            ip("IPv6 without a next header", Wire.ipv6(59, []), "unsupported_protocol"),
            ip("ESP", Wire.ipv6(50, [UInt8](repeating: 0, count: 16)), "unsupported_protocol"),
            ip("a later IPv4 fragment", Wire.ipv4(6, fragment: 0x2001, Wire.tcp()), "later_fragment"),
            ip("the last IPv4 fragment", Wire.ipv4(6, fragment: 0x00b9, Wire.tcp()), "later_fragment"),
            ip(
                "a later IPv6 fragment",
                Wire.ipv6(6, extensions: [(44, [0, 0, 8, 0, 0, 0, 7])], Wire.tcp()), "later_fragment"),
            ip("IPv4 version 5", patched(tcp4, 0, 0x55), "malformed_ipv4"),
            ip("IPv4 header length 16", patched(tcp4, 0, 0x44), "malformed_ipv4"),
            ip("IPv4 total length below the header's", Wire.ipv4(6, totalLength: 19, Wire.tcp()), "malformed_ipv4"),
            ip(
                "IPv4 header longer than the packet", patched(Wire.ipv4(6, totalLength: 40, Wire.tcp()), 0, 0x4f),
                "malformed_ipv4"),
            Refused(
                name: "IPv6 version 4", bytes: Wire.ethernet(0x86dd, patched(tcp6, 0, 0x40)), reason: "malformed_ipv6"),
            ip(
                "IPv6 shorter than its extensions",
                Wire.ipv6(6, extensions: [(60, [0, 1, 4, 0, 0, 0, 0])], payloadLength: 4, Wire.tcp()), "malformed_ipv6"),
            ip("TCP data offset 16", Wire.ipv4(6, Wire.tcp(dataOffset: 4)), "malformed_tcp"),
            ip("TCP data offset beyond the segment", Wire.ipv4(6, Wire.tcp(dataOffset: 15)), "malformed_tcp"),
            ip("an IPv4 packet too short for TCP", Wire.ipv4(6, totalLength: 30, Wire.tcp()), "malformed_tcp"),
            ip("an IPv4 packet too short for UDP", Wire.ipv4(17, totalLength: 24, Wire.udp()), "malformed_udp"),
            Refused(
                name: "raw IP version 0", linkType: .rawIP, bytes: patched(tcp4, 0, 0x05), reason: "malformed_ipv4"),
            Refused(name: "IPv6 on an IPv4 link", linkType: .ipv4, bytes: tcp6, reason: "malformed_ipv4"),
            Refused(name: "IPv4 on an IPv6 link", linkType: .ipv6, bytes: tcp4, reason: "malformed_ipv6"),
            Refused(
                name: "a length of 0 on a frame that is too short", linkType: .rawIP,
                bytes: Wire.ipv4(6, totalLength: 0, []), reason: "truncated_tcp"),
        ]
    }()
}

struct RefusalTests {
    @Test(arguments: Refused.all)
    func `what cannot be decoded is counted once, by its reason`(packet: Refused) {
        let decoded = Decoded(packet.bytes, packet.linkType)
        #expect(decoded.summary == nil)
        #expect(decoded.failures == [packet.reason])
    }

    @Test(arguments: HeaderMix.all)
    func `cut short anywhere, a packet is decoded or refused as truncated`(mix: HeaderMix) {
        for length in 0...mix.bytes.count {
            let decoded = Decoded(mix.bytes, mix.linkType, captured: length)
            if length >= mix.needed {
                #expect(decoded.summary != nil, "\(length) bytes: \(decoded.failures)")
            } else {
                #expect(decoded.summary == nil, "\(length) bytes")
                #expect(decoded.failures.count == 1, "\(length) bytes")
                #expect(
                    decoded.failures.allSatisfy { $0.hasPrefix("truncated_") }, "\(length) bytes: \(decoded.failures)")
            }
        }
    }

    @Test(arguments: HeaderMix.all)
    func `TCP options and payload may be cut off without changing a field`(mix: HeaderMix) throws {
        let whole = try #require(Decoded(mix.bytes, mix.linkType).summary)
        let cut = try #require(Decoded(mix.bytes, mix.linkType, captured: mix.needed).summary)
        #expect(cut.payloadLength == whole.payloadLength)
        #expect(cut.ipLength == whole.ipLength)
        #expect(cut.source == whole.source)
        #expect(cut.destination == whole.destination)
        #expect(cut.sequence == whole.sequence)
        #expect(cut.flags == whole.flags)
    }

    @Test(arguments: HeaderMix.all)
    func `a wire length shorter than the captured bytes is survived`(mix: HeaderMix) {
        for wireLength in 0...mix.bytes.count {
            let decoded = Decoded(mix.bytes, mix.linkType, wireLength: wireLength)
            #expect((decoded.summary != nil) == decoded.failures.isEmpty)
        }
    }

    @Test func `no two reasons share a name`() {
        #expect(Set(DecodingError.all.map(\.reason)).count == DecodingError.all.count)
    }
}
