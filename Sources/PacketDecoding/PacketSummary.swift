public import IPVSModel

/// What the tracer needs of one packet: a flat value of 72 bytes, made without allocation.
@frozen
public struct PacketSummary: Sendable, BitwiseCopyable {
    /// The source address as in ``IPVSModel/IPAddress``.
    public var sourceHigh: UInt64 = 0
    public var sourceLow: UInt64 = 0
    public var destinationHigh: UInt64 = 0
    public var destinationLow: UInt64 = 0
    /// When the packet was captured.
    ///
    /// - Unit: nanoseconds since the epoch.
    public var time: Int64 = 0
    public var sequence: UInt32 = 0
    public var acknowledgement: UInt32 = 0
    /// The IP packet's length on the wire, IP header included: what IPVS counts as bytes.
    public var ipLength: UInt32 = 0
    /// Bytes after the transport header.
    public var payloadLength: UInt32 = 0
    public var sourcePort: UInt16 = 0
    public var destinationPort: UInt16 = 0
    /// The IPv4 identification; 0 for IPv6.
    public var identification: UInt16 = 0
    /// The IP protocol number.
    public var transport: UInt8 = 0
    public var flags: TCPFlags = []
    /// Time to live or hop limit.
    public var timeToLive: UInt8 = 0
    /// Which side the capture it came from may show.
    public var tap: Tap = .both

    public init() {}

    public var source: Endpoint {
        Endpoint(address: IPAddress(high: sourceHigh, low: sourceLow), port: sourcePort)
    }

    public var destination: Endpoint {
        Endpoint(address: IPAddress(high: destinationHigh, low: destinationLow), port: destinationPort)
    }
}

/// Which side of the director a capture shows.
@frozen
public enum Tap: UInt8, Sendable, BitwiseCopyable {
    case vip = 0
    case dip = 1
    /// A one-armed director: one interface carries both sides.
    case both = 2
}

/// The flags of a TCP segment.
@frozen
public struct TCPFlags: OptionSet, Sendable, Hashable, BitwiseCopyable {
    public let rawValue: UInt8
    @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static let fin = Self(rawValue: 0x01)
    public static let syn = Self(rawValue: 0x02)
    public static let rst = Self(rawValue: 0x04)
    public static let psh = Self(rawValue: 0x08)
    public static let ack = Self(rawValue: 0x10)
}
