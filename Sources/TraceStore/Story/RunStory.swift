package import Balance
package import IPVSModel

/// What a report tells of a run beside the evidence for its verdict: times, ends, troubles, and how things went on.
package struct RunStory: Sendable {
    package var run: StoredRun
    /// `nil` unless the run is finished.
    package var packetsDropped: UInt64?
    package var axis: TimeAxis
    package var services: [VirtualServiceIdentity: ServiceStory]
    /// Events that are about no virtual service, by kind.
    package var events: [EventStory]
}

/// One virtual service's part.
package struct ServiceStory: Sendable {
    /// In order of address and port; the one that stands for "it was not seen which one" is last.
    package var realServers: [RealServerStory] = []
    /// Of all real servers' assignments together.
    package var latencies: [LatencyMeasure: LatencyDistribution] = [:]
    /// Likewise, step by step.
    package var heat: [LatencyMeasure: LatencyHeat] = [:]
    /// By kind, the most frequent first.
    package var events: [EventStory] = []

    /// Of nothing.
    package init() {}
}

/// One real server's part.
package struct RealServerStory: Sendable {
    /// `nil`: it was not seen which one.
    package var realServer: Endpoint?
    /// Connections of every origin.
    package var connections = 0
    /// By the stable names of outcomes; those that did not occur are left out.
    package var outcomes: [String: Int] = [:]
    /// Segments with nothing new that the client sent, on the VIP side.
    package var repeatedByClient = 0
    /// Segments with nothing new that the real server sent, on the DIP side.
    package var repeatedByRealServer = 0
    /// Of assignments.
    package var latencies: [LatencyMeasure: LatencyDistribution] = [:]
    /// Assignments in each step of the time axis.
    package var assignments: [Int] = []
    /// What the kernel and our replay of its rules counted, the last of each step of the time axis.
    package var readings: [Reading] = []

    /// One reading of the kernel.
    package struct Reading: Sendable, Hashable {
        package var time: Timestamp
        package var weight: Int32
        package var active: UInt64
        package var inactive: UInt64
        package var tracedActive: UInt64
        package var tracedInactive: UInt64
    }
}

/// Events of one kind.
package struct EventStory: Sendable, Hashable {
    /// As in view `anomalies`, `configuration_changed`, `capture_loss` and the like.
    package var kind: String
    package var count: Int
    /// The first of them, in order of time.
    package var first: [StoredEvent]
}

/// One event.
package struct StoredEvent: Sendable, Hashable {
    package var time: Timestamp
    package var realServer: Endpoint?
    /// The connection's id in the store, if the event is about one.
    package var connection: Int64?
    /// `nil` if there is no row of the connection.
    package var client: Endpoint?
    package var detail: String
}
