import Balance
package import ConnectionTracing
package import IPVSModel

/// Judges every virtual service over its latest assignments, for as long as it is collected.
///
/// A window goes from one reading of the kernel to another, and holds the last of the assignments between them. Nothing
/// is judged before every packet up to the later reading was traced, and every connection had time to be sent on.
///
/// A value without clock or I/O; its memory is bounded by ``mostAssignments`` of each virtual service, one reading each
/// ``interval`` of ``longestWindow``, and ``mostWaiting``.
package struct RollingJudge: Sendable {
    /// The most assignments that a window holds.
    package static let mostAssignments = 1_000
    /// The same where the scheduler asks how many entries there are: from one reading of these to the next.
    package static let mostWithEntries = 20_000
    /// The longest time that a window may span.
    package static let longestWindow: Duration = .seconds(300)
    /// How long it is at least from one judgement to the next.
    package static let interval: Duration = .seconds(5)
    /// Connections that began since the last judgement; if there are more, evidence begins anew.
    package static let mostWaiting = 400_000
    /// How far the time stamp of a packet may be from the moment at which the kernel counts its connection.
    static let stampSlack: Duration = .milliseconds(10)
    /// For how long what was lost may still show: a SYN is repeated after up to so long.
    static let afterEffect: Duration = .seconds(60)

    /// The kernel's live total of connections over all virtual services.
    package struct LiveCount: Sendable, Hashable {
        package var connections: UInt64
        /// Between these it was read.
        package var began: Timestamp
        package var ended: Timestamp

        package init(connections: UInt64, began: Timestamp, ended: Timestamp) {
            self.connections = connections
            self.began = began
            self.ended = ended
        }
    }

    /// What is counted where.
    private struct Counts: Sendable {
        var servers: [Endpoint: UInt64] = [:]
        /// Those whose real server stayed unseen included.
        var all: UInt64 = 0

        mutating func add(_ start: ConnectionStart) {
            if let server = start.realServer { servers[server, default: 0] += 1 }
            all += 1
        }
    }

    private struct ServiceReading: Sendable {
        /// By the kernel.
        var kernel = Counts()
        /// Up to the reading.
        var captured = Counts()
        /// Of these and the next, what the kernel may or may not have counted yet.
        var lag = Counts()
    }

    private struct Reading: Sendable {
        var time: Timestamp
        var live: LiveCount?
        var services: [VirtualServiceIdentity: ServiceReading]
        var dropped: UInt64
        /// When everything up to the reading was known.
        var droppedSettled: UInt64 = 0
        var evicted: [VirtualServiceIdentity: UInt64] = [:]
        var evictedSettled: [VirtualServiceIdentity: UInt64] = [:]
        /// Of all virtual services, the fewest and the most that had been captured when the live count was read.
        var fewest: UInt64 = 0
        var most: UInt64 = 0
        /// Of those, connections that were never seen to leave: perhaps the kernel did not count them.
        var unseen: UInt64 = 0

        /// By when everything that was counted has been captured.
        var ended: Timestamp { (live?.ended ?? time).advanced(by: RollingJudge.stampSlack) }
    }

    private var lastReading: Timestamp?
    private var configurations: [VirtualServiceIdentity: [ServiceConfiguration]] = [:]
    /// The last assignments of each virtual service, oldest first.
    private var recent: [VirtualServiceIdentity: [Assignment]] = [:]
    private var captured: [VirtualServiceIdentity: Counts] = [:]
    /// Of all virtual services, those that left included.
    private var total: UInt64 = 0
    private var unseen: UInt64 = 0
    /// Assignments after the last settled reading.
    private var waiting: [ConnectionStart] = []
    private var settled: [Reading] = []
    private var pending: Reading?
    private var entryChanges: [VirtualServiceIdentity: [EntryChange]] = [:]
    private var entryReadings: [VirtualServiceIdentity: [EntryReading]] = [:]
    private var current: [VirtualServiceIdentity: RollingVerdict] = [:]

    package init() {}

    /// The latest verdict on each virtual service that the last reading showed.
    package var verdicts: [RollingVerdict] {
        current.values.sorted { $0.virtualService < $1.virtualService }
    }

    /// Takes in a reading of the kernel.
    ///
    /// - Parameters:
    ///   - live: The live count at about the same time; `nil` if it could not be read.
    ///   - dropped: How many packets had been dropped before, cumulative.
    package mutating func observe(
        _ state: KernelState, live: LiveCount?, trace: TraceSummary, dropped: UInt64
    ) {
        // The clock was set back: nothing is in order any more.
        if let last = lastReading, state.observedAt < last {
            beginAnew()
            configurations = [:]
            lastReading = nil
        }
        let identities = Set(state.virtualServices.map(\.identity))
        for identity in identities where current[identity] == nil {
            current[identity] = RollingVerdict(virtualService: identity, reason: "no connections")
        }
        for identity in current.keys where !identities.contains(identity) {
            current[identity] = nil
            configurations[identity] = nil
            recent[identity] = nil
            captured[identity] = nil
            entryReadings[identity] = nil
            entryChanges[identity] = nil
            // One that comes back counts from nothing.
            for index in settled.indices { settled[index].services[identity] = nil }
            pending?.services[identity] = nil
        }
        for (identity, readings) in EvidenceRecorder.entryReadings(in: state) {
            entryReadings[identity, default: []] += readings
        }
        for service in state.virtualServices {
            let configuration = ServiceConfiguration(
                of: service, seen: state.completedAt ?? state.observedAt, notBefore: lastReading ?? state.observedAt)
            if configurations[service.identity]?.last?.hasSameSettings(as: configuration) == true { continue }
            configurations[service.identity, default: []].append(configuration)
        }
        lastReading = state.observedAt
        guard pending == nil, settled.last.map({ state.observedAt.since($0.time) >= Self.interval }) ?? true else {
            return
        }
        var services: [VirtualServiceIdentity: ServiceReading] = [:]
        for service in state.virtualServices {
            var reading = ServiceReading()
            reading.kernel.all = service.counters.connections
            for server in service.realServers { reading.kernel.servers[server.endpoint] = server.counters.connections }
            services[service.identity] = reading
        }
        pending = Reading(
            time: state.observedAt, live: live, services: services, dropped: dropped, evicted: Self.evicted(trace))
    }

    /// Takes in what became of entries, before the connections of the same time.
    package mutating func note(_ changes: [VirtualServiceIdentity: [EntryChange]]) {
        for (identity, changes) in changes where current[identity] != nil {
            entryChanges[identity, default: []] += changes
        }
    }

    /// Takes in connections that began, and judges if a reading is settled by that.
    ///
    /// - Parameters:
    ///   - lost: How many more there may have been.
    ///   - knownUntil: Every connection that began before is told.
    /// - Returns: An event for each verdict that changed.
    package mutating func note(
        _ starts: [ConnectionStart], lost: UInt64, knownUntil: Timestamp, trace: TraceSummary, dropped: UInt64
    ) -> [TraceEvent] {
        waiting += starts.lazy.filter(\.origin.isAssignment)
        // What was told comes too late, or is stamped by a clock that was set back since.
        let (earliest, latest) = (settled.last?.time, knownUntil.advanced(by: Self.interval))
        let isOdd = waiting.contains { start in
            earliest.map { start.time <= $0 } == true || start.time > latest
        }
        if lost > 0 || isOdd || waiting.count > Self.mostWaiting { beginAnew() }
        guard var reading = pending, reading.ended < knownUntil else { return [] }
        pending = nil
        reading.droppedSettled = dropped
        reading.evictedSettled = Self.evicted(trace)
        settle(reading)
        return judge()
    }

    /// Forgets what the evidence rests on: something is missing from it.
    private mutating func beginAnew() {
        recent = [:]
        entryChanges = [:]
        entryReadings = [:]
        waiting = []
        settled = []
        pending = nil
    }

    private static func evicted(_ trace: TraceSummary) -> [VirtualServiceIdentity: UInt64] {
        var evicted: [VirtualServiceIdentity: UInt64] = [:]
        for service in trace.virtualServices {
            for cause in service.causes where cause.reason == DifferenceCause.evicted.rawValue {
                evicted[service.identity] = cause.count
            }
        }
        return evicted
    }

    /// Counts what was captured up to a reading, and around it.
    private mutating func settle(_ new: Reading) {
        var reading = new
        waiting.sort { ($0.time, $0.id) < ($1.time, $1.id) }
        let uncertainFrom = reading.time.advanced(by: .zero - EvidenceRecorder.counterLag - Self.stampSlack)
        let counted = reading.live ?? LiveCount(connections: 0, began: reading.time, ended: reading.time)
        let liveFrom = counted.began.advanced(by: .zero - Self.stampSlack)
        (reading.fewest, reading.most) = (total, total)
        var past = 0
        for start in waiting {
            let (identity, isPast) = (start.virtualService, start.time <= reading.time)
            if start.time <= liveFrom { reading.fewest += 1 }
            if start.time <= reading.ended { reading.most += 1 }
            if start.time > uncertainFrom, start.time <= reading.ended { reading.services[identity]?.lag.add(start) }
            guard isPast else { continue }
            past += 1
            total += 1
            if start.realServer == nil { unseen += 1 }
            // One that was deleted and made anew is another.
            guard let since = configurations[identity]?.first?.notBefore, start.time > since else { continue }
            captured[identity, default: Counts()].add(start)
            recent[identity, default: []].append(
                Assignment(
                    connection: start.id, time: start.time, client: start.client, realServer: start.realServer,
                    isScheduled: start.origin.isScheduled))
        }
        reading.unseen = unseen
        waiting.removeFirst(past)
        for identity in reading.services.keys {
            reading.services[identity]?.captured = captured[identity] ?? Counts()
        }
        settled.append(reading)
        forget(before: reading.time.advanced(by: .zero - Self.longestWindow))
    }

    private mutating func forget(before oldest: Timestamp) {
        let kept = oldest.advanced(by: .zero - Self.afterEffect)
        while settled.count > 2, settled[1].time <= kept { settled.removeFirst() }
        for identity in recent.keys {
            recent[identity]?.removeAll { $0.time <= oldest }
            let asks = configurations[identity]?.last?.scheduler.asksForEntries ?? false
            let most = asks ? Self.mostWithEntries : Self.mostAssignments
            let surplus = (recent[identity]?.count ?? 0) - most
            if surplus > 0 { recent[identity]?.removeFirst(surplus) }
        }
        // What was captured first may have been found last.
        for identity in entryChanges.keys { entryChanges[identity]?.removeAll { $0.latest <= oldest } }
        for identity in entryReadings.keys { entryReadings[identity]?.removeAll { $0.ended <= oldest } }
        for (identity, known) in configurations {
            if let last = known.lastIndex(where: { $0.seen <= oldest }), last > 0 {
                configurations[identity]?.removeFirst(last)
            }
        }
    }

    /// Judges every virtual service that was there at the last reading.
    private mutating func judge() -> [TraceEvent] {
        guard settled.count > 1, let last = settled.last else { return [] }
        var events: [TraceEvent] = []
        for identity in last.services.keys.sorted() {
            guard var rolling = current[identity], let evidence = evidence(of: identity, until: last) else { continue }
            let report = Judge.verdict(on: evidence).virtualServices[0]
            let reason = report.reasons.first ?? ""
            if report.verdict != rolling.verdict {
                rolling.changes += 1
                events.append(
                    TraceEvent(
                        time: last.time, kind: .verdictChanged, virtualService: identity,
                        detail: "\(rolling.verdict.rawValue) → \(report.verdict.rawValue)"
                            + (reason.isEmpty ? "" : ": \(reason)")))
            }
            rolling.verdict = report.verdict
            rolling.reason = reason
            rolling.assignments = report.assignments
            rolling.violations = report.conformance.unexplainedTotal
            current[identity] = rolling
        }
        return events
    }

    /// What is known of a virtual service's window that ends with the last reading.
    private func evidence(of identity: VirtualServiceIdentity, until last: Reading) -> RunEvidence? {
        // What came before the first reading is not known in full.
        let assignments = (recent[identity] ?? []).filter { $0.time > settled[0].time }
        let oldest = last.time.advanced(by: .zero - Self.longestWindow)
        let begins = assignments.first?.time ?? oldest
        let first = settled.last { $0.time < begins } ?? settled[0]
        guard let end = last.services[identity] else { return nil }
        let start = first.services[identity] ?? ServiceReading()
        var inWindow = Counts()
        for assignment in assignments {
            if let server = assignment.realServer { inWindow.servers[server, default: 0] += 1 }
            inWindow.all += 1
        }
        /// The kernel's growth, without what was captured before the window's first assignment; `nil` if it shrank. An
        /// empty window lacks nothing that came before it and was counted in it.
        let growth = { (from: UInt64, to: UInt64, captured: UInt64, held: UInt64, late: UInt64) -> TrafficCounters? in
            guard to >= from else { return nil }
            let before = (captured >= held ? captured - held : 0) + (assignments.isEmpty ? late : 0)
            return TrafficCounters(connections: to - from >= before ? to - from - before : 0)
        }
        let servers = Set(end.kernel.servers.keys).union(start.kernel.servers.keys).union(inWindow.servers.keys)
        let rows = servers.sorted().map { server in
            let held = inWindow.servers[server] ?? 0
            let captured = (end.captured.servers[server] ?? 0) - (start.captured.servers[server] ?? 0)
            let late = start.lag.servers[server] ?? 0
            return RealServerEvidence(
                endpoint: server, captured: TrafficCounters(connections: held),
                kernel: end.kernel.servers[server].flatMap {
                    growth(start.kernel.servers[server] ?? 0, $0, captured, held, late)
                }, uncertain: TrafficCounters(connections: late + (end.lag.servers[server] ?? 0)))
        }
        var service = VirtualServiceEvidence(
            identity: identity, configurations: configurations(of: identity, from: begins, to: last.time),
            assignments: AssignmentList(assignments), realServers: rows,
            kernel: growth(
                start.kernel.all, end.kernel.all, end.captured.all - start.captured.all, inWindow.all, start.lag.all))
        // Counts begin with a reading of the window, for of assignments before it some are not held any more.
        service.entryReadings = (entryReadings[identity] ?? []).filter { $0.began >= begins && $0.ended <= last.ended }
        service.entryChanges = (entryChanges[identity] ?? []).filter { $0.time >= begins }.sorted { $0.time < $1.time }
        // What was lost a little earlier may look like a connection that begins now.
        let before = settled.last { $0.time <= first.time.advanced(by: .zero - Self.afterEffect) } ?? settled[0]
        let evictedNow = last.evictedSettled[identity] ?? 0
        let evicted = evictedNow - min(before.evicted[identity] ?? 0, evictedNow)
        if evicted > 0 { service.causes[.evicted] = evicted }
        if service.kernel == nil { service.causes[.counterReset] = 1 }
        service.mostMissing = Self.mostMissing(from: first, to: last)
        var evidence = RunEvidence(
            run: RunDescription(id: 0, name: "rolling", started: first.time, ended: last.time),
            virtualServices: [service], packetsDropped: last.droppedSettled - min(before.dropped, last.droppedSettled))
        evidence.comparesPackets = false
        return evidence
    }

    private func configurations(
        of identity: VirtualServiceIdentity, from begin: Timestamp, to end: Timestamp
    ) -> [ServiceConfiguration] {
        let known = configurations[identity] ?? []
        let first = known.lastIndex { $0.seen <= begin } ?? 0
        return known.dropFirst(first).filter { $0.notBefore <= end }
    }

    /// How many connections at most were scheduled between two readings and not captured, of all virtual services.
    private static func mostMissing(from first: Reading, to last: Reading) -> UInt64? {
        guard let old = first.live?.connections, let new = last.live?.connections, new >= old else { return nil }
        let certain = Int64(clamping: last.fewest) - Int64(clamping: first.most)
        // Those that never left may not have been counted, and would hide as many that are missing.
        let unseen = Int64(clamping: last.unseen) - Int64(clamping: first.unseen)
        return UInt64(max(Int64(clamping: new - old) - certain + unseen, 0))
    }
}
