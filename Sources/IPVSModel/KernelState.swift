/// Everything the kernel says of IPVS at one moment: what `ipvscope snapshot` writes and `replay --kernel` reads.
public struct KernelState: Hashable, Sendable, Codable {
    /// The version of this format.
    public static let currentSchema = 1

    public var schema: Int
    /// When the reading began, on the director's clock.
    public var observedAt: Timestamp
    /// When the reading of services and counters was complete; `nil` where nobody noted it.
    public var completedAt: Timestamp?
    /// IPVS's own version, such as `1.2.1`.
    public var version: String
    /// The size of the connection table: hash buckets, not entries.
    public var connectionTableSize: UInt32
    public var timeouts: Timeouts
    public var virtualServices: [VirtualService]
    /// The connection table, or `nil` if it was not read.
    public var connections: [ConnectionEntry]?
    /// The settings under `net.ipv4.vs`, plus `net.ipv4.ip_forward`, by full name.
    public var sysctls: [String: String]
    /// Where the director sends packets for an address of its own links. Read only where a real server uses direct
    /// routing, else empty: there a packet's real server is told by its destination on the link alone.
    public var neighbours: [IPAddress: LinkAddress]

    public init(
        observedAt: Timestamp, version: String, connectionTableSize: UInt32, timeouts: Timeouts,
        virtualServices: [VirtualService], connections: [ConnectionEntry]? = nil, sysctls: [String: String] = [:],
        neighbours: [IPAddress: LinkAddress] = [:]
    ) {
        schema = Self.currentSchema
        self.observedAt = observedAt
        self.version = version
        self.connectionTableSize = connectionTableSize
        self.timeouts = timeouts
        self.virtualServices = virtualServices
        self.connections = connections
        self.sysctls = sysctls
        self.neighbours = neighbours
    }

    /// Reads what this and every earlier version wrote: a key that came later may be absent.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        schema = try values.decode(Int.self, forKey: .schema)
        observedAt = try values.decode(Timestamp.self, forKey: .observedAt)
        completedAt = try values.decodeIfPresent(Timestamp.self, forKey: .completedAt)
        version = try values.decode(String.self, forKey: .version)
        connectionTableSize = try values.decode(UInt32.self, forKey: .connectionTableSize)
        timeouts = try values.decode(Timeouts.self, forKey: .timeouts)
        virtualServices = try values.decode([VirtualService].self, forKey: .virtualServices)
        connections = try values.decodeIfPresent([ConnectionEntry].self, forKey: .connections)
        sysctls = try values.decode([String: String].self, forKey: .sysctls)
        neighbours = try values.decodeIfPresent([IPAddress: LinkAddress].self, forKey: .neighbours) ?? [:]
    }

    /// The timeouts that `ipvsadm --set` changes.
    ///
    /// - Unit: seconds.
    public struct Timeouts: Hashable, Sendable, Codable {
        public var tcp: UInt32
        public var tcpFin: UInt32
        public var udp: UInt32

        public init(tcp: UInt32 = 900, tcpFin: UInt32 = 120, udp: UInt32 = 300) {
            self.tcp = tcp
            self.tcpFin = tcpFin
            self.udp = udp
        }
    }
}
