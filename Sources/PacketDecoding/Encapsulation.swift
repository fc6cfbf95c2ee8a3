/// Tunnels from the director to a real server: IP in IP, GRE, and generic UDP encapsulation.
///
/// - Source: RFC 2003, RFC 2473, RFC 2784 and 2890; `include/net/gue.h`.
enum Encapsulation {
    static let ipv4InIP: UInt8 = 4
    static let ipv6InIP: UInt8 = 41
    static let gre: UInt8 = 47

    /// What a tunnel's header leads to: an inner IP packet.
    struct Inner {
        var isIPv6: Bool
        var offset: Int
    }

    /// - Returns: `nil` if `transport` is no tunnel.
    static func inner(_ transport: UInt8, _ bytes: RawSpan, at offset: Int) throws(DecodingError) -> Inner? {
        switch transport {
        case ipv4InIP: Inner(isIPv6: false, offset: offset)
        case ipv6InIP: Inner(isIPv6: true, offset: offset)
        case gre: try innerOfGRE(bytes, at: offset)
        default: nil
        }
    }

    private static func innerOfGRE(_ bytes: RawSpan, at offset: Int) throws(DecodingError) -> Inner {
        try bytes.require(4, at: offset, for: .gre)
        let flags = bytes.uint16(at: offset)
        guard flags & 0x7 == 0 else { throw .malformed(.gre) }
        // Checksum, key and sequence number follow if their bits say so.
        let words = (flags & 0x8000 != 0 ? 1 : 0) + (flags & 0x2000 != 0 ? 1 : 0) + (flags & 0x1000 != 0 ? 1 : 0)
        let etherType = bytes.uint16(at: offset + 2)
        guard etherType == EtherType.ipv4 || etherType == EtherType.ipv6 else { throw .notIP }
        return Inner(isIPv6: etherType == EtherType.ipv6, offset: offset + 4 + 4 * words)
    }

    /// - Parameter offset: Of the UDP header, which is known to be there.
    static func innerOfGUE(_ bytes: RawSpan, at offset: Int) throws(DecodingError) -> Inner {
        let header = offset + UDP.headerLength
        try bytes.require(4, at: header, for: .gue)
        let first = bytes.byte(at: header)
        switch first >> 6 {
        case 0:
            // Version 0: a bit for control messages, and the length of what is optional in words.
            let next = bytes.byte(at: header + 1)
            guard first & 0x20 == 0, next == ipv4InIP || next == ipv6InIP else { throw .unsupportedProtocol }
            return Inner(isIPv6: next == ipv6InIP, offset: header + 4 + Int(first & 0x1f) * 4)
        case 1:
            // Version 1: an IP packet, whose version field these bits are.
            return Inner(isIPv6: first >> 4 == 6, offset: header)
        default:
            throw .malformed(.gue)
        }
    }
}
