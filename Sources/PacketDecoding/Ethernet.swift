/// Ethernet II, with any number of 802.1Q and 802.1ad tags.
///
/// - Source: IEEE 802.3 clause 3, IEEE 802.1Q clause 9.
@usableFromInline
enum Ethernet {
    @inlinable static var headerLength: Int { 14 }
    @inlinable static var tagLength: Int { 4 }

    /// - Returns: The EtherType of the payload and where it begins.
    @inline(__always)
    static func payload(of bytes: RawSpan) throws(DecodingError) -> (etherType: UInt16, offset: Int) {
        try bytes.require(headerLength, at: 0, for: .ethernet)
        let etherType = bytes.uint16(at: 12)
        guard EtherType.isTag(etherType) else { return (etherType, headerLength) }
        return try skipTags(etherType, in: bytes, at: headerLength)
    }

    /// The destination of a frame whose header is there.
    @inline(__always)
    static func destination(of bytes: RawSpan) -> UInt64 {
        UInt64(bytes.uint32(at: 0)) << 16 | UInt64(bytes.uint16(at: 4))
    }

    /// Walks over VLAN tags that begin at `offset`.
    @inline(never)
    static func skipTags(
        _ first: UInt16, in bytes: RawSpan, at start: Int
    ) throws(DecodingError) -> (etherType: UInt16, offset: Int) {
        var etherType = first
        var offset = start
        while EtherType.isTag(etherType) {
            try bytes.require(tagLength, at: offset, for: .vlan)
            etherType = bytes.uint16(at: offset + 2)
            offset += tagLength
        }
        return (etherType, offset)
    }
}

/// The EtherTypes that matter here.
@usableFromInline
enum EtherType {
    @inlinable static var ipv4: UInt16 { 0x0800 }
    @inlinable static var ipv6: UInt16 { 0x86dd }
    /// 802.1Q.
    @inlinable static var vlan: UInt16 { 0x8100 }

    /// 802.1Q, 802.1ad, and the value used for QinQ before the latter.
    @inline(__always)
    static func isTag(_ value: UInt16) -> Bool { value == vlan || value == 0x88a8 || value == 0x9100 }
}
