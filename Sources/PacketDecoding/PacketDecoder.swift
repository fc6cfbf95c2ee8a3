/// Turns captured bytes into packet summaries, and counts what it could not.
public struct PacketDecoder: Sendable {
    private let linkType: LinkType
    private let tap: Tap
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

    /// Decodes one packet.
    ///
    /// - Parameters:
    ///   - bytes: The captured bytes, perhaps fewer than the packet had.
    ///   - wireLength: The packet's length on the wire.
    ///   - time: When it was captured, in nanoseconds since the epoch.
    ///   - summary: Receives the result; unspecified if the packet could not be decoded.
    /// - Returns: Whether the packet could be decoded; if not, the reason was counted.
    public mutating func decode(
        _ bytes: RawSpan, wireLength: Int, time: Int64, into summary: inout PacketSummary
    ) -> Bool {
        do throws(DecodingError) {
            try Self.decode(bytes, linkType: linkType, wireLength: wireLength, into: &summary)
            summary.time = time
            summary.tap = tap
            return true
        } catch {
            count(error)
            return false
        }
    }

    @inline(never)
    private mutating func count(_ error: DecodingError) {
        if let index = DecodingError.all.firstIndex(of: error) { failures[index] += 1 }
    }

    /// Decodes one packet, throwing the reason if it cannot be.
    @inline(__always)
    static func decode(
        _ bytes: RawSpan, linkType: LinkType, wireLength: Int, into summary: inout PacketSummary
    ) throws(DecodingError) {
        let (etherType, start) = try networkHeader(of: bytes, linkType: linkType)
        let transport: Int
        if etherType == EtherType.ipv4 {
            transport = try IPv4.decode(bytes, at: start, wireLength: wireLength - start, into: &summary)
        } else if etherType == EtherType.ipv6 {
            transport = try IPv6.decode(bytes, at: start, wireLength: wireLength - start, into: &summary)
        } else {
            throw .notIP
        }
        if summary.transport == TCP.protocolNumber {
            try TCP.decode(bytes, at: transport, into: &summary)
        } else if summary.transport == UDP.protocolNumber {
            try UDP.decode(bytes, at: transport, into: &summary)
        } else {
            throw .unsupportedProtocol
        }
    }

    @inline(__always)
    private static func networkHeader(
        of bytes: RawSpan, linkType: LinkType
    ) throws(DecodingError) -> (etherType: UInt16, offset: Int) {
        guard linkType != .ethernet else { return try Ethernet.payload(of: bytes) }
        switch linkType {
        case .ethernet: return try Ethernet.payload(of: bytes)
        case .linuxCookedV1: return try LinuxCooked.payloadV1(of: bytes)
        case .linuxCookedV2: return try LinuxCooked.payloadV2(of: bytes)
        case .ipv4: return (EtherType.ipv4, 0)
        case .ipv6: return (EtherType.ipv6, 0)
        case .rawIP, .rawIPInFile:
            try bytes.require(1, at: 0, for: .ipv4)
            return (bytes.byte(at: 0) >> 4 == 6 ? EtherType.ipv6 : EtherType.ipv4, 0)
        }
    }
}
