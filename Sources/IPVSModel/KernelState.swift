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

    public init(
        observedAt: Timestamp, version: String, connectionTableSize: UInt32, timeouts: Timeouts,
        virtualServices: [VirtualService], connections: [ConnectionEntry]? = nil, sysctls: [String: String] = [:]
    ) {
        schema = Self.currentSchema
        self.observedAt = observedAt
        self.version = version
        self.connectionTableSize = connectionTableSize
        self.timeouts = timeouts
        self.virtualServices = virtualServices
        self.connections = connections
        self.sysctls = sysctls
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
