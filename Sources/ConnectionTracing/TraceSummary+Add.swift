import IPVSModel

/// Adding up what several tracers counted that each saw a part of the clients.
extension TraceSummary {
    package mutating func add(_ other: TraceSummary) {
        for service in other.virtualServices {
            if let place = virtualServices.firstIndex(where: { $0.identity == service.identity }) {
                virtualServices[place].add(service)
            } else {
                virtualServices.append(service)
            }
        }
        trackedConnections += other.trackedConnections
        capacity += other.capacity
        evictedConnections += other.evictedConnections
        foreignPackets += other.foreignPackets
        for undecodable in other.undecodablePackets {
            if let place = undecodablePackets.firstIndex(where: { $0.reason == undecodable.reason }) {
                undecodablePackets[place].count += undecodable.count
            } else {
                undecodablePackets.append(undecodable)
            }
        }
        tableRows += other.tableRows
        tableRowsWithoutConnection.add(other.tableRowsWithoutConnection)
        connectionsWithoutTableRow += other.connectionsWithoutTableRow
    }
}

extension VirtualServiceTrace {
    fileprivate mutating func add(_ other: VirtualServiceTrace) {
        for server in other.realServers {
            if let place = realServers.firstIndex(where: { $0.endpoint == server.endpoint }) {
                realServers[place].add(server)
            } else {
                realServers.append(server)
            }
        }
        unmatchedPackets += other.unmatchedPackets
        causes.add(other.causes)
        troubles.add(other.troubles)
        if let table = other.table {
            var sum = self.table ?? TableTrace()
            sum.rows += table.rows
            sum.matched += table.matched
            sum.withoutConnection.merge(table.withoutConnection, uniquingKeysWith: +)
            self.table = sum
        }
    }
}

extension RealServerTrace {
    fileprivate mutating func add(_ other: RealServerTrace) {
        captured = captured + other.captured
        straggling = straggling + other.straggling
        translated = translated + other.translated
        openConnections += other.openConnections
        activeEntries += other.activeEntries
        inactiveEntries += other.inactiveEntries
        outcomes = zip(outcomes, other.outcomes).map { $0 + $1 }
        troubles.add(other.troubles)
        connectLatency.add(other.connectLatency)
    }
}

extension [TraceSummary.DifferenceCount] {
    fileprivate mutating func add(_ others: Self) {
        for other in others {
            if let place = firstIndex(where: { $0.reason == other.reason }) {
                self[place].count += other.count
            } else {
                append(other)
            }
        }
    }
}
