/// ICMP and ICMPv6 errors: they carry the beginning of the packet they are about, and so belong to its connection.
///
/// - Source: RFC 792, RFC 4443.
enum ICMP {
    static let protocolNumber: UInt8 = 1
    static let protocolNumberV6: UInt8 = 58
    static let headerLength = 8

    /// Replaces what the IP header said by the connection the error is about: the embedded packet's addresses and ports,
    /// exchanged, since the error travels towards its sender.
    @inline(never)
    static func decode(
        _ bytes: RawSpan, at offset: Int, isIPv6: Bool, into summary: inout PacketSummary
    ) throws(DecodingError) {
        try bytes.require(headerLength, at: offset, for: .icmp)
        let type = bytes.byte(at: offset)
        guard isIPv6 ? (1...4).contains(type) : [3, 4, 5, 11, 12].contains(type) else { throw .unsupportedProtocol }
        let embedded = offset + headerLength
        let ports: Int
        var inner = PacketSummary()
        if isIPv6 {
            let header = try IPv6.decode(bytes, at: embedded, wireLength: .max, into: &inner)
            guard header.fragment?.offset ?? 0 == 0 else { throw .laterFragment }
            ports = header.payload
        } else {
            let header = try IPv4.decode(bytes, at: embedded, wireLength: .max, into: &inner)
            guard header.fragment?.offset ?? 0 == 0 else { throw .laterFragment }
            ports = header.payload
        }
        guard [TCP.protocolNumber, UDP.protocolNumber, SCTP.protocolNumber].contains(inner.transport) else {
            throw .unsupportedProtocol
        }
        try bytes.require(4, at: ports, for: .icmp)
        summary.sourceHigh = inner.destinationHigh
        summary.sourceLow = inner.destinationLow
        summary.destinationHigh = inner.sourceHigh
        summary.destinationLow = inner.sourceLow
        summary.sourcePort = bytes.uint16(at: ports + 2)
        summary.destinationPort = bytes.uint16(at: ports)
        summary.transport = inner.transport
        summary.sequence = UInt32(type) << 8 | UInt32(bytes.byte(at: offset + 1))
        summary.acknowledgement = 0
        summary.payloadLength = 0
        summary.flags = []
        summary.marks.insert(.icmpError)
    }
}
