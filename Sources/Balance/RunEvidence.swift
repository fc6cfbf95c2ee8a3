package import IPVSModel

/// Everything a verdict rests on. The store saves it row by row and gives it back; nothing else reaches the judge.
package struct RunEvidence: Sendable {
    package var run: RunDescription
    package var virtualServices: [VirtualServiceEvidence]
    /// Packets that the kernel or our own queues dropped before the tracer, over the whole run.
    package var packetsDropped: UInt64
    /// The capture's levels, oldest first: the one the run began with, and each change. Empty means *full*.
    package var levels: [LevelChange]
    /// Whether packets and bytes of capture and kernel are of the same time, so that they can be compared.
    package var comparesPackets = true

    package init(
        run: RunDescription, virtualServices: [VirtualServiceEvidence] = [], packetsDropped: UInt64 = 0,
        levels: [LevelChange] = []
    ) {
        self.run = run
        self.virtualServices = virtualServices
        self.packetsDropped = packetsDropped
        self.levels = levels
    }
}

/// A bracketed period, usually around a load test.
package struct RunDescription: Sendable, Hashable {
    package var id: Int64
    /// What `--name` said, else the command's own name, else `collect` or `replay`.
    package var name: String
    /// The command and its arguments; empty when nothing was run.
    package var command: [String]
    package var labels: [String: String]
    package var started: Timestamp
    /// `nil` while the run lasts, and for ever if its collector was killed.
    package var ended: Timestamp?

    package init(
        id: Int64, name: String, command: [String] = [], labels: [String: String] = [:], started: Timestamp,
        ended: Timestamp? = nil
    ) {
        self.id = id
        self.name = name
        self.command = command
        self.labels = labels
        self.started = started
        self.ended = ended
    }
}

/// One virtual service's share of the evidence.
package struct VirtualServiceEvidence: Sendable {
    package var identity: VirtualServiceIdentity
    /// What the service looked like, oldest first; never empty.
    package var configurations: [ServiceConfiguration]
    /// Every assignment seen, in the order of the SYNs (or first datagrams) on the VIP side.
    package var assignments: AssignmentList
    /// One per real server that was configured or took a connection during the run.
    package var realServers: [RealServerEvidence]
    /// The growth of the virtual service's own counters, which outlive its real servers'; `nil` if the kernel was not
    /// read, a counter went backwards, or the virtual service left.
    package var kernel: TrafficCounters?
    /// How often each cause of a difference between packets, table and counters was seen.
    package var causes: [DifferenceCause: UInt64]
    /// Packets of this service that could not be tied to a connection.
    package var unmatchedPackets: UInt64
    /// The kernel's connection table at its last reading; `nil` if it was not read.
    package var table: TableEvidence?
    /// How many connections the kernel may have scheduled without our seeing it, where that is known better than
    /// from the counters above; `nil` if it is not.
    package var mostMissing: UInt64?
    /// What became of entries, in order of time, for as long as the scheduler asked how many each real server has.
    package var entryChanges: [EntryChange]
    /// How many the kernel said that each has, in order of time.
    package var entryReadings: [EntryReading]

    package init(
        identity: VirtualServiceIdentity, configurations: [ServiceConfiguration], assignments: AssignmentList = [],
        realServers: [RealServerEvidence] = [], kernel: TrafficCounters? = nil,
        causes: [DifferenceCause: UInt64] = [:], unmatchedPackets: UInt64 = 0, table: TableEvidence? = nil,
        entryChanges: [EntryChange] = [], entryReadings: [EntryReading] = []
    ) {
        self.identity = identity
        self.configurations = configurations
        self.assignments = assignments
        self.realServers = realServers
        self.kernel = kernel
        self.causes = causes
        self.unmatchedPackets = unmatchedPackets
        self.table = table
        self.entryChanges = entryChanges
        self.entryReadings = entryReadings
    }
}

