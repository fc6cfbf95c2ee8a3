/// A real server within a virtual service: the kernel's `dest`.
public struct RealServer: Hashable, Sendable, Codable {
    public var endpoint: Endpoint
    public var forwardingMethod: ForwardingMethod
    /// How packets are wrapped; `nil` unless the forwarding method is a tunnel.
    public var tunnel: Tunnel?
    /// The scheduler's weight; 0 takes no new connections.
    public var weight: Int32
    /// Above this many connections the kernel marks the server overloaded; 0 is no limit.
    public var upperThreshold: UInt32
    /// Below this many connections an overloaded server takes new ones again; 0 is three quarters of the upper one.
    public var lowerThreshold: UInt32
    /// Connections the kernel counts as active (for TCP: SYN_RECV, ESTABLISHED and their like). Live, without lag.
    public var activeConnections: UInt32
    /// Every other entry, TIME_WAIT included. Live, without lag.
    public var inactiveConnections: UInt32
    /// Persistence templates that point here.
    public var persistentConnections: UInt32
    public var counters: TrafficCounters
    public var rates: TrafficRates

    public init(
        endpoint: Endpoint, forwardingMethod: ForwardingMethod = .masquerading, tunnel: Tunnel? = nil,
        weight: Int32 = 1, upperThreshold: UInt32 = 0, lowerThreshold: UInt32 = 0, activeConnections: UInt32 = 0,
        inactiveConnections: UInt32 = 0, persistentConnections: UInt32 = 0,
        counters: TrafficCounters = TrafficCounters(), rates: TrafficRates = TrafficRates()
    ) {
        self.endpoint = endpoint
        self.forwardingMethod = forwardingMethod
        self.tunnel = tunnel
        self.weight = weight
        self.upperThreshold = upperThreshold
        self.lowerThreshold = lowerThreshold
        self.activeConnections = activeConnections
        self.inactiveConnections = inactiveConnections
        self.persistentConnections = persistentConnections
        self.counters = counters
        self.rates = rates
    }
}
