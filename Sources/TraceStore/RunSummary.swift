package import Balance
package import IPVSModel

/// What a run found, apart from the rows already written while it lasted.
package struct RunSummary: Sendable {
    package var ended: Timestamp
    /// Packets dropped before the tracer, over the whole run.
    package var packetsDropped: UInt64
    package var virtualServices: [Service]

    package init(ended: Timestamp, packetsDropped: UInt64 = 0, virtualServices: [Service] = []) {
        self.ended = ended
        self.packetsDropped = packetsDropped
        self.virtualServices = virtualServices
    }

    /// One virtual service: the part of `VirtualServiceEvidence` that is known only at the end.
    package struct Service: Sendable {
        package var identity: VirtualServiceIdentity
        package var realServers: [RealServerEvidence]
        package var kernel: TrafficCounters?
        package var causes: [DifferenceCause: UInt64]
        package var unmatchedPackets: UInt64
        package var table: TableEvidence?

        package init(
            identity: VirtualServiceIdentity, realServers: [RealServerEvidence] = [], kernel: TrafficCounters? = nil,
            causes: [DifferenceCause: UInt64] = [:], unmatchedPackets: UInt64 = 0, table: TableEvidence? = nil
        ) {
            self.identity = identity
            self.realServers = realServers
            self.kernel = kernel
            self.causes = causes
            self.unmatchedPackets = unmatchedPackets
            self.table = table
        }
    }
}
