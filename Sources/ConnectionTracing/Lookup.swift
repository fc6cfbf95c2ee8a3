/// Where a packet was seen, and which way it went: two bits, the side above the direction.
struct Leg: Equatable, BitwiseCopyable {
    private(set) var rawValue: UInt8 = 0

    /// From the client to the virtual address: here the kernel counts what comes in.
    static var vipIn: Self { Self(isDIPSide: false, isIn: true) }
    /// The reply as it leaves for the client.
    static var vipOut: Self { Self(isDIPSide: false, isIn: false) }
    /// Sent on to the real server.
    static var dipIn: Self { Self(isDIPSide: true, isIn: true) }
    /// The reply as it comes from the real server: here the kernel counts what goes out.
    static var dipOut: Self { Self(isDIPSide: true, isIn: false) }

    /// - Parameters:
    ///   - side: 0 is the VIP side, 1 the DIP side.
    ///   - direction: 0 is towards the real server, 1 towards the client.
    @inline(__always)
    init(side: UInt8, direction: UInt8) { rawValue = side << 1 | direction }

    @inline(__always)
    init(isDIPSide: Bool, isIn: Bool) { self.init(side: isDIPSide ? 1 : 0, direction: isIn ? 0 : 1) }

    var isDIPSide: Bool { rawValue & 2 != 0 }
    /// Towards the real server.
    var isIn: Bool { rawValue & 1 == 0 }

    /// 0 to 3.
    var number: Int { Int(rawValue & 3) }
    /// 0 on the VIP side, 1 on the DIP side.
    var side: Int { Int(rawValue >> 1 & 1) }
    /// 0 towards the real server, 1 towards the client.
    var direction: Int { Int(rawValue & 1) }
}

/// What a packet is about, found before its connection is.
struct Lookup: BitwiseCopyable {
    /// Of the client's address, port and protocol.
    var hash: UInt32 = 0
    /// The record it probably belongs to; ``FlowTable/none`` if there is none of its hash.
    var candidate = FlowTable.none
    /// The address and port that clients turn to, an index into the topology's list; `unknown` where only the real
    /// server's is in the packet.
    var virtual = FlowRecord.unknown
    /// On the DIP side the real server endpoint's index.
    var endpoint = FlowRecord.unknown
    /// Of these two the one that tells connections of the same client port apart on this side.
    var end: UInt16 { isDIPSide ? endpoint : virtual }
    var leg = Leg.vipIn
    var kind = Kind.foreign

    enum Kind: BitwiseCopyable {
        /// Of no known address, or of no interest.
        case foreign
        /// A connection's own.
        case ordinary
        /// The same, and the connection was found already: the candidate.
        case placed
        /// An ICMP error, a later fragment, or what may be scheduled for itself.
        case unusual
    }

    var isRelevant: Bool { kind != .foreign }

    var isDIPSide: Bool { leg.isDIPSide }
    var isIn: Bool { leg.isIn }
}
