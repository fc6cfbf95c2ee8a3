package import IPVSModel

/// Joins the packets of both sides of a director into connections.
///
/// A value without clock or I/O: packets and kernel readings go in, records and events come out through
/// ``takeRecords()`` and ``takeEvents()``. Time is what the packets and ``advance(to:)`` say.
///
/// Confinement: used by one thread at a time.
package struct ConnectionTracer: ~Copyable {
    /// How long after its last packet an ended connection is written, so that stragglers are in it.
    static let linger: Int64 = 1_000_000_000

    /// How many records to look at for one to drop when the table is full.
    static let mostEvictionLooks = 4_096

    var flows: FlowTable
    var endpoints = EndpointTable()
    var services: [TracedService] = []
    var realServers: [TracedRealServer] = []
    /// The real servers' endpoints, by the index that the endpoint table gives.
    var endpointList: [TracedEndpoint] = []
    /// Whether any real server serves more than one virtual service.
    var hasSharedRealServers = false
    let kernelTable = KernelTCPTable()
    var timeouts = KernelState.Timeouts()
    /// Whether a SYN on a spent entry is scheduled anew: the sysctl `conn_reuse_mode` is not 0.
    var reschedulesSpentEntries = true

    /// The latest time told by packets or ``advance(to:)``, in nanoseconds since the epoch.
    package internal(set) var now: Int64 = 0
    var nextID: Int64
    let seed: UInt64
    var sweepCursor: UInt32 = 0
    var sweptUntil: Int64 = 0

    var records: [ConnectionRecord] = []
    var events: [TraceEvent] = []
    /// Events beyond this many between two calls of ``takeEvents()`` are counted, not kept.
    static let mostEvents = 10_000
    package internal(set) var eventsDropped: UInt64 = 0

    /// When a packet of a known endpoint was last seen: the end of a run waits for quiet.
    package internal(set) var lastPacket: Int64 = 0
    var foreignPackets: UInt64 = 0
    var evictedConnections: UInt64 = 0
    /// Connections in the table that are over.
    var endedConnections = 0
    var table = TableComparison()

    /// What one side of the director means to the tracer.
    struct TracedService {
        let identity: VirtualServiceIdentity
        let transport: UInt8
        var isPersistent: Bool
        /// Indices into the tracer's list of real servers.
        var realServers: [UInt16]
        var unmatchedPackets: UInt64 = 0
        var causes = [UInt64](repeating: 0, count: Cause.allCases.count)
    }

    struct TracedRealServer {
        let service: UInt16
        let endpoint: Endpoint
        let endpointIndex: UInt16
        var captured = TrafficCounters()
        /// Replies that left on the VIP side.
        var translated = TrafficCounters()
        /// Packets of connections whose client port another has taken over.
        var straggling = TrafficCounters()
        var open: Int64 = 0
        var outcomes = [UInt64](repeating: 0, count: ConnectionOutcome.allCases.count)
        var synRetransmissions: UInt64 = 0
        var connectLatency = LatencyHistogram()
    }

    struct TracedEndpoint {
        let transport: UInt8
        let endpoint: Endpoint
        /// The virtual services it serves.
        var services: [UInt16]
    }

    /// What the tracer counts that makes packets, table and counters differ. The names are the audit's.
    enum Cause: Int, CaseIterable {
        case portReuse, sameEntry, retransmission, notTransmitted, beganBefore, entryExpired

        var name: String {
            switch self {
            case .portReuse: "port_reuse"
            case .sameEntry: "same_entry"
            case .retransmission: "retransmission"
            case .notTransmitted: "scheduled_not_transmitted"
            case .beganBefore: "began_before_capture"
            case .entryExpired: "entry_expired"
            }
        }
    }

    /// - Parameters:
    ///   - capacity: The most connections to track at once; each costs about 220 bytes.
    ///   - firstConnectionID: The id of the first connection; the following count up.
    package init(capacity: Int, firstConnectionID: Int64 = 1) {
        flows = FlowTable(capacity: capacity)
        nextID = firstConnectionID
        seed = UInt64.random(in: .min ... .max) | 1
    }

    /// Follows the kernel's configuration. Services and real servers that left keep their counts, and packets of
    /// their remaining connections are still traced.
    package mutating func update(to state: KernelState) {
        timeouts = state.timeouts
        reschedulesSpentEntries = state.sysctls["net.ipv4.vs.conn_reuse_mode"] != "0"
        for service in state.virtualServices {
            guard case .endpoint(let transport, _) = service.identity else { continue }
            let index = self.index(of: service, transport: transport.rawValue)
            services[Int(index)].isPersistent = service.flags.contains(.persistent)
            for server in service.realServers { add(server.endpoint, to: index, transport: transport.rawValue) }
        }
        hasSharedRealServers = endpointList.contains { $0.services.count > 1 }
        endpoints = EndpointTable(
            services.enumerated().compactMap { index, service in
                service.identity.endpoint.map {
                    EndpointTable.Entry(
                        transport: service.transport, endpoint: $0, role: .service, index: UInt16(index))
                }
            }
                + endpointList.enumerated().map { index, endpoint in
                    EndpointTable.Entry(
                        transport: endpoint.transport, endpoint: endpoint.endpoint, role: .realServer,
                        index: UInt16(index))
                })
    }

    private mutating func index(of service: VirtualService, transport: UInt8) -> UInt16 {
        if let known = services.firstIndex(where: { $0.identity == service.identity }) { return UInt16(known) }
        services.append(
            TracedService(identity: service.identity, transport: transport, isPersistent: false, realServers: []))
        return UInt16(services.count - 1)
    }

    private mutating func add(_ endpoint: Endpoint, to service: UInt16, transport: UInt8) {
        let isKnown = services[Int(service)].realServers.contains { realServers[Int($0)].endpoint == endpoint }
        guard !isKnown, realServers.count < FlowRecord.unknown else { return }
        let place: Int
        if let known = endpointList.firstIndex(where: { $0.endpoint == endpoint && $0.transport == transport }) {
            place = known
            endpointList[place].services.append(service)
        } else {
            place = endpointList.count
            endpointList.append(TracedEndpoint(transport: transport, endpoint: endpoint, services: [service]))
        }
        services[Int(service)].realServers.append(UInt16(realServers.count))
        realServers.append(
            TracedRealServer(service: service, endpoint: endpoint, endpointIndex: UInt16(place)))
    }

    /// How many connections wait to be taken.
    package var pendingRecords: Int { records.count }

    /// The connections written since the last call: each that ended, and again whenever a later packet changed it.
    package mutating func takeRecords() -> [ConnectionRecord] {
        defer { records = [] }
        return records
    }

    /// The events since the last call.
    package mutating func takeEvents() -> [TraceEvent] {
        defer { events = [] }
        return events
    }

    mutating func report(_ event: TraceEvent) {
        if events.count < Self.mostEvents { events.append(event) } else { eventsDropped += 1 }
    }

    mutating func count(_ cause: Cause, service: UInt16) {
        services[Int(service)].causes[cause.rawValue] += 1
    }
}
