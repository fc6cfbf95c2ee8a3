/// The "cooked" headers that Linux gives captures on the `any` device.
///
/// - Source: <https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL.html> and `…_SLL2.html`.
enum LinuxCooked {
    static let headerLengthV1 = 16
    static let headerLengthV2 = 20

    static func payloadV1(of bytes: RawSpan) throws(DecodingError) -> (etherType: UInt16, offset: Int) {
        try bytes.require(headerLengthV1, at: 0, for: .linuxCooked)
        return try Ethernet.skipTags(bytes.uint16(at: 14), in: bytes, at: headerLengthV1)
    }

    static func payloadV2(of bytes: RawSpan) throws(DecodingError) -> (etherType: UInt16, offset: Int) {
        try bytes.require(headerLengthV2, at: 0, for: .linuxCooked)
        return try Ethernet.skipTags(bytes.uint16(at: 0), in: bytes, at: headerLengthV2)
    }
}
