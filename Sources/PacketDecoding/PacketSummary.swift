public import IPVSModel

/// What the tracer needs of one packet: a flat value of 80 bytes without a hole, made without allocation.
///
/// Of a packet in a tunnel it tells the inner one, sent to the tunnel's far end; of an ICMP error the connection it is
/// about, in the direction in which the error travels. ``marks`` says so.
@frozen
public struct PacketSummary: Sendable, BitwiseCopyable {
    /// The source's and the destination's, so that either can be found by its number, without a branch.
    public var addresses: [2 of Address] = [Address(), Address()]
    /// When the packet was captured.
    ///
    /// - Unit: nanoseconds since the epoch.
    public var time: Int64 = 0
    /// The Ethernet destination as a number of 48 bits; 0 without Ethernet.
    public var linkDestination: UInt64 = 0
    /// The packet's number in its capture, counted from 0, decodable or not.
    public var ordinal: UInt64 = 0
    /// The sequence number of TCP; for UDP the IPv4 identification, which survives translation; for an ICMP error its
    /// type and code in one number.
    public var sequence: UInt32 = 0
    public var acknowledgement: UInt32 = 0
    /// The IP packet's length on the wire, IP header included: what IPVS counts as bytes. Of a later fragment only what
    /// it adds to the first.
    public var ipLength: UInt32 = 0
    /// Bytes after the transport header.
    public var payloadLength: UInt32 = 0
    /// In the order of ``addresses``.
    public var ports: [2 of UInt16] = [0, 0]
    /// The IP protocol number; of an ICMP error that of the packet it is about.
    public var transport: UInt8 = 0
    /// The flags of TCP; for SCTP those that mean the same, see ``SCTPEvent``.
    public var flags: TCPFlags = []
    /// Which side the capture it came from may show.
    public var tap: Tap = .both
    public var marks: Marks = []

    @inlinable public init() {}

    /// An address as in ``IPVSModel/IPAddress``.
    @frozen
    public struct Address: Sendable, BitwiseCopyable {
        public var high: UInt64 = 0
        public var low: UInt64 = 0

        @inlinable public init() {}
    }

    /// The source address as in ``IPVSModel/IPAddress``.
    @inlinable public var sourceHigh: UInt64 {
        get { addresses[0].high }
        set { addresses[0].high = newValue }
    }
    @inlinable public var sourceLow: UInt64 {
        get { addresses[0].low }
        set { addresses[0].low = newValue }
    }
    @inlinable public var destinationHigh: UInt64 {
        get { addresses[1].high }
        set { addresses[1].high = newValue }
    }
    @inlinable public var destinationLow: UInt64 {
        get { addresses[1].low }
        set { addresses[1].low = newValue }
    }
    @inlinable public var sourcePort: UInt16 {
        get { ports[0] }
        set { ports[0] = newValue }
    }
    @inlinable public var destinationPort: UInt16 {
        get { ports[1] }
        set { ports[1] = newValue }
    }

    public var source: Endpoint {
        Endpoint(address: IPAddress(high: sourceHigh, low: sourceLow), port: sourcePort)
    }

    public var destination: Endpoint {
        Endpoint(address: IPAddress(high: destinationHigh, low: destinationLow), port: destinationPort)
    }

    /// How a packet differs from an ordinary one.
    @frozen
    public struct Marks: OptionSet, Sendable, Hashable, BitwiseCopyable {
        public let rawValue: UInt8
        @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }

        /// An ICMP error about a packet that went the other way.
        @inlinable public static var icmpError: Self { Self(rawValue: 1 << 0) }
        /// A fragment after the first: it adds bytes to a packet that was counted.
        @inlinable public static var laterFragment: Self { Self(rawValue: 1 << 1) }
        /// It came in a tunnel; the destination is the tunnel's far end.
        @inlinable public static var tunnelled: Self { Self(rawValue: 1 << 2) }
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
///
/// Computed rather than stored: a stored one is made when it is first asked for, and asked whether it was ever since.
@frozen
public struct TCPFlags: OptionSet, Sendable, Hashable, BitwiseCopyable {
    public let rawValue: UInt8
    @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }

    @inlinable public static var fin: Self { Self(rawValue: 0x01) }
    @inlinable public static var syn: Self { Self(rawValue: 0x02) }
    @inlinable public static var rst: Self { Self(rawValue: 0x04) }
    @inlinable public static var psh: Self { Self(rawValue: 0x08) }
    @inlinable public static var ack: Self { Self(rawValue: 0x10) }
}
