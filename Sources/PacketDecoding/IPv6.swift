/// IPv6 with its extension headers.
///
/// - Source: RFC 8200; RFC 4302 for the authentication header.
enum IPv6 {
    static let headerLength = 40
    private static let fragmentHeader: UInt8 = 44
    private static let fragmentHeaderLength = 8

    /// Fills in what the header says.
    ///
    /// - Parameter wireLength: Bytes from the header's start to the end of the frame on the wire, for jumbograms.
    /// - Returns: Where the transport header begins, and which fragment it is if it is one.
    @inline(never)
    static func decode(
        _ bytes: RawSpan, at offset: Int, wireLength: Int, into summary: inout PacketSummary
    ) throws(DecodingError) -> IPHeader {
        try bytes.require(headerLength, at: offset, for: .ipv6)
        guard bytes.byte(at: offset) >> 4 == 6 else { throw .malformed(.ipv6) }
        let payloadField = Int(bytes.uint16(at: offset + 4))
        let length = payloadField == 0 ? wireLength : payloadField + headerLength
        guard length >= headerLength else { throw .malformed(.ipv6) }
        summary.sourceHigh = bytes.uint64(at: offset + 8)
        summary.sourceLow = bytes.uint64(at: offset + 16)
        summary.destinationHigh = bytes.uint64(at: offset + 24)
        summary.destinationLow = bytes.uint64(at: offset + 32)
        summary.ipLength = UInt32(truncatingIfNeeded: length)
        summary.sequence = 0

        var next = bytes.byte(at: offset + 6)
        var position = offset + headerLength
        var fragment: Fragment?
        while let extensionLength = try lengthOfExtension(next, in: bytes, at: position) {
            if next == fragmentHeader { fragment = Self.fragment(bytes, at: position) }
            next = bytes.byte(at: position)
            position += extensionLength
            // What follows the header of a later fragment is payload.
            if let fragment, fragment.offset > 0 { break }
        }
        guard length >= position - offset else { throw .malformed(.ipv6) }
        summary.transport = next
        summary.payloadLength = UInt32(truncatingIfNeeded: length - (position - offset))
        // The kernel counts the packet as it is put together: without the fragment header.
        if fragment != nil { summary.ipLength -= UInt32(fragmentHeaderLength) }
        return IPHeader(payload: position, fragment: fragment)
    }

    /// - Returns: `nil` for a packet that has the header and is whole all the same.
    private static func fragment(_ bytes: RawSpan, at offset: Int) -> Fragment? {
        // Bits: 13 of offset, 2 reserved, more fragments.
        let word = bytes.uint16(at: offset + 2)
        guard word & 0xfff9 != 0 else { return nil }
        return Fragment(
            identification: bytes.uint32(at: offset + 4), kind: bytes.byte(at: offset), offset: Int(word & 0xfff8))
    }

    /// - Returns: The whole length of an extension header, or `nil` if `kind` is not one.
    private static func lengthOfExtension(
        _ kind: UInt8, in bytes: RawSpan, at offset: Int
    ) throws(DecodingError) -> Int? {
        switch kind {
        case 0, 43, 60, 135, 139, 140:  // hop-by-hop, routing, destination options, mobility, HIP, shim6
            try bytes.require(8, at: offset, for: .ipv6)
            return (Int(bytes.byte(at: offset + 1)) + 1) * 8
        case 51:  // authentication: counted in words of 4 bytes, minus 2
            try bytes.require(8, at: offset, for: .ipv6)
            return (Int(bytes.byte(at: offset + 1)) + 2) * 4
        case fragmentHeader:
            try bytes.require(fragmentHeaderLength, at: offset, for: .ipv6)
            return fragmentHeaderLength
        default:
            return nil
        }
    }
}
