package import IPVSModel

/// One interval of one virtual service, a second unless it was chosen otherwise, as the kernel's counters and our own tell it.
package struct TrafficSample: Sendable, Hashable {
    package var time: Timestamp
    package var virtualService: VirtualServiceIdentity
    /// The kernel's cumulative counters of the virtual service.
    package var counters: TrafficCounters
    /// Jain's index of assignments over weight since the run began, from 1/n to 1; `nil` before the first assignment.
    package var fairness: Double?
    package var realServers: [RealServerSample]

    package init(
        time: Timestamp, virtualService: VirtualServiceIdentity, counters: TrafficCounters, fairness: Double?,
        realServers: [RealServerSample]
    ) {
        self.time = time
        self.virtualService = virtualService
        self.counters = counters
        self.fairness = fairness
        self.realServers = realServers
    }
}

/// One interval of one real server.
package struct RealServerSample: Sendable, Hashable {
    package var endpoint: Endpoint
    package var weight: Int32
    package var activeConnections: UInt32
    package var inactiveConnections: UInt32
    /// The kernel's cumulative counters.
    package var counters: TrafficCounters
    /// Our own cumulative count of assignments since the run began.
    package var assignments: UInt64
    /// This server's part of all assignments since the run began, 0 to 1; `nil` before the first.
    package var share: Double?
    /// Active connections by the kernel's rules replayed on the packets.
    package var tracedActive: UInt64
    /// Inactive ones likewise.
    package var tracedInactive: UInt64
    /// Of its connections that ended since the sample before.
    package var latencies: RealServerLatencies

    package init(
        endpoint: Endpoint, weight: Int32, activeConnections: UInt32, inactiveConnections: UInt32,
        counters: TrafficCounters, assignments: UInt64, share: Double?, tracedActive: UInt64, tracedInactive: UInt64,
        latencies: RealServerLatencies = RealServerLatencies()
    ) {
        self.endpoint = endpoint
        self.weight = weight
        self.activeConnections = activeConnections
        self.inactiveConnections = inactiveConnections
        self.counters = counters
        self.assignments = assignments
        self.share = share
        self.tracedActive = tracedActive
        self.tracedInactive = tracedInactive
        self.latencies = latencies
    }
}
