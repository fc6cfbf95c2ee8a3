package import IPVSModel

/// The tracer's own counts at one moment; everything is cumulative since it began unless it says otherwise.
package struct TraceSummary: Sendable {
    package var virtualServices: [VirtualServiceTrace] = []
    /// Connections in our table now, those closed but still in the kernel's table included.
    package var trackedConnections: UInt64 = 0
    /// The most that may be tracked.
    package var capacity: UInt64 = 0
    package var evictedConnections: UInt64 = 0
    /// Packets that belong to no virtual service or real server.
    package var foreignPackets: UInt64 = 0
    /// Packets that could not be decoded, by reason.
    package var undecodablePackets: [(reason: String, count: UInt64)] = []
    /// Rows of the kernel's table at the last reading: all, and those of no connection of ours by reason.
    package var tableRows: UInt64 = 0
    package var tableRowsWithoutConnection: [DifferenceCount] = []
    /// Connections of ours that should have a row and had none at the last reading.
    package var connectionsWithoutTableRow: UInt64 = 0

    package init() {}

    /// A count with its reason, in the words of the audit (`began_before_capture`, `template`, `table_lag` …).
    package struct DifferenceCount: Sendable, Hashable {
        package var reason: String
        package var count: UInt64

        package init(reason: String, count: UInt64) {
            self.reason = reason
            self.count = count
        }
    }
}

/// One virtual service as traced.
package struct VirtualServiceTrace: Sendable {
    package var identity: VirtualServiceIdentity
    package var realServers: [RealServerTrace]
    /// Packets to or from the virtual IP that belong to no connection.
    package var unmatchedPackets: UInt64
    /// What may make packets, table and counters differ, in the words of the audit, with how often it was seen.
    package var causes: [TraceSummary.DifferenceCount]
    /// Of connections whose real server is not known.
    package var troubles: Troubles
    /// The service's rows in the kernel's table at its last reading; `nil` if it was not read.
    package var table: TableTrace?

    package init(
        identity: VirtualServiceIdentity, realServers: [RealServerTrace] = [], unmatchedPackets: UInt64 = 0,
        causes: [TraceSummary.DifferenceCount] = [], troubles: Troubles = Troubles(), table: TableTrace? = nil
    ) {
        self.identity = identity
        self.realServers = realServers
        self.unmatchedPackets = unmatchedPackets
        self.causes = causes
        self.troubles = troubles
        self.table = table
    }
}

/// The rows of one virtual service at one reading of the kernel's table.
package struct TableTrace: Sendable, Hashable {
    /// Rows that are connections; persistence templates are among those without one.
    package var rows: UInt64 = 0
    /// Those that a connection of ours was tied to.
    package var matched: UInt64 = 0
    /// The others, by reason, in the words of the audit.
    package var withoutConnection: [String: UInt64] = [:]

    package init() {}
}

/// One real server as traced.
package struct RealServerTrace: Sendable {
    package var endpoint: Endpoint
    /// Assignments, packets and bytes as captured.
    package var captured: TrafficCounters
    /// Packets and bytes for connections that are not in our table any more, and replies from before the real server was
    /// known; not among the captured ones.
    package var straggling: TrafficCounters
    /// Replies that left on the VIP side, packets and bytes.
    package var translated: TrafficCounters
    /// Connections that are open now.
    package var openConnections: UInt64
    /// Entries that the kernel counts as active, by our replay of its rules.
    package var activeEntries: UInt64
    /// Entries that the kernel counts as inactive, by our replay of its rules.
    package var inactiveEntries: UInt64
    /// How connections ended, indexed by `ConnectionOutcome.rawValue`.
    package var outcomes: [UInt64]
    package var troubles: Troubles
    /// Translated SYN out to SYN-ACK in.
    package var connectLatency: LatencyHistogram

    /// - Parameter translated: `nil` if every reply that came in left.
    package init(
        endpoint: Endpoint, captured: TrafficCounters = TrafficCounters(),
        straggling: TrafficCounters = TrafficCounters(), translated: TrafficCounters? = nil,
        openConnections: UInt64 = 0, activeEntries: UInt64 = 0, inactiveEntries: UInt64 = 0,
        outcomes: [UInt64] = [], troubles: Troubles = Troubles(), connectLatency: LatencyHistogram = LatencyHistogram()
    ) {
        self.endpoint = endpoint
        self.captured = captured
        self.straggling = straggling
        self.translated = translated ?? captured
        self.openConnections = openConnections
        self.activeEntries = activeEntries
        self.inactiveEntries = inactiveEntries
        self.outcomes = outcomes
        self.troubles = troubles
        self.connectLatency = connectLatency
    }

    /// Replies that came in on the DIP side and did not leave on the VIP side; among the captured ones, though the
    /// kernel counts a reply only when it forwards it. Where segments are split on the way out more may leave than
    /// came in.
    package var notForwarded: TrafficCounters {
        guard captured.outPackets > translated.outPackets else { return TrafficCounters() }
        return TrafficCounters(
            outPackets: captured.outPackets - translated.outPackets,
            outBytes: captured.outBytes - min(captured.outBytes, translated.outBytes))
    }
}

/// A latency histogram with fixed bounds, doubling from 50 µs to 26 s.
package struct LatencyHistogram: Sendable, Hashable {
    /// Upper bounds of the buckets but the last, which has none.
    ///
    /// - Unit: nanoseconds.
    package static let boundsInNanoseconds: [Int64] = (0..<20).map { 50_000 << $0 }

    /// How many values fell into each bucket, not cumulative; one more than there are bounds.
    package private(set) var buckets = [UInt64](repeating: 0, count: boundsInNanoseconds.count + 1)
    package private(set) var count: UInt64 = 0
    /// - Unit: nanoseconds.
    package private(set) var sumInNanoseconds: Int64 = 0

    package init() {}

    package mutating func record(nanoseconds: Int64) {
        var bucket = 0
        while bucket < Self.boundsInNanoseconds.count, nanoseconds > Self.boundsInNanoseconds[bucket] { bucket += 1 }
        buckets[bucket] += 1
        count += 1
        sumInNanoseconds += nanoseconds
    }

    mutating func add(_ other: LatencyHistogram) {
        for bucket in buckets.indices { buckets[bucket] += other.buckets[bucket] }
        count += other.count
        sumInNanoseconds += other.sumInNanoseconds
    }
}
