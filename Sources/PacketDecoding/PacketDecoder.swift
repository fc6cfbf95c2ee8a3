/// Turns captured bytes into packet summaries, and counts what it could not.
public struct PacketDecoder: Sendable {
    @usableFromInline let linkType: LinkType
    @usableFromInline let tap: Tap
    /// UDP ports that real servers take tunnels on.
    private var tunnelPorts: [UInt16] = []
    @usableFromInline var ordinal: UInt64 = 0
    @usableFromInline var latest: Int64 = .min
    /// A step back of the clock by this much or more is believed.
    @inlinable static var clockStep: Int64 { 1_000_000_000 }
    private var fragments = FragmentTable()
    private var failures = [UInt64](repeating: 0, count: DecodingError.all.count)

    /// - Parameters:
    ///   - linkType: What the capture's packets begin with.
    ///   - tap: Which side the capture shows.
    public init(linkType: LinkType, tap: Tap) {
        self.linkType = linkType
        self.tap = tap
    }

    /// How many packets could not be decoded, by reason; reasons that never occurred are left out.
    public var failureCounts: [(error: DecodingError, count: UInt64)] {
        zip(DecodingError.all, failures).filter { $1 > 0 }.map { ($0, $1) }
    }

    /// Looks for packets inside UDP datagrams to these ports: generic UDP encapsulation.
    public mutating func setTunnelPorts(_ ports: [UInt16]) { tunnelPorts = ports }

    /// Decodes one packet.
    ///
    /// - Parameters:
    ///   - bytes: The captured bytes, perhaps fewer than the packet had.
    ///   - wireLength: The packet's length on the wire.
    ///   - time: When it was captured, in nanoseconds since the epoch. Where it is a little before that of the packet
    ///     before, it is taken for the same: a capture shows the order in which the director handled packets, while
    ///     their time stamps may be of different processors.
    ///   - summary: Receives the result; unspecified if the packet could not be decoded.
    /// - Returns: Whether the packet could be decoded; if not, the reason was counted.
    @inlinable @inline(__always)
    public mutating func decode(
        _ bytes: RawSpan, wireLength: Int, time: Int64, into summary: inout PacketSummary
    ) -> Bool {
        if time >= latest || latest &- time >= Self.clockStep { latest = time }
        summary.time = latest
        summary.ordinal = ordinal
        ordinal &+= 1
        summary.tap = tap
        summary.marks = []
        if linkType == .ethernet, Self.decodePlainTCP(bytes, into: &summary) { return true }
        return decodeAny(bytes, wireLength: wireLength, into: &summary)
    }

    /// What nearly every packet is: Ethernet with at most one VLAN tag, IPv4 without options, whole, TCP.
    ///
    /// - Returns: Whether it was that, and sound; if not, nothing is said about why.
    @inlinable @inline(__always)
    static func decodePlainTCP(_ bytes: RawSpan, into summary: inout PacketSummary) -> Bool {
        let untagged = Ethernet.headerLength
        guard bytes.byteCount >= untagged + IPv4.minimumLength + TCP.minimumLength else { return false }
        let etherType = bytes.uint16(at: untagged - 2)
        // Each with an offset that the compiler knows, so that it checks the bounds but once.
        if etherType == EtherType.ipv4 { return decodePlainTCP(bytes, at: untagged, into: &summary) }
        return etherType == EtherType.vlan && decodeTaggedTCP(bytes, into: &summary)
    }

    @inline(never)
    @usableFromInline
    static func decodeTaggedTCP(_ bytes: RawSpan, into summary: inout PacketSummary) -> Bool {
        let tagged = Ethernet.headerLength + Ethernet.tagLength
        guard bytes.byteCount >= tagged + IPv4.minimumLength + TCP.minimumLength,
            bytes.uint16(at: tagged - 2) == EtherType.ipv4
        else { return false }
        return decodePlainTCP(bytes, at: tagged, into: &summary)
    }

    @inlinable @inline(__always)
    static func decodePlainTCP(_ bytes: RawSpan, at start: Int, into summary: inout PacketSummary) -> Bool {
        let segment = start + IPv4.minimumLength
        // Version, header length, length, identification and fragment in one number.
        let beginning = bytes.uint64(at: start)
        guard beginning >> 56 == 0x45, beginning & 0x3fff == 0, bytes.byte(at: start + 9) == TCP.protocolNumber else {
            return false
        }
        let length = UInt32(truncatingIfNeeded: beginning >> 32) & 0xffff
        let control = bytes.uint16(at: segment + 12)
        let headers = UInt32(IPv4.minimumLength) + UInt32(control >> 12) * 4
        guard headers >= IPv4.minimumLength + TCP.minimumLength, headers <= length else { return false }
        let addresses = bytes.uint64(at: start + 12)
        summary.sourceHigh = 0
        summary.sourceLow = 0x0000_ffff_0000_0000 | addresses >> 32
        summary.destinationHigh = 0
        summary.destinationLow = 0x0000_ffff_0000_0000 | addresses & 0xffff_ffff
        summary.linkDestination = bytes.uint64(at: 0) >> 16
        let numbers = bytes.uint64(at: segment + 4)
        summary.sequence = UInt32(truncatingIfNeeded: numbers >> 32)
        summary.acknowledgement = UInt32(truncatingIfNeeded: numbers)
        summary.ipLength = length
        summary.payloadLength = length &- headers
        summary.sourcePort = bytes.uint16(at: segment)
        summary.destinationPort = bytes.uint16(at: segment + 2)
        summary.transport = TCP.protocolNumber
        summary.flags = TCPFlags(rawValue: UInt8(truncatingIfNeeded: control))
        return true
    }

