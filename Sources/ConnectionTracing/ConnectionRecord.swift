package import IPVSModel

/// One connection: both sides' packets, the kernel's entry, and how it ended.
package struct ConnectionRecord: Sendable, Hashable, BitwiseCopyable {
    /// Unique within a store, and growing with the time the connection was first seen.
    package var id: Int64
    package var virtualService: VirtualServiceIdentity
    /// `nil` if no packet ever left on the DIP side and the kernel's table did not tell.
    package var realServer: Endpoint?
    package var transportProtocol: TransportProtocol
    package var client: Endpoint
    package var origin: ConnectionOrigin
    package var outcome: ConnectionOutcome
    /// The first packet on either side.
    package var firstSeen: Timestamp
    /// The last packet on either side.
    package var lastSeen: Timestamp
    package var vip: SideRecord
    package var dip: SideRecord
    /// The kernel's state as our own replay of its state table has it.
    package var state: EntryState
    /// Payload towards the real server, what was sent again counted once.
    package var requestBytes: UInt64
    /// Payload towards the client, what was sent again counted once; 0 where replies bypass the director.
    package var responseBytes: UInt64
    /// What the kernel's table said, if the entry was ever read there.
    package var entry: EntryObservation?
    /// Whether it ended since it was last written, so that whoever counts ends counts each once.
    package var hasJustEnded: Bool

    package init(
        id: Int64, virtualService: VirtualServiceIdentity, realServer: Endpoint?,
        transportProtocol: TransportProtocol, client: Endpoint, origin: ConnectionOrigin, outcome: ConnectionOutcome,
        firstSeen: Timestamp, lastSeen: Timestamp, vip: SideRecord, dip: SideRecord, state: EntryState,
        requestBytes: UInt64 = 0, responseBytes: UInt64 = 0, entry: EntryObservation? = nil,
        hasJustEnded: Bool = false
    ) {
        self.id = id
        self.virtualService = virtualService
        self.realServer = realServer
        self.transportProtocol = transportProtocol
        self.client = client
        self.origin = origin
        self.outcome = outcome
        self.firstSeen = firstSeen
        self.lastSeen = lastSeen
        self.vip = vip
        self.dip = dip
        self.state = state
        self.requestBytes = requestBytes
        self.responseBytes = responseBytes
        self.entry = entry
        self.hasJustEnded = hasJustEnded
    }
}

extension ConnectionRecord {
    /// When the kernel chose the real server: the client's first SYN. One that was seen on the DIP side alone counts from
    /// there.
    package var requested: Timestamp {
        Timestamp(rawValue: firstSeen.rawValue + (vip.$syn.nanoseconds ?? dip.$syn.nanoseconds ?? 0))
    }
}

/// What was seen of a connection on one side of the director.
package struct SideRecord: Sendable, Hashable, BitwiseCopyable {
    /// Packets towards the real server.
    package var inPackets: UInt32 = 0
    /// Packets towards the client.
    package var outPackets: UInt32 = 0
    /// Bytes towards the real server, IP header included.
    package var inBytes: UInt64 = 0
    /// Bytes towards the client, IP header included.
    package var outBytes: UInt64 = 0
    /// Segments towards the real server that carried nothing new: retransmitted, or reordered on the way.
    package var inRepeated: UInt16 = 0
    /// Segments towards the client that carried nothing new.
    package var outRepeated: UInt16 = 0

    // Times after the connection's `firstSeen`; `nil` if the packet was not seen.

    /// The first SYN towards the real server (for UDP: the first datagram).
    @StepTime package var syn: Duration?
    /// The first SYN-ACK towards the client (for UDP: the first datagram back).
    @StepTime package var synAck: Duration?
    /// The ACK that completes the handshake.
    @StepTime package var ack: Duration?
    /// The first payload towards the real server.
    @StepTime package var firstRequest: Duration?
    /// The first payload towards the client.
    @StepTime package var firstResponse: Duration?
    /// The packet that ended the connection: the second FIN, or an RST.
    @StepTime package var end: Duration?

    package init() {}

    init(_ side: FlowSide) {
        inPackets = side.inPackets
        outPackets = side.outPackets
        inBytes = side.towardsServer.bytes
        outBytes = side.towardsClient.bytes
        inRepeated = side.towardsServer.repeated
        outRepeated = side.towardsClient.repeated
        _syn = StepTime(ticks: side.syn)
        _synAck = StepTime(ticks: side.synAck)
        _ack = StepTime(ticks: side.ack)
        _firstRequest = StepTime(ticks: side.towardsServer.payload)
        _firstResponse = StepTime(ticks: side.towardsClient.payload)
        _end = StepTime(ticks: side.end)
    }
}

