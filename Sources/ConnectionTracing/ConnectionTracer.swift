package import IPVSModel
import PacketDecoding

/// Joins the packets of both sides of a director into connections.
///
/// A value without clock or I/O: packets and kernel readings go in, records and events come out through
/// ``takeRecords()`` and ``takeEvents()``. Time is what the packets and ``advance(to:)`` say.
///
/// Confinement: used by one thread at a time.
package struct ConnectionTracer: ~Copyable {
    /// How long after its last packet an ended connection is written, so that stragglers are in it.
    static let linger: Int64 = 1_000_000_000

    var flows: FlowTable
    var topology = Topology()
    /// By the topology's index of the virtual service.
    var serviceCounts: [ServiceCounts] = []
    /// By the topology's index of the real server.
    var serverCounts: [ServerCounts] = []
    /// The same, what every packet touches.
    var traffic = FlatArray<ServerTraffic>()
    var templates = PersistenceTemplates()

    var stateTable = EntryStateTable()
    private var isDefending = false
    /// By state, in nanoseconds.
    private var timeouts: [Int64] = []
    /// The same and how late the kernel's timers may run: up to a sixteenth on average.
    private var latest = InlineArray<32, Int64>(repeating: 0)
    /// The sysctl `conn_reuse_mode`.
    var reuseMode = 1

    /// What the capture shows of what comes next.
    package var level = CaptureLevel.full

    /// The latest time told by packets or ``advance(to:)``, in nanoseconds since the epoch.
    package internal(set) var now: Int64 = 0
    var nextID: Int64
    /// What began since the last numbering; `nil` where ids are given at once.
    var births: [ConnectionBirth]?
    let seed: UInt64
    var sweepCursor: UInt32 = 0
    var sweptUntil: Int64 = 0
    /// Who goes first when the table is full.
    var closed = AgeQueue()
    var halfOpen = AgeQueue()
    /// The director's own ICMP errors that the kernel counted with a connection whose real server is not known yet.
    var ownErrors: [UInt32: (packets: UInt64, bytes: UInt64)] = [:]
    /// Packets of no known address that may be a firewall mark's.
    var strangers = Strangers()
    /// Whose FTP data connections there may be.
    var controls = ControlConnections()

    var starts = StartQueue()
    /// Each with the index of its real server.
    var entryChanges: [(server: UInt16, change: EntryChange)] = []
    var records: [ConnectionRecord] = []
    var finishCursor: UInt32 = 0
    var events: [TraceEvent] = []
    /// Events beyond this many between two calls of ``takeEvents()`` are counted, not kept.
    static let mostEvents = 10_000
    package internal(set) var eventsDropped: UInt64 = 0

    /// When a packet of a known endpoint was last seen: the end of a run waits for quiet.
    package internal(set) var lastPacket: Int64 = 0
    var foreignPackets: UInt64 = 0
    var evictedConnections: UInt64 = 0
    var table = TableComparison()

    struct ServiceCounts {
        var unmatchedPackets: UInt64 = 0
        var causes = [UInt64](repeating: 0, count: Cause.allCases.count)
        /// Of connections whose real server is not known.
        var troubles = Troubles()
    }

    struct ServerCounts {
        var connections: UInt64 = 0
        /// Packets of connections whose client port another has taken over.
        var straggling = TrafficCounters()
        var outcomes = [UInt64](repeating: 0, count: ConnectionOutcome.allCases.count)
        var troubles = Troubles()
        var connectLatency = LatencyHistogram()
    }

    struct ServerTraffic: BitwiseCopyable {
        /// By ``Leg``.
        private(set) var packets: [4 of UInt64] = [0, 0, 0, 0]
        private(set) var bytes: [4 of UInt64] = [0, 0, 0, 0]
        /// Entries of the kernel by our replay of its rules.
        var active: Int32 = 0
        var inactive: Int32 = 0
        /// Connections that are not over.
        var open: Int32 = 0

        /// - Parameter activated: By how much more entries are active, and less inactive.
        @inline(__always)
        mutating func count(_ leg: Leg, _ packets: UInt64 = 1, bytes: UInt64, activated: Int32 = 0) {
            self.packets[leg.number] &+= packets
            self.bytes[leg.number] &+= bytes
            active &+= activated
            inactive &-= activated
        }
    }

    /// What the tracer counts that makes packets, table and counters differ. The names are the audit's.
    enum Cause: Int, CaseIterable {
        case portReuse, sameEntry, retransmission, notTransmitted, beganBefore, entryExpired, evicted

        var name: String {
            switch self {
            case .portReuse: "port_reuse"
            case .sameEntry: "same_entry"
            case .retransmission: "retransmission"
            case .notTransmitted: "scheduled_not_transmitted"
            case .beganBefore: "began_before_capture"
            case .entryExpired: "entry_expired"
            case .evicted: "evicted"
            }
        }
    }

    /// - Parameters:
    ///   - capacity: The most connections to track at once; each costs at most 250 bytes.
    ///   - firstConnectionID: The id of the first connection; the following count up.
    ///   - isNumberedLater: Whether ids are given by ``number(_:)``, since several tracers share the work.
    package init(capacity: Int, firstConnectionID: Int64 = 1, isNumberedLater: Bool = false) {
        flows = FlowTable(capacity: capacity)
        nextID = firstConnectionID
        births = isNumberedLater ? [] : nil
        seed = .random(in: .min ... .max) | 1
        setTimeouts(KernelState.Timeouts())
    }

    /// Follows the kernel's configuration. Services and real servers that left keep their counts, and packets of
    /// their remaining connections are still traced.
    package mutating func update(to state: KernelState) {
        setTimeouts(state.timeouts)
        reuseMode = state.sysctls["net.ipv4.vs.conn_reuse_mode"].flatMap { Int($0) } ?? 1
        // 1 and 2 defend when memory is short; the kernel then shows 2.
        let defends = ["2", "3"].contains(state.sysctls["net.ipv4.vs.secure_tcp"])
        if defends != isDefending {
            isDefending = defends
            stateTable = EntryStateTable(isDefending: defends)
        }
        // Between two readings the kernel went by other settings than we.
        if topology.update(to: state) { templates.forgetReading() }
        while serviceCounts.count < topology.services.count { serviceCounts.append(ServiceCounts()) }
        while serverCounts.count < topology.servers.count {
            serverCounts.append(ServerCounts())
            traffic.append(ServerTraffic())
        }
    }

    /// New timeouts hold for an entry from its next packet on, as in the kernel.
    private mutating func setTimeouts(_ settings: KernelState.Timeouts) {
        let new = EntryState.allCases.map { $0.timeout(settings) * 1_000_000_000 }
        let old = timeouts
        guard new != old else { return }
        timeouts = new
        for state in new.indices { latest[state] = new[state] + new[state] / 16 }
        guard !old.isEmpty else { return }
        for number in 0..<UInt32(flows.highWater) where flows[number].marks.contains(.live) {
            let state = Int(flows[number].state.rawValue)
            let isGraced = flows[number].marks.contains(.graced)
            flows[notesOf: number].grace =
                (isGraced ? flows[notesOf: number].grace : 0)
                + Int32(clamping: (old[state] - new[state]) / 1_000_000_000)
            flows[number].marks.insert(.graced)
        }
    }

    /// How long the kernel keeps an entry after its last packet, in nanoseconds.
    @inline(__always)
    func timeout(of record: borrowing FlowRecord) -> Int64 { timeouts[Int(record.state.rawValue)] }

    /// Whether the kernel's timer must have run out.
    @inline(__always)
    mutating func isGone(_ number: UInt32, at time: Int64) -> Bool {
        let idle = time &- flows[number].last
        let latest = latest[Int(flows[number].state.rawValue) & 31]
        // Looked up rarely: it is on a cache line of its own.
        guard flows[number].marks.contains(.graced) else { return idle > latest }
        return idle > latest &+ Int64(flows[notesOf: number].grace) &* 1_000_000_000
    }

    /// How many connections wait to be taken.
    package var pendingRecords: Int { records.count }

    /// The connections written since the last call: each that ended, and again whenever a later packet changed it.
    package mutating func takeRecords() -> [ConnectionRecord] {
        let taken = records
        records = []
        // About as many will follow.
        records.reserveCapacity(taken.count)
        return taken
    }

    /// The events since the last call.
    package mutating func takeEvents() -> [TraceEvent] {
        defer { events = [] }
        return events
    }

    mutating func report(_ event: TraceEvent) {
        if events.count < Self.mostEvents { events.append(event) } else { eventsDropped += 1 }
    }

    /// Reports something about a connection.
    mutating func report(_ kind: TraceEvent.Kind, of record: FlowRecord, at time: Int64, _ detail: String = "") {
        countTrouble(of: record) { $0.events[kind, default: 0] += 1 }
        guard events.count < Self.mostEvents else {
            eventsDropped += 1
            return
        }
        let client = "client \(record.client.endpoint)"
        report(
            TraceEvent(
                time: Timestamp(rawValue: time), kind: kind,
                virtualService: topology.services[Int(record.service)].identity, realServer: endpoint(of: record),
                connection: record.id, detail: detail.isEmpty ? client : "\(client), \(detail)"))
    }

    /// Counts a trouble with a connection's real server, or with its virtual service where that is not known.
    mutating func countTrouble(of record: FlowRecord, _ count: (inout Troubles) -> Void) {
        if record.realServer == FlowRecord.unknown {
            count(&serviceCounts[Int(record.service)].troubles)
        } else {
            count(&serverCounts[Int(record.realServer)].troubles)
        }
    }

    mutating func count(_ cause: Cause, service: UInt16) {
        serviceCounts[Int(service)].causes[cause.rawValue] += 1
    }

    func endpoint(of record: FlowRecord) -> Endpoint? {
        record.realServer == FlowRecord.unknown ? nil : topology.servers[Int(record.realServer)].endpoint
    }
}