    @inline(never)
    @usableFromInline
    mutating func decodeAny(_ bytes: RawSpan, wireLength: Int, into summary: inout PacketSummary) -> Bool {
        do throws(DecodingError) {
            let (etherType, start) = try networkHeader(of: bytes, into: &summary)
            guard etherType == EtherType.ipv4 || etherType == EtherType.ipv6 else { throw .notIP }
            try decodeIP(
                bytes, at: start, isIPv6: etherType == EtherType.ipv6, wireLength: wireLength - start, into: &summary)
            return true
        } catch {
            if let index = DecodingError.all.firstIndex(of: error) { failures[index] += 1 }
            return false
        }
    }

    private func networkHeader(
        of bytes: RawSpan, into summary: inout PacketSummary
    ) throws(DecodingError) -> (etherType: UInt16, offset: Int) {
        summary.linkDestination = 0
        switch linkType {
        case .ethernet:
            let payload = try Ethernet.payload(of: bytes)
            summary.linkDestination = Ethernet.destination(of: bytes)
            return payload
        case .linuxCookedV1: return try LinuxCooked.payloadV1(of: bytes)
        case .linuxCookedV2: return try LinuxCooked.payloadV2(of: bytes)
        case .ipv4: return (EtherType.ipv4, 0)
        case .ipv6: return (EtherType.ipv6, 0)
        case .rawIP, .rawIPInFile:
            try bytes.require(1, at: 0, for: .ipv4)
            return (bytes.byte(at: 0) >> 4 == 6 ? EtherType.ipv6 : EtherType.ipv4, 0)
        }
    }

    private mutating func decodeIP(
        _ bytes: RawSpan, at offset: Int, isIPv6: Bool, wireLength: Int, into summary: inout PacketSummary
    ) throws(DecodingError) {
        let header =
            isIPv6
            ? try IPv6.decode(bytes, at: offset, wireLength: wireLength, into: &summary)
            : try IPv4.decode(bytes, at: offset, wireLength: wireLength, into: &summary)
        if let fragment = header.fragment, fragment.offset > 0 {
            guard fragments.complete(fragment, &summary) else { throw .laterFragment }
            return
        }
        if let inner = try inner(of: summary, bytes, at: header.payload) {
            guard !summary.marks.contains(.tunnelled) else { throw .unsupportedProtocol }
            return try decodeTunnelled(inner, bytes, wireLength: wireLength - (inner.offset - offset), into: &summary)
        }
        switch summary.transport {
        case TCP.protocolNumber: try TCP.decode(bytes, at: header.payload, into: &summary)
        case UDP.protocolNumber: try UDP.decode(bytes, at: header.payload, into: &summary)
        case SCTP.protocolNumber: try SCTP.decode(bytes, at: header.payload, into: &summary)
        case ICMP.protocolNumber where !isIPv6, ICMP.protocolNumberV6 where isIPv6:
            try ICMP.decode(bytes, at: header.payload, isIPv6: isIPv6, into: &summary)
        default: throw .unsupportedProtocol
        }
        if let fragment = header.fragment { fragments.noteFirst(fragment, &summary) }
    }

    /// The packet inside a tunnel from the director, which leaves on the DIP side.
    private func inner(
        of summary: PacketSummary, _ bytes: RawSpan, at offset: Int
    ) throws(DecodingError) -> Encapsulation.Inner? {
        guard tap != .vip else { return nil }
        if let inner = try Encapsulation.inner(summary.transport, bytes, at: offset) { return inner }
        guard summary.transport == UDP.protocolNumber, !tunnelPorts.isEmpty else { return nil }
        try bytes.require(UDP.headerLength, at: offset, for: .udp)
        return tunnelPorts.contains(bytes.uint16(at: offset + 2))
            ? try Encapsulation.innerOfGUE(bytes, at: offset) : nil
    }

    /// The inner packet tells everything but where it goes: that is the tunnel's far end, the real server.
    private mutating func decodeTunnelled(
        _ inner: Encapsulation.Inner, _ bytes: RawSpan, wireLength: Int, into summary: inout PacketSummary
    ) throws(DecodingError) {
        let (high, low) = (summary.destinationHigh, summary.destinationLow)
        summary.marks.insert(.tunnelled)
        try decodeIP(bytes, at: inner.offset, isIPv6: inner.isIPv6, wireLength: wireLength, into: &summary)
        guard !summary.marks.contains(.icmpError) else { return }
        summary.destinationHigh = high
        summary.destinationLow = low
    }
}
