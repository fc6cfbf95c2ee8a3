/// What identifies a virtual service: protocol, address and port, or a firewall mark.
public enum VirtualServiceIdentity: Hashable, Sendable, BitwiseCopyable {
    /// A service by protocol, address and port.
    case endpoint(TransportProtocol, Endpoint)
    /// A service by firewall mark; `isIPv6` tells the two services of one mark apart.
    case firewallMark(UInt32, isIPv6: Bool)

    /// The virtual IP and port, unless the service is one of a firewall mark.
    public var endpoint: Endpoint? {
        if case .endpoint(_, let endpoint) = self { endpoint } else { nil }
    }

    /// The protocol; a firewall-mark service takes any.
    public var transportProtocol: TransportProtocol? {
        if case .endpoint(let transport, _) = self { transport } else { nil }
    }

    /// Whether this is FTP's control connection, whose data connections may use any port.
    ///
    /// The corresponding C constant is `FTPPORT` in `<net/ip_vs.h>`.
    package var isFTP: Bool { transportProtocol == .tcp && endpoint?.port == 21 }
}

extension VirtualServiceIdentity: Comparable {
    private var order: (Int, UInt32, TransportProtocol, Endpoint) {
        switch self {
        case .endpoint(let transport, let endpoint): (0, 0, transport, endpoint)
        case .firewallMark(let mark, let isIPv6):
            (1, mark, .ip, Endpoint(address: IPAddress(ipv4: 0), port: isIPv6 ? 1 : 0))
        }
    }

    public static func < (lhs: Self, rhs: Self) -> Bool { lhs.order < rhs.order }
}

extension VirtualServiceIdentity: LosslessStringConvertible {
    /// `tcp/192.168.122.100:80`, `udp/[fd00::1]:53`, `fwmark/7`, `fwmark/7/ipv6`.
    public var description: String {
        switch self {
        case .endpoint(let transport, let endpoint): "\(transport)/\(endpoint)"
        case .firewallMark(let mark, let isIPv6): isIPv6 ? "fwmark/\(mark)/ipv6" : "fwmark/\(mark)"
        }
    }

    public init?(_ description: String) {
        let parts = description.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        if parts.first == "fwmark", parts.count == 2 || (parts.count == 3 && parts[2] == "ipv6"),
            let mark = UInt32(plain: parts[1][...])
        {
            self = .firewallMark(mark, isIPv6: parts.count == 3)
        } else if parts.count == 2, let transport = TransportProtocol(parts[0]), let endpoint = Endpoint(parts[1]) {
            self = .endpoint(transport, endpoint)
        } else {
            return nil
        }
    }
}

extension VirtualServiceIdentity: Codable {
    public init(from decoder: any Decoder) throws {
        self = try decoder.decodeText("a virtual service such as tcp/192.168.122.100:80")
    }

    public func encode(to encoder: any Encoder) throws {
        try encoder.encodeText(self)
    }
}

/// A virtual service as the kernel holds it, with its real servers.
public struct VirtualService: Hashable, Sendable, Codable {
    public var identity: VirtualServiceIdentity
    public var scheduler: Scheduler
    public var flags: Flags
    /// How long a persistence template lives after its last use; 0 without persistence.
    ///
    /// - Unit: seconds.
    public var persistenceTimeout: UInt32
    /// How many leading bits of the client address persistence looks at: 32 or 128 is the whole address.
    public var persistencePrefixLength: UInt8
    /// The persistence engine (`sip`), if one is set.
    public var persistenceEngine: String?
    public var counters: TrafficCounters
    public var rates: TrafficRates
    /// The real servers in the kernel's list order, which is the order the scheduler walks: newest first.
    public var realServers: [RealServer]

    public init(
        identity: VirtualServiceIdentity, scheduler: Scheduler, flags: Flags = [], persistenceTimeout: UInt32 = 0,
        persistencePrefixLength: UInt8 = 32, persistenceEngine: String? = nil,
        counters: TrafficCounters = TrafficCounters(), rates: TrafficRates = TrafficRates(),
        realServers: [RealServer] = []
    ) {
        self.identity = identity
        self.scheduler = scheduler
        self.flags = flags
        self.persistenceTimeout = persistenceTimeout
        self.persistencePrefixLength = persistencePrefixLength
        self.persistenceEngine = persistenceEngine
        self.counters = counters
        self.rates = rates
        self.realServers = realServers
    }

    /// A service's flags.
    ///
    /// - Source: `IP_VS_SVC_F_…` in `<linux/ip_vs.h>`.
    public struct Flags: OptionSet, Hashable, Sendable, Codable {
        public let rawValue: UInt32
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        /// Clients stay with their real server.
        public static let persistent = Self(rawValue: 0x1)
        /// Set by the kernel on every service in its table.
        public static let hashed = Self(rawValue: 0x2)
        /// One-packet scheduling: every datagram is scheduled anew.
        public static let onePacket = Self(rawValue: 0x4)
        /// Scheduler-specific: `sh-fallback`, `mh-fallback`.
        public static let schedulerFlag1 = Self(rawValue: 0x8)
        /// Scheduler-specific: `sh-port`, `mh-port`.
        public static let schedulerFlag2 = Self(rawValue: 0x10)
        /// Scheduler-specific, unused by the kernel's own schedulers.
        public static let schedulerFlag3 = Self(rawValue: 0x20)
    }
}