/// The kernel's connection table beside our connections.
package struct TableEvidence: Sendable, Hashable {
    /// Rows of the virtual service that are connections: persistence templates are left out.
    package var rows: UInt64
    /// Those that a connection of ours was tied to.
    package var matched: UInt64
    /// What the others are, and the templates: nothing is different because of them.
    package var withoutConnection: [DifferenceCause: UInt64]

    package init(rows: UInt64, matched: UInt64, withoutConnection: [DifferenceCause: UInt64] = [:]) {
        self.rows = rows
        self.matched = matched
        self.withoutConnection = withoutConnection
    }
}

/// A virtual service's settings between two changes.
///
/// A change happens between two reads of the kernel: after `notBefore`, when the old settings were last seen, and no
/// later than `seen`, when these were first seen. A model must allow both in between.
package struct ServiceConfiguration: Sendable, Hashable {
    package var notBefore: Timestamp
    package var seen: Timestamp
    package var scheduler: Scheduler
    package var flags: VirtualService.Flags
    package var persistenceTimeout: UInt32
    /// How many leading bits of the client address persistence looks at.
    package var persistencePrefixLength: UInt8
    /// In the kernel's list order.
    package var realServers: [ConfiguredRealServer]

    package init(
        notBefore: Timestamp, seen: Timestamp, scheduler: Scheduler, flags: VirtualService.Flags = [],
        persistenceTimeout: UInt32 = 0, persistencePrefixLength: UInt8 = 32, realServers: [ConfiguredRealServer]
    ) {
        self.notBefore = notBefore
        self.seen = seen
        self.scheduler = scheduler
        self.flags = flags
        self.persistenceTimeout = persistenceTimeout
        self.persistencePrefixLength = persistencePrefixLength
        self.realServers = realServers
    }

    /// The settings of `service` as read at `time`.
    package init(of service: VirtualService, seen time: Timestamp, notBefore: Timestamp) {
        self.init(
            notBefore: notBefore, seen: time, scheduler: service.scheduler, flags: service.flags,
            persistenceTimeout: service.persistenceTimeout, persistencePrefixLength: service.persistencePrefixLength,
            realServers: service.realServers.map {
                ConfiguredRealServer(
                    endpoint: $0.endpoint, weight: $0.weight, forwardingMethod: $0.forwardingMethod,
                    upperThreshold: $0.upperThreshold, lowerThreshold: $0.lowerThreshold)
            })
    }

    /// Whether `other` differs in anything but the times.
    package func hasSameSettings(as other: Self) -> Bool {
        var copy = other
        copy.notBefore = notBefore
        copy.seen = seen
        return self == copy
    }
}

/// A real server's settings, without its counters.
package struct ConfiguredRealServer: Sendable, Hashable {
    package var endpoint: Endpoint
    package var weight: Int32
    package var forwardingMethod: ForwardingMethod
    package var upperThreshold: UInt32
    package var lowerThreshold: UInt32

    package init(
        endpoint: Endpoint, weight: Int32, forwardingMethod: ForwardingMethod = .masquerading,
        upperThreshold: UInt32 = 0, lowerThreshold: UInt32 = 0
    ) {
        self.endpoint = endpoint
        self.weight = weight
        self.forwardingMethod = forwardingMethod
        self.upperThreshold = upperThreshold
        self.lowerThreshold = lowerThreshold
    }
}

/// One connection that the kernel chose a real server for.
package struct Assignment: Sendable, Hashable {
    /// The connection's id in the store.
    package var connection: Int64
    /// When the SYN (or first datagram) reached the director on the VIP side; on the DIP side if only that was seen.
    package var time: Timestamp
    package var client: Endpoint
    /// Whom the kernel chose; `nil` if nothing ever left on the DIP side, so the choice stayed unseen.
    package var realServer: Endpoint?
    /// Translated SYN out to SYN-ACK in, on the DIP side; `nil` if either was not seen.
    ///
    /// - Unit: nanoseconds.
    package var realServerConnect: Int64?
    /// From then to the second FIN, or an RST; `nil` if neither was seen.
    ///
    /// - Unit: nanoseconds, in steps of 0.1 ms.
    package var duration: Int64?
    /// Whether the scheduler was asked; if not, the client's persistence template decided. `nil` if nobody can tell.
    package var isScheduled: Bool?

    package init(
        connection: Int64, time: Timestamp, client: Endpoint, realServer: Endpoint?, realServerConnect: Int64? = nil,
        duration: Int64? = nil, isScheduled: Bool? = true
    ) {
        self.connection = connection
        self.time = time
        self.client = client
        self.realServer = realServer
        self.realServerConnect = realServerConnect
        self.duration = duration
        self.isScheduled = isScheduled
    }
}

