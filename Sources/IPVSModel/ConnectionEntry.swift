/// A row of the kernel's connection table.
public struct ConnectionEntry: Hashable, Sendable, Codable {
    public var transportProtocol: TransportProtocol
    /// The client; port 0 in a persistence template, whose address is masked.
    public var client: Endpoint
    /// The virtual IP and port; for a firewall-mark template the mark stands where the address does.
    public var virtual: Endpoint
    public var realServer: Endpoint
    /// The state's name as the kernel prints it: `SYN_RECV`, `ESTABLISHED`, `ASSURED` …
    public var state: ConnectionState
    /// Time left before the kernel drops the entry if no packet arrives. 0 does not mean gone: the timer wheel may
    /// keep an entry up to an eighth of its timeout longer.
    ///
    /// - Unit: whole seconds, truncated by the kernel.
    public var expiresIn: UInt32
    /// The persistence engine's name (`sip`), if the entry has one.
    public var persistenceEngine: String?
    /// What the persistence engine keyed on, for example a SIP Call-ID.
    public var persistenceData: String?

    public init(
        transportProtocol: TransportProtocol, client: Endpoint, virtual: Endpoint, realServer: Endpoint,
        state: ConnectionState, expiresIn: UInt32, persistenceEngine: String? = nil, persistenceData: String? = nil
    ) {
        self.transportProtocol = transportProtocol
        self.client = client
        self.virtual = virtual
        self.realServer = realServer
        self.state = state
        self.expiresIn = expiresIn
        self.persistenceEngine = persistenceEngine
        self.persistenceData = persistenceData
    }

    /// Whether this is a persistence template rather than a connection.
    public var isTemplate: Bool { client.port == 0 && transportProtocol != .icmp && transportProtocol != .icmpv6 }
}

/// A connection's state as the kernel names it.
///
/// - Source: `tcp_state_name_table` and its siblings in `net/netfilter/ipvs/ip_vs_proto_*.c`.
public struct ConnectionState: RawRepresentable, Hashable, Sendable, Codable, CustomStringConvertible {
    public let rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }

    public var description: String { rawValue }

    public static let none = Self(rawValue: "NONE")
    public static let established = Self(rawValue: "ESTABLISHED")
    public static let synReceived = Self(rawValue: "SYN_RECV")
    public static let timeWait = Self(rawValue: "TIME_WAIT")
    public static let close = Self(rawValue: "CLOSE")
}
