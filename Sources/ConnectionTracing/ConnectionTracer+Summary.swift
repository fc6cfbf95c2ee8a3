import IPVSModel

extension ConnectionTracer {
    /// The counts of this moment.
    package func summary() -> TraceSummary {
        var summary = TraceSummary()
        let rewritten = rewrittenBytes
        summary.virtualServices = topology.services.enumerated().map { index, service in
            let counts = serviceCounts[index]
            return VirtualServiceTrace(
                identity: service.identity,
                realServers: service.realServers.map { trace(of: Int($0), rewrittenBytes: rewritten[$0, default: 0]) },
                unmatchedPackets: counts.unmatchedPackets,
                causes: Cause.allCases.compactMap { cause in
                    let count = counts.causes[cause.rawValue]
                    return count == 0 ? nil : TraceSummary.DifferenceCount(reason: cause.name, count: count)
                }, troubles: counts.troubles, table: table.services[UInt16(index)])
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

    /// - Parameter rewrittenBytes: How much longer its replies became by what was written into them.
    private func trace(of server: Int, rewrittenBytes: Int64) -> RealServerTrace {
        let (counts, traffic) = (serverCounts[server], traffic[server])
        return RealServerTrace(
            endpoint: topology.servers[server].endpoint,
            captured: traffic.captured(connections: counts.connections, rewrittenBytes: rewrittenBytes),
            straggling: counts.straggling,
            translated: traffic.translated, openConnections: UInt64(max(traffic.open, 0)),
            activeEntries: UInt64(max(traffic.active, 0)), inactiveEntries: UInt64(max(traffic.inactive, 0)),
            outcomes: counts.outcomes, troubles: counts.troubles,
            connectLatency: counts.connectLatency)
    }
}

extension ConnectionTracer.ServerTraffic {
    /// Where the kernel counts: from clients on the VIP side, from the real server on the DIP side.
    fileprivate func captured(connections: UInt64, rewrittenBytes: Int64) -> TrafficCounters {
        TrafficCounters(
            connections: connections, inPackets: packets(.vipIn), outPackets: packets(.dipOut), inBytes: bytes(.vipIn),
            outBytes: UInt64(max(Int64(clamping: bytes(.dipOut)) + rewrittenBytes, 0)))
    }

    /// Replies that left on the VIP side.
    fileprivate var translated: TrafficCounters {
        TrafficCounters(outPackets: packets(.vipOut), outBytes: bytes(.vipOut))
    }

    private func packets(_ leg: Leg) -> UInt64 { packets[leg.number] }
    private func bytes(_ leg: Leg) -> UInt64 { bytes[leg.number] }
}
