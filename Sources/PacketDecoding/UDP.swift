/// UDP.
///
/// - Source: RFC 768.
enum UDP {
    static let protocolNumber: UInt8 = 17
    static let headerLength = 8

    /// Fills in what the header says; `summary.payloadLength` holds the datagram's length when called.
    @inline(never)
    static func decode(
        _ bytes: RawSpan, at offset: Int, into summary: inout PacketSummary
    ) throws(DecodingError) {
        try bytes.require(headerLength, at: offset, for: .udp)
        guard summary.payloadLength >= headerLength else { throw .malformed(.udp) }
        summary.sourcePort = bytes.uint16(at: offset)
        summary.destinationPort = bytes.uint16(at: offset + 2)
        // The IP header left its identification in `sequence`.
        summary.acknowledgement = 0
        summary.flags = []
        summary.payloadLength -= UInt32(headerLength)
    }
}
