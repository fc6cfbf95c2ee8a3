/// IPv4.
///
/// - Source: RFC 791.
@usableFromInline
enum IPv4 {
    @inlinable static var minimumLength: Int { 20 }

    /// Fills in what the header says.
    ///
    /// - Parameter wireLength: Bytes from the header's start to the end of the frame on the wire: the length of a
    ///   super-packet over 64 KiB, whose own length field is 0.
    /// - Returns: Where the transport header begins, and which fragment it is if it is one.
    @inline(__always)
    static func decode(
        _ bytes: RawSpan, at offset: Int, wireLength: Int, into summary: inout PacketSummary
    ) throws(DecodingError) -> IPHeader {
        try bytes.require(minimumLength, at: offset, for: .ipv4)
        let versionAndLength = bytes.byte(at: offset)
        let headerLength = Int(versionAndLength & 0x0f) * 4
        guard versionAndLength >> 4 == 4, headerLength >= minimumLength else { throw .malformed(.ipv4) }
        let totalLength = Int(bytes.uint16(at: offset + 2))
        let length = totalLength == 0 ? wireLength : totalLength
        guard length >= headerLength else { throw .malformed(.ipv4) }
        summary.sourceHigh = 0
        summary.sourceLow = 0x0000_ffff_0000_0000 | UInt64(bytes.uint32(at: offset + 12))
        summary.destinationHigh = 0
        summary.destinationLow = 0x0000_ffff_0000_0000 | UInt64(bytes.uint32(at: offset + 16))
        summary.ipLength = UInt32(truncatingIfNeeded: length)
        summary.payloadLength = UInt32(truncatingIfNeeded: length - headerLength)
        summary.transport = bytes.byte(at: offset + 9)
        let identification = bytes.uint16(at: offset + 4)
        summary.sequence = UInt32(identification)
        // Bits: reserved, don't fragment, more fragments, 13 of offset.
        let fragment = bytes.uint16(at: offset + 6) & 0x3fff
        return IPHeader(
            payload: offset + headerLength,
            fragment: fragment == 0
                ? nil
                : Fragment(
                    identification: UInt32(identification), kind: summary.transport,
                    offset: Int(fragment & 0x1fff) * 8))
    }
}

/// Where an IP header ends.
struct IPHeader {
    /// Where what it carries begins.
    var payload: Int
    /// `nil` for a whole packet.
    var fragment: Fragment?
}

/// Which part of a packet a fragment is.
struct Fragment {
    var identification: UInt32
    /// What the packet's payload begins with: the transport header, or with IPv6 an extension header before it, which
    /// later fragments name all the same.
    var kind: UInt8
    /// Of its payload in the whole packet's, in bytes; 0 is the first, which has the ports.
    var offset: Int
}