/// Our counts of one real server beside the kernel's, over the run.
package struct RealServerEvidence: Sendable, Hashable {
    package var endpoint: Endpoint
    /// Assignments, packets and bytes as captured: incoming on the VIP side, outgoing on the DIP side, where the
    /// kernel counts them. At level *handshake* packets and bytes are those of handshakes.
    package var captured: TrafficCounters
    /// The growth of the kernel's counters; `nil` if the kernel was not read, a counter went backwards, or the real
    /// server left.
    package var kernel: TrafficCounters?
    /// What was captured and the kernel may or may not have counted: within its lag of the first and the last reading,
    /// for a connection whose client port another has just taken over, or after the real server left. A difference up to
    /// this is explained.
    package var uncertain: TrafficCounters
    /// Its entries at the last reading; `nil` if that did not show it.
    package var entries: EntryEvidence?

    package init(
        endpoint: Endpoint, captured: TrafficCounters = TrafficCounters(), kernel: TrafficCounters? = nil,
        uncertain: TrafficCounters = TrafficCounters(), entries: EntryEvidence? = nil
    ) {
        self.endpoint = endpoint
        self.captured = captured
        self.kernel = kernel
        self.uncertain = uncertain
        self.entries = entries
    }
}

/// A real server's entries at one moment, as the kernel counts them and as its rules replayed on the packets do.
package struct EntryEvidence: Sendable, Hashable {
    package var kernel: EntryCounts
    package var traced: EntryCounts

    package init(kernel: EntryCounts, traced: EntryCounts) {
        self.kernel = kernel
        self.traced = traced
    }
}

/// Entries by whether their state counts as active; persistence templates are neither.
package struct EntryCounts: Sendable, Hashable {
    package var active: UInt64
    package var inactive: UInt64

    package init(active: UInt64, inactive: UInt64) {
        self.active = active
        self.inactive = inactive
    }
}

/// Why packets, connection table and counters may tell different numbers.
///
/// The raw values are keys of `verify --format json` and stable.
package enum DifferenceCause: String, Sendable, Hashable, CaseIterable, Codable {
    /// A SYN on an entry in TIME_WAIT or CLOSE: scheduled anew, while the table keeps one row for the port.
    case portReuse = "port_reuse"
    /// A SYN on a live entry: the same real server, no new assignment.
    case sameEntry = "same_entry"
    /// A SYN seen again for the same connection: not scheduled again.
    case retransmission
    /// Scheduled, and nothing left on the DIP side.
    case notTransmitted = "scheduled_not_transmitted"
    /// A reply that came in on the DIP side and did not leave on the VIP side: the kernel counts it only if it
    /// forwards it.
    case replyNotForwarded = "reply_not_forwarded"
    /// The connection began before the capture did.
    case beganBefore = "began_before_capture"
    /// The kernel's timer ran out, and the row is gone.
    case entryExpired = "entry_expired"
    /// A persistence template: a row without packets.
    case template
    /// An entry received from a sync peer: a row without packets.
    case synced
    /// A row that names another real server than the packets went to.
    case otherRealServer = "other_real_server"
    /// A row that was not there when the table was read, or was missed by the reading.
    case tableLag = "table_lag"
    /// A counter read before it held everything.
    case counterLag = "counter_lag"
    /// A counter that went backwards.
    case counterReset = "counter_reset"
    /// A packet of a real server that was deleted: the kernel drops what clients send it, and counts nothing.
    case destinationGone = "destination_gone"
    /// Packets dropped before they reached us.
    case captureLoss = "capture_loss"
    /// Our own table was full, and dropped a connection that was not closed.
    case evicted
}
