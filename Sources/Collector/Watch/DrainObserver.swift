package import ConnectionTracing
package import IPVSModel

/// A real server that takes no new connections and still has old ones.
package struct DrainStatus: Sendable, Hashable {
    package var virtualService: VirtualServiceIdentity
    package var realServer: Endpoint
    /// Connections that are open; `nil` if it does not drain.
    package var openConnections: UInt64?
    /// Connections that began while it drained, by why, cumulative.
    package var newConnections: [DrainReason: UInt64]

    package init(
        virtualService: VirtualServiceIdentity, realServer: Endpoint, openConnections: UInt64?,
        newConnections: [DrainReason: UInt64] = [:]
    ) {
        self.virtualService = virtualService
        self.realServer = realServer
        self.openConnections = openConnections
        self.newConnections = newConnections
    }
}

/// Why a connection begins on a real server that drains.
///
/// The raw values are what metrics and events show; where the audit knows the same, they are its names.
package enum DrainReason: String, Sendable, Hashable, CaseIterable {
    /// The client's persistence template leads there, or may.
    case template
    /// A handshake on a live entry of the same client port.
    case sameEntry = "same_entry"
    /// On a client port whose entry was spent: scheduled there all the same.
    case portReuse = "port_reuse"
    /// A data connection of FTP goes where its control connection is.
    case ftpData = "ftp_data"
    /// The scheduler chose it.
    case scheduled

    /// `nil` for what is no new connection.
    init?(_ origin: ConnectionOrigin) {
        switch origin {
        case .followsTemplate, .perhapsFollowsTemplate: self = .template
        case .sameEntry: self = .sameEntry
        case .assignedOnReusedPort: self = .portReuse
        case .ftpData: self = .ftpData
        case .assigned: self = .scheduled
        case .beganBefore, .rejected: return nil
        }
    }
}

/// Follows real servers whose weight was set to 0, or that left their virtual service, until no connection of theirs
/// is open.
///
/// A value without clock or I/O. It knows the real servers of the last reading, and those that drain.
package struct DrainObserver: Sendable {
    private struct Key: Hashable, Comparable {
        var service: VirtualServiceIdentity
        var server: Endpoint

        static func < (lhs: Self, rhs: Self) -> Bool { (lhs.service, lhs.server) < (rhs.service, rhs.server) }
    }

    private struct Drain {
        var began: Timestamp
        var open: UInt64
        /// Since when none is open; told once all that had begun by then is known.
        var emptySince: Timestamp?
        var new: [DrainReason: UInt64] = [:]
    }

    /// Of the last reading.
    private var weights: [Key: Int32] = [:]
    private var drains: [Key: Drain] = [:]
    private var totals: [Key: [DrainReason: UInt64]] = [:]

    package init() {}

    /// Every real server that drains, or did and is still there.
    package var statuses: [DrainStatus] {
        Set(drains.keys).union(totals.keys).sorted().map {
            DrainStatus(
                virtualService: $0.service, realServer: $0.server, openConnections: drains[$0]?.open,
                newConnections: totals[$0] ?? [:])
        }
    }

    /// Takes in connections that began.
    package mutating func note(_ starts: [ConnectionStart]) {
        for start in drains.isEmpty ? [] : starts { note(start) }
    }

    /// Takes in a reading of the kernel.
    ///
    /// - Parameters:
    ///   - trace: The tracer's counts at about the same time.
    ///   - knownUntil: Every connection that began before was noted.
    /// - Returns: What began and what ended, in order of virtual service and real server.
    package mutating func observe(
        _ state: KernelState, trace: TraceSummary, knownUntil: Timestamp
    ) -> [TraceEvent] {
        var open: [Key: UInt64] = [:]
        for service in trace.virtualServices {
            for server in service.realServers {
                open[Key(service: service.identity, server: server.endpoint)] = server.openConnections
            }
        }
        var present: [Key: Int32] = [:]
        for service in state.virtualServices {
            for server in service.realServers {
                present[Key(service: service.identity, server: server.endpoint)] = server.weight
            }
        }
        let time = state.observedAt
        var events: [TraceEvent] = []
        for (key, weight) in weights.sorted(by: { $0.key < $1.key }) {
            guard weight > 0, present[key] ?? 0 == 0, drains[key] == nil else { continue }
            let remaining = open[key] ?? 0
            drains[key] = Drain(began: time, open: remaining)
            totals[key] = totals[key] ?? [:]
            let how = present[key] == nil ? "it left the virtual service" : "weight \(weight) → 0"
            events.append(event(.drainBegan, key, at: time, "\(how), \(Self.connections(remaining)) open"))
        }
        for key in drains.keys.sorted() {
            let remaining = open[key] ?? 0
            drains[key]?.open = remaining
            if let weight = present[key], weight > 0 {
                events.append(
                    event(
                        .drainAborted, key, at: time,
                        "weight \(weight) again after \(took(key, until: time)), \(Self.connections(remaining)) open"
                            + newcomers(key)))
                drains[key] = nil
            } else if remaining > 0 {
                drains[key]?.emptySince = nil
            } else if let since = drains[key]?.emptySince, since < knownUntil {
                events.append(event(.drained, key, at: since, "after \(took(key, until: since))" + newcomers(key)))
                drains[key] = nil
            } else if drains[key]?.emptySince == nil {
                drains[key]?.emptySince = time
            }
        }
        weights = present
        // Of one that is gone for good nothing is kept.
        totals = totals.filter { present[$0.key] != nil || drains[$0.key] != nil }
        return events
    }

    private mutating func note(_ start: ConnectionStart) {
        guard let server = start.realServer, let reason = DrainReason(start.origin) else { return }
        let key = Key(service: start.virtualService, server: server)
        guard let drain = drains[key], start.time > drain.began else { return }
        drains[key]?.new[reason, default: 0] += 1
        totals[key, default: [:]][reason, default: 0] += 1
    }

    private func event(_ kind: TraceEvent.Kind, _ key: Key, at time: Timestamp, _ detail: String) -> TraceEvent {
        TraceEvent(time: time, kind: kind, virtualService: key.service, realServer: key.server, detail: detail)
    }

    private static func connections(_ count: UInt64) -> String { "\(count) connection\(count == 1 ? "" : "s")" }

    /// How long a drain took, to a tenth of a second.
    private func took(_ key: Key, until time: Timestamp) -> String {
        let tenths = drains[key].map { Int(time.since($0.began) / .milliseconds(100)) } ?? 0
        return "\(tenths / 10).\(tenths % 10) s"
    }

    /// What came in between, as the end of a sentence.
    private func newcomers(_ key: Key) -> String {
        let new = drains[key]?.new ?? [:]
        let total = new.values.reduce(0, +)
        guard total > 0 else { return "" }
        let parts = DrainReason.allCases.compactMap { reason in new[reason].map { "\($0) \(reason.rawValue)" } }
        return ", \(Self.connections(total)) began meanwhile: \(parts.joined(separator: ", "))"
    }
}
