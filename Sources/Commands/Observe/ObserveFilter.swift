package import ConnectionTracing
package import IPVSModel
package import TraceStore

/// Which observations are wanted: those that meet every condition given.
package struct ObserveFilter: Sendable {
    package var client: IPAddress?
    package var realServer: Endpoint?
    package var virtualService: VirtualServiceIdentity?
    /// Empty for any. Troubles have none, so they are left out if any is named.
    package var outcomes: Set<ConnectionOutcome>
    /// Seconds that a step of the connection took longer than. Troubles have no steps.
    package var slowerThan: Double?
    package var since: Timestamp?

    package init(
        client: IPAddress? = nil, realServer: Endpoint? = nil, virtualService: VirtualServiceIdentity? = nil,
        outcomes: Set<ConnectionOutcome> = [], slowerThan: Double? = nil, since: Timestamp? = nil
    ) {
        self.client = client
        self.realServer = realServer
        self.virtualService = virtualService
        self.outcomes = outcomes
        self.slowerThan = slowerThan
        self.since = since
    }

    package func wants(_ observation: Observation) -> Bool {
        if let since, observation.time < since { return false }
        switch observation {
        case .connection(let connection):
            return has(connection.client, connection.realServer, connection.virtualService)
                && (outcomes.isEmpty || outcomes.contains(connection.outcome)) && isSlow(connection)
        case .trouble(let trouble):
            return outcomes.isEmpty && slowerThan == nil
                && has(trouble.client, trouble.realServer, trouble.virtualService)
        }
    }

    private func has(_ client: Endpoint?, _ server: Endpoint?, _ service: VirtualServiceIdentity?) -> Bool {
        if let wanted = self.client, client?.address != wanted { return false }
        if let wanted = realServer, server != wanted { return false }
        if let wanted = virtualService, service != wanted { return false }
        return true
    }

    private func isSlow(_ connection: ObservedConnection) -> Bool {
        guard let slowerThan else { return true }
        return [connection.realServerConnect, connection.clientHandshake, connection.timeToFirstByte]
            .contains { ($0 ?? 0) > slowerThan }
    }
}
