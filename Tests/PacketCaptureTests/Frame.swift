import IPVSModel

/// Ethernet frames made byte by byte.
enum Frame {
    /// An IPv4 packet in a frame, behind as many VLAN tags as asked for.
    ///
    /// - Parameter fragment: The offset, in units of 8 bytes.
    static func ipv4(
        _ source: String, _ destination: String, _ transport: UInt8, _ payload: [UInt8], fragment: UInt16 = 0,
        tags: Int = 0
    ) -> [UInt8] {
        ethernet(0x0800, ipv4Packet(source, destination, transport, payload, fragment: fragment), tags: tags)
    }

    static func ipv6(
        _ source: String, _ destination: String, _ next: UInt8, _ payload: [UInt8], tags: Int = 0
    ) -> [UInt8] {
        ethernet(0x86dd, ipv6Packet(source, destination, next, payload), tags: tags)
    }

    static func ipv4Packet(
        _ source: String, _ destination: String, _ transport: UInt8, _ payload: [UInt8], fragment: UInt16 = 0
    ) -> [UInt8] {
        [0x45, 0] + uint16(UInt16(20 + payload.count)) + [0, 1] + uint16(fragment) + [64, transport, 0, 0]
            + bytes(IPAddress(source)!.ipv4Bits) + bytes(IPAddress(destination)!.ipv4Bits) + payload
    }

    static func ipv6Packet(_ source: String, _ destination: String, _ next: UInt8, _ payload: [UInt8]) -> [UInt8] {
        [0x60, 0, 0, 0] + uint16(UInt16(payload.count)) + [next, 64]
            + [source, destination].flatMap { (text: String) -> [UInt8] in
                let address = IPAddress(text)!
                return bytes(address.high) + bytes(address.low)
            } + payload
    }

    /// A segment with `flags`: 2 is a SYN, 0x10 an ACK, 0x18 data, 0x11 a FIN, 4 a RST.
    static func tcp(_ source: UInt16, _ destination: UInt16, flags: UInt8 = 2) -> [UInt8] {
        uint16(source) + uint16(destination) + [0, 0, 0, 1, 0, 0, 0, 0, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0]
    }

    static func udp(_ source: UInt16, _ destination: UInt16, _ payload: [UInt8] = []) -> [UInt8] {
        uint16(source) + uint16(destination) + uint16(UInt16(8 + payload.count)) + [0, 0] + payload
    }

    static func sctp(_ source: UInt16, _ destination: UInt16) -> [UInt8] {
        uint16(source) + uint16(destination) + [0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 20]
    }

    /// An ICMP or ICMPv6 message of a type.
    static func icmp(_ type: UInt8) -> [UInt8] { [type, 0, 0, 0, 0, 0, 0, 0] }

    private static func ethernet(_ etherType: UInt16, _ payload: [UInt8], tags: Int) -> [UInt8] {
        let outer: [[UInt8]] = [[0x88, 0xa8, 0, 7], [0x81, 0, 0, 5]]
        return [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2] + outer.suffix(tags).flatMap(\.self) + uint16(etherType) + payload
    }

    private static func uint16(_ value: UInt16) -> [UInt8] { bytes(value) }

    private static func bytes<Number: FixedWidthInteger>(_ value: Number) -> [UInt8] {
        stride(from: Number.bitWidth - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: value >> Number($0)) }
    }
}