/// When a step of a connection happened, after its first packet: a `Duration` in four bytes, in units of 100 ns. What
/// is later than seven minutes stays at the greatest.
@propertyWrapper
package struct StepTime: Sendable, Hashable, BitwiseCopyable {
    /// Plus 1; 0 is never.
    private var ticks: UInt32

    init(ticks: UInt32) { self.ticks = ticks }

    package init(wrappedValue: Duration?) {
        ticks = 0
        self.wrappedValue = wrappedValue
    }

    package var projectedValue: Self { self }

    /// - Unit: nanoseconds.
    package var nanoseconds: Int64? { ticks == 0 ? nil : Int64(ticks - 1) * FlowSide.tick }

    package var wrappedValue: Duration? {
        get { nanoseconds.map { .nanoseconds($0) } }
        set { ticks = newValue.map { UInt32(clamping: Int64($0 / .nanoseconds(FlowSide.tick)) + 1) } ?? 0 }
    }
}

/// How a connection came to be in our table.
///
/// The raw values are stored and stable.
package enum ConnectionOrigin: UInt8, Sendable, Hashable, CaseIterable, BitwiseCopyable {
    /// The kernel scheduled it: an assignment.
    case assigned = 0
    /// Scheduled anew over an entry in TIME_WAIT or CLOSE with the same client port: an assignment too.
    case assignedOnReusedPort = 1
    /// A new handshake on a live entry: it follows that entry's real server, and is no assignment.
    case sameEntry = 2
    /// It began before the capture did.
    case beganBefore = 3
    /// It follows its client's persistence template: an assignment, of which the scheduler was not asked.
    case followsTemplate = 4
    /// No real server was available, and the director said so: there is no entry.
    case rejected = 5
    /// An assignment, and nobody can tell whether a template from before the capture led or the scheduler was asked.
    case perhapsFollowsTemplate = 6
    /// A data connection of FTP: the kernel made its entry from what the control connection said, and counts its packets.
    case ftpData = 7

    /// Whether the kernel chose a real server for it: its counter of connections grew.
    package var isAssignment: Bool { isScheduled != false || self == .followsTemplate }

    /// Whether the scheduler was asked; `nil` if nobody can tell.
    package var isScheduled: Bool? {
        switch self {
        case .assigned, .assignedOnReusedPort: true
        case .sameEntry, .beganBefore, .followsTemplate, .rejected, .ftpData: false
        case .perhapsFollowsTemplate: nil
        }
    }
}

/// How a connection ended.
///
/// The raw values are stored and stable; `name` is what people and metrics see.
package enum ConnectionOutcome: UInt8, Sendable, Hashable, CaseIterable, BitwiseCopyable {
    /// Still open when last written.
    case open = 0
    /// Both sides sent FIN.
    case closed = 1
    case resetByClient = 2
    case resetByRealServer = 3
    /// The real server answered the SYN with RST.
    case refused = 4
    /// Forwarded, but the real server never answered.
    case unanswered = 5
    /// Nothing ever left on the DIP side.
    case notForwarded = 6
    /// No packet for as long as the kernel's timer runs.
    case expired = 7
    /// Dropped from our table under memory pressure.
    case evicted = 8
    /// The director had no real server for it, and answered with an ICMP error.
    case rejected = 9
    /// The director itself sent an RST to the client: IPVS had no entry for it any more.
    case resetByDirector = 10

    /// Snake case, for SQL, JSON and metric labels.
    package var name: String {
        switch self {
        case .open: "open"
        case .closed: "closed"
        case .resetByClient: "reset_by_client"
        case .resetByRealServer: "reset_by_real_server"
        case .refused: "refused"
        case .unanswered: "unanswered"
        case .notForwarded: "not_forwarded"
        case .expired: "expired"
        case .evicted: "evicted"
        case .rejected: "rejected"
        case .resetByDirector: "reset_by_director"
        }
    }
}

/// A connection's row in the kernel's table, over all readings.
package struct EntryObservation: Sendable, Hashable, BitwiseCopyable {
    /// The state when last read.
    package var state: EntryState
    /// The timer when last read, in whole seconds.
    package var expiresIn: UInt32
    /// When the row was first read.
    package var firstSeen: Timestamp
    /// When the row was last read.
    package var lastSeen: Timestamp

    package init(state: EntryState, expiresIn: UInt32, firstSeen: Timestamp, lastSeen: Timestamp) {
        self.state = state
        self.expiresIn = expiresIn
        self.firstSeen = firstSeen
        self.lastSeen = lastSeen
    }
}
