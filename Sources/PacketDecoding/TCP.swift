/// TCP; options are not needed and may be cut off.
///
/// - Source: RFC 9293.
@usableFromInline
enum TCP {
    @inlinable static var protocolNumber: UInt8 { 6 }
    @inlinable static var minimumLength: Int { 20 }

    /// Fills in what the header says; `summary.payloadLength` holds the segment's length when called.
    @inline(__always)
    static func decode(
        _ bytes: RawSpan, at offset: Int, into summary: inout PacketSummary
    ) throws(DecodingError) {
        try bytes.require(minimumLength, at: offset, for: .tcp)
        let headerLength = UInt32(bytes.byte(at: offset + 12) >> 4) * 4
        guard headerLength >= minimumLength, headerLength <= summary.payloadLength else { throw .malformed(.tcp) }
        summary.sourcePort = bytes.uint16(at: offset)
        summary.destinationPort = bytes.uint16(at: offset + 2)
        summary.sequence = bytes.uint32(at: offset + 4)
        summary.acknowledgement = bytes.uint32(at: offset + 8)
        summary.flags = TCPFlags(rawValue: bytes.byte(at: offset + 13))
        summary.payloadLength -= headerLength
    }
}
