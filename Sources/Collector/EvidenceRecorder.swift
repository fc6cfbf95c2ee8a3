import Balance
package import ConnectionTracing
package import IPVSModel
package import TraceStore

/// Keeps what a verdict needs of the kernel's readings: configurations in order, and each real server's counters at
/// the first and the last reading beside what was captured by then.
///
/// A value without clock or I/O: live collector and replay feed it alike.
package struct EvidenceRecorder: Sendable {
    /// How far the kernel's counters may lag behind the packets: two seconds, and a tick of its timer.
    package static let counterLag: Duration = .milliseconds(2_200)

    private struct Service {
        var configurations: [ServiceConfiguration] = []
        /// In the order in which they were first seen.
        var servers: [Endpoint] = []
        /// The virtual service's own counters.
        var baseline: TrafficCounters
        var latest: TrafficCounters
        var lastReading: Timestamp
        /// A counter went backwards, or the virtual service left: its growth is not known.
        var wasReset = false
    }

    private struct Server {
        var baseline: TrafficCounters
        var latest: TrafficCounters
        var capturedAtBaseline: TrafficCounters
        /// Of that, what the kernel may not have counted yet at the first reading.
        var lagAtBaseline: TrafficCounters
        var lastReading: Timestamp
        /// What had been captured by the last reading whose counters were trusted.
        var capturedAtLatest: TrafficCounters
        /// At the last reading that showed it.
        var entries: EntryEvidence
        /// A counter went backwards, or the real server left: its growth is not known.
        var wasReset = false
    }

    private struct ServerKey: Hashable {
        var service: VirtualServiceIdentity
        var server: Endpoint
    }

    private var services: [VirtualServiceIdentity: Service] = [:]
    private var order: [VirtualServiceIdentity] = []
    private var servers: [ServerKey: Server] = [:]
    private var lastReading: Timestamp?
    /// Whether the connection table could be read when it was last needed.
    package var isTableRead = true
    /// What had been captured at recent times, oldest first, for the lag of the last reading.
    private var recent: [(time: Timestamp, captured: [ServerKey: TrafficCounters])] = []
    private let counters: Counters

    /// What a reading's counters mean.
    package enum Counters: Sendable {
        /// They grow from the first reading to the last.
        case growing
        /// There is one reading, and its counters began at zero with the run: the services were made for it.
        case fromZero
        /// The readings were made up from captures, and have none.
        case absent
    }

    package init(counters: Counters = .growing) {
        self.counters = counters
    }

    /// Takes in a reading of the kernel.
    ///
    /// - Parameters:
    ///   - state: The reading.
    ///   - trace: The tracer's counts of everything captured before it.
    /// - Returns: Settings that are new, events that say so, and how many entries there are where schedulers ask.
    package mutating func observe(_ state: KernelState, trace: TraceSummary) -> StoreBatch {
        var configurations: [StoreBatch.ObservedConfiguration] = []
        var events: [TraceEvent] = []
        let traced = Self.servers(trace)
        let time = state.observedAt
        for service in state.virtualServices {
            note(service, at: time)
            let configuration = ServiceConfiguration(
                of: service, seen: state.completedAt ?? time, notBefore: lastReading ?? time)
            if note(configuration, of: service.identity) {
                configurations.append(
                    StoreBatch.ObservedConfiguration(
                        virtualService: service.identity, configuration: configuration))
                events.append(
                    TraceEvent(
                        time: time, kind: .configurationChanged, virtualService: service.identity,
                        detail: Self.describe(configuration)))
            }
            for server in service.realServers {
                note(server, of: service.identity, traced: traced, at: time, events: &events)
            }
        }
        for identity in order {
            if services[identity]?.lastReading != time { services[identity]?.wasReset = true }
            for endpoint in services[identity]?.servers ?? [] {
                let key = ServerKey(service: identity, server: endpoint)
                guard let server = servers[key], server.lastReading != time, !server.wasReset else { continue }
                servers[key]?.wasReset = true
                events.append(
                    TraceEvent(
                        time: time, kind: .counterReset, virtualService: identity, realServer: endpoint,
                        detail: "real server or virtual service removed"))
            }
        }
        lastReading = time
        noteCaptured(trace, at: time)
        return StoreBatch(events: events, configurations: configurations, entryReadings: entryReadings(in: state))
    }

    private func entryReadings(in state: KernelState) -> [VirtualServiceIdentity: [EntryReading]] {
        // Made for the run, services had no entries when it began.
        counters == .absent ? [:] : Self.entryReadings(in: state, isFromZero: counters == .fromZero)
    }

    /// How many entries each real server has, of services whose scheduler asks.
    static func entryReadings(
        in state: KernelState, isFromZero: Bool = false
    ) -> [VirtualServiceIdentity: [EntryReading]] {
        let began = isFromZero ? Timestamp(rawValue: 0) : state.observedAt
        let ended = isFromZero ? began : state.completedAt ?? state.observedAt
        var readings: [VirtualServiceIdentity: [EntryReading]] = [:]
        for service in state.virtualServices where service.scheduler.asksForEntries {
            readings[service.identity] = service.realServers.map { server in
                EntryReading(
                    realServer: server.endpoint, began: began, ended: ended,
                    active: isFromZero ? 0 : Int64(server.activeConnections),
                    inactive: isFromZero ? 0 : Int64(server.inactiveConnections))
            }
        }
        return readings
    }

    /// Remembers what had been captured by `time`, the last packet's or later.
    ///
    /// So nothing more was captured since: what was remembered of later times is no more, and less where packets were
    /// still on their way to the tracer.
    package mutating func noteCaptured(_ trace: TraceSummary, at time: Timestamp) {
        recent.removeAll { $0.time >= time }
        recent.append((time, Self.servers(trace).mapValues(\.captured)))
        // Keep one from before the lag, and all since.
        while recent.count > 2, time.since(recent[1].time) >= Self.counterLag { recent.removeFirst() }
    }

    private mutating func note(_ service: VirtualService, at time: Timestamp) {
        guard var known = services[service.identity] else {
            services[service.identity] = Service(
                baseline: isBaseline ? service.counters : TrafficCounters(), latest: service.counters,
                lastReading: time)
            order.append(service.identity)
            return
        }
        if service.counters.growth(since: known.latest) == nil { known.wasReset = true }
        known.latest = service.counters
        known.lastReading = time
        services[service.identity] = known
    }

    /// Whether what the counters hold now is from before the run.
    private var isBaseline: Bool { lastReading == nil && counters == .growing }

    private mutating func note(_ configuration: ServiceConfiguration, of identity: VirtualServiceIdentity) -> Bool {
        if let last = services[identity]?.configurations.last, last.hasSameSettings(as: configuration) { return false }
        services[identity]?.configurations.append(configuration)
        return true
    }

    private mutating func note(
        _ server: RealServer, of identity: VirtualServiceIdentity, traced: [ServerKey: RealServerTrace],
        at time: Timestamp, events: inout [TraceEvent]
    ) {
        let key = ServerKey(service: identity, server: server.endpoint)
        let captured = traced[key]?.captured ?? TrafficCounters()
        let entries = EntryEvidence(
            kernel: EntryCounts(
                active: UInt64(server.activeConnections), inactive: UInt64(server.inactiveConnections)),
            traced: EntryCounts(
                active: traced[key]?.activeEntries ?? 0, inactive: traced[key]?.inactiveEntries ?? 0))
        guard var known = servers[key] else {
            services[identity]?.servers.append(server.endpoint)
            // A real server added later counts from nothing, so that what it was given before we knew it is not
            // overlooked. One that was removed earlier may bring its old counters back: then the audit stays open.
            let before = isBaseline ? captured : TrafficCounters()
            servers[key] = Server(
                baseline: isBaseline ? server.counters : TrafficCounters(), latest: server.counters,
                capturedAtBaseline: before,
                lagAtBaseline: before.growth(since: recent.first?.captured[key] ?? TrafficCounters()) ?? before,
                lastReading: time, capturedAtLatest: captured, entries: entries)
            return
        }
        if server.counters.growth(since: known.latest) == nil, !known.wasReset {
            known.wasReset = true
            events.append(
                TraceEvent(
                    time: time, kind: .counterReset, virtualService: identity, realServer: server.endpoint,
                    detail: "a counter went backwards"))
        }
        known.latest = server.counters
        known.lastReading = time
        // Of one that returned nobody knows what its counters hold.
        if !known.wasReset { known.capturedAtLatest = captured }
        known.entries = entries
        servers[key] = known
    }

    private static func servers(_ trace: TraceSummary) -> [ServerKey: RealServerTrace] {
        var servers: [ServerKey: RealServerTrace] = [:]
        for service in trace.virtualServices {
            for server in service.realServers {
                servers[ServerKey(service: service.identity, server: server.endpoint)] = server
            }
        }
        return servers
    }

    private static func describe(_ configuration: ServiceConfiguration) -> String {
        let servers = configuration.realServers.map { "\($0.endpoint) weight \($0.weight)" }
        let persistence =
            configuration.flags.contains(.persistent)
            ? " persistent \(configuration.persistenceTimeout) s /\(configuration.persistencePrefixLength)" : ""
        return "\(configuration.scheduler)\(persistence): "
            + (servers.isEmpty ? "no real servers" : servers.joined(separator: ", "))
    }

    /// The kernel's growth since the first reading beside what was captured, now.
    package func audits(_ trace: TraceSummary) -> [RealServerAudit] {
        let traced = Self.servers(trace)
        return order.flatMap { identity in
            (services[identity]?.servers ?? []).map { endpoint in
                let key = ServerKey(service: identity, server: endpoint)
                let evidence = evidence(of: key, traced: traced)
                return RealServerAudit(
                    virtualService: identity, realServer: endpoint, kernel: evidence.kernel,
                    captured: evidence.captured)
            }
        }
    }

    /// Everything known at the end of a run.
    ///
    /// - Parameter trace: The tracer's final counts.
    package func summary(ended: Timestamp, packetsDropped: UInt64, trace: TraceSummary) -> RunSummary {
        let servers = Self.servers(trace)
        let services = order.map { identity in
            let traced = trace.virtualServices.first { $0.identity == identity }
            return RunSummary.Service(
                identity: identity,
                realServers: (self.services[identity]?.servers ?? []).map {
                    evidence(of: ServerKey(service: identity, server: $0), traced: servers)
                }, kernel: growth(of: identity),
                causes: causes(of: identity, traced), unmatchedPackets: traced?.unmatchedPackets ?? 0,
                table: isTableRead ? traced?.table.map(TableEvidence.init) : nil)
        }
        return RunSummary(ended: ended, packetsDropped: packetsDropped, virtualServices: services)
    }

    private func causes(
        of identity: VirtualServiceIdentity, _ traced: VirtualServiceTrace?
    ) -> [DifferenceCause: UInt64] {
        var causes = traced.map(self.causes) ?? [:]
        if services[identity]?.wasReset == true {
            let resets = servers.count { $0.key.service == identity && $0.value.wasReset }
            if resets > 0 { causes[.counterReset] = UInt64(resets) }
        }
        return causes
    }

    /// The growth of a virtual service's own counters.
    private func growth(of identity: VirtualServiceIdentity) -> TrafficCounters? {
        guard let service = services[identity], !service.wasReset, counters != .absent else { return nil }
        return service.latest.growth(since: service.baseline)
    }

    /// Why packets, table and counters of a service may differ, and how often each was seen.
    private func causes(_ service: VirtualServiceTrace) -> [DifferenceCause: UInt64] {
        var causes: [DifferenceCause: UInt64] = [:]
        for count in service.causes {
            if let cause = DifferenceCause(rawValue: count.reason) { causes[cause, default: 0] += count.count }
        }
        let notForwarded = service.realServers.reduce(0) { $0 + $1.notForwarded.outPackets }
        if notForwarded > 0 { causes[.replyNotForwarded] = notForwarded }
        // A datagram that is scheduled for itself never has a row.
        let isOnePacket = services[service.identity]?.configurations.contains { $0.flags.contains(.onePacket) } ?? false
        guard isTableRead, !isOnePacket, let table = service.table else { return causes }
        // What was assigned and has no row: its port was taken over, its timer ran out, or the reading missed it.
        let assignments = service.realServers.reduce(0) { $0 + $1.captured.connections }
        let explained = table.matched + (causes[.portReuse] ?? 0) + (causes[.entryExpired] ?? 0)
        if assignments > explained { causes[.tableLag, default: 0] += assignments - explained }
        return causes
    }

    private func evidence(of key: ServerKey, traced: [ServerKey: RealServerTrace]) -> RealServerEvidence {
        guard let server = servers[key] else { return RealServerEvidence(endpoint: key.server) }
        let total = traced[key]?.captured ?? TrafficCounters()
        let sinceBaseline = total.growth(since: server.capturedAtBaseline) ?? TrafficCounters()
        // The kernel may not have counted, at the first reading, what was captured before it; nor, at the last, what
        // was captured within its lag.
        let beforeLag = recent.first?.captured[key] ?? TrafficCounters()
        let withinLag = total.growth(since: beforeLag) ?? TrafficCounters()
        var uncertain =
            server.lagAtBaseline + withinLag + (traced[key]?.straggling ?? TrafficCounters())
            + (traced[key]?.notForwarded ?? TrafficCounters())
        if server.wasReset, var after = total.growth(since: server.capturedAtLatest) {
            // One that left is given no connection, and of those it has the kernel counts no packet.
            after.connections = 0
            uncertain = uncertain + after
        }
        return RealServerEvidence(
            endpoint: key.server, captured: sinceBaseline,
            kernel: server.wasReset || counters == .absent ? nil : server.latest.growth(since: server.baseline),
            uncertain: uncertain,
            entries: server.lastReading == lastReading && counters != .absent ? server.entries : nil)
    }
}

extension TableEvidence {
    fileprivate init(_ table: TableTrace) {
        var others: [DifferenceCause: UInt64] = [:]
        for (reason, count) in table.withoutConnection {
            if let cause = DifferenceCause(rawValue: reason) { others[cause] = count }
        }
        self.init(rows: table.rows, matched: table.matched, withoutConnection: others)
    }
}
