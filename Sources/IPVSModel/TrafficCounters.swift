/// The five counters that IPVS keeps for a virtual service and for each of its real servers.
///
/// - Source: `IPVS_STATS_ATTR_CONNS` … `IPVS_STATS_ATTR_OUTBYTES`, 64 bits wide. The kernel folds them every two
///   seconds, so a reading lags by up to that much.
public struct TrafficCounters: Hashable, Sendable, Codable {
    /// Connections scheduled.
    public var connections: UInt64
    /// Packets from clients.
    public var inPackets: UInt64
    /// Packets to clients.
    public var outPackets: UInt64
    /// Bytes from clients, IP header included.
    public var inBytes: UInt64
    /// Bytes to clients, IP header included.
    public var outBytes: UInt64

    public init(
        connections: UInt64 = 0, inPackets: UInt64 = 0, outPackets: UInt64 = 0, inBytes: UInt64 = 0,
        outBytes: UInt64 = 0
    ) {
        self.connections = connections
        self.inPackets = inPackets
        self.outPackets = outPackets
        self.inBytes = inBytes
        self.outBytes = outBytes
    }

    /// The growth since `earlier`, or `nil` if any counter went backwards, which means it was reset.
    public func growth(since earlier: Self) -> Self? {
        guard connections >= earlier.connections, inPackets >= earlier.inPackets, outPackets >= earlier.outPackets,
            inBytes >= earlier.inBytes, outBytes >= earlier.outBytes
        else { return nil }
        return Self(
            connections: connections - earlier.connections, inPackets: inPackets - earlier.inPackets,
            outPackets: outPackets - earlier.outPackets, inBytes: inBytes - earlier.inBytes,
            outBytes: outBytes - earlier.outBytes)
    }

    public static func + (lhs: Self, rhs: Self) -> Self {
        Self(
            connections: lhs.connections + rhs.connections, inPackets: lhs.inPackets + rhs.inPackets,
            outPackets: lhs.outPackets + rhs.outPackets, inBytes: lhs.inBytes + rhs.inBytes,
            outBytes: lhs.outBytes + rhs.outBytes)
    }
}

/// The kernel's own estimate of rates, smoothed over a few seconds.
///
/// - Unit: per second.
/// - Source: `IPVS_STATS_ATTR_CPS` … `IPVS_STATS_ATTR_OUTBPS`.
public struct TrafficRates: Hashable, Sendable, Codable {
    public var connections: UInt64
    public var inPackets: UInt64
    public var outPackets: UInt64
    public var inBytes: UInt64
    public var outBytes: UInt64

    public init(
        connections: UInt64 = 0, inPackets: UInt64 = 0, outPackets: UInt64 = 0, inBytes: UInt64 = 0,
        outBytes: UInt64 = 0
    ) {
        self.connections = connections
        self.inPackets = inPackets
        self.outPackets = outPackets
        self.inBytes = inBytes
        self.outBytes = outBytes
    }
}
