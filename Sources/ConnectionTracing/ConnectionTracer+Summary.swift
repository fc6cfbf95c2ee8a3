import IPVSModel

extension ConnectionTracer {
    /// The counts of this moment.
    package func summary() -> TraceSummary {
        var summary = TraceSummary()
        summary.virtualServices = services.enumerated().map { index, service in
            VirtualServiceTrace(
                identity: service.identity,
                realServers: service.realServers.map { index in
                    let server = realServers[Int(index)]
                    return RealServerTrace(
                        endpoint: server.endpoint, captured: server.captured, straggling: server.straggling,
                        notForwarded: server.notForwarded,
                        openConnections: UInt64(max(server.open, 0)), outcomes: server.outcomes,
                        synRetransmissions: server.synRetransmissions, connectLatency: server.connectLatency)
                },
                unmatchedPackets: service.unmatchedPackets,
                causes: Cause.allCases.compactMap { cause in
                    let count = service.causes[cause.rawValue]
                    return count == 0 ? nil : TraceSummary.DifferenceCount(reason: cause.name, count: count)
                }, table: table.services[UInt16(index)])
        }
        summary.trackedConnections = UInt64(flows.count)
        summary.capacity = UInt64(flows.capacity)
        summary.evictedConnections = evictedConnections
        summary.foreignPackets = foreignPackets
        summary.tableRows = table.rows
        summary.tableRowsWithoutConnection = table.rowsWithoutConnection.sorted { $0.key < $1.key }
            .map { TraceSummary.DifferenceCount(reason: $0.key, count: $0.value) }
        summary.connectionsWithoutTableRow = table.connectionsWithoutRow
        return summary
    }
}

extension ConnectionTracer.TracedRealServer {
    /// Replies that came in on the DIP side and did not leave on the VIP side. Where segments are split on the way
    /// out more may leave than came in.
    fileprivate var notForwarded: TrafficCounters {
        guard captured.outPackets > translated.outPackets else { return TrafficCounters() }
        return TrafficCounters(
            outPackets: captured.outPackets - translated.outPackets,
            outBytes: captured.outBytes - min(captured.outBytes, translated.outBytes))
    }
}
