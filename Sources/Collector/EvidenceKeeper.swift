import Balance
import ConnectionTracing
import IPVSModel
import TraceStore

/// Keeps of a run what a verdict rests on, and nothing else: a replay without a database.
struct EvidenceKeeper: ReplaySink {
    /// One virtual service.
    private struct Service {
        let identity: VirtualServiceIdentity
        var realServers = EndpointNumbers()
    }

    /// Few enough to be still in the cache.
    static let batch = 256

    let firstConnectionID: Int64 = 1
    private var run: RunDescription
    private var services: [Service] = []
    /// By connection id: so a connection that is written again takes its old place, and they are in order.
    private var kept = AssignmentRows()
    private var levels: [LevelChange] = []
    private var configurations: [VirtualServiceIdentity: [ServiceConfiguration]] = [:]
    private var entryChanges: [VirtualServiceIdentity: [EntryChange]] = [:]
    private var entryReadings: [VirtualServiceIdentity: [EntryReading]] = [:]

    init(name: String, started: Timestamp) {
        run = RunDescription(id: 1, name: name, started: started)
    }

    mutating func write(_ parts: [StoreBatch]) {
        for part in parts { keep(part) }
    }

    private mutating func keep(_ batch: StoreBatch) {
        levels += batch.levels
        for (service, changes) in batch.entryChanges { entryChanges[service, default: []] += changes }
        for (service, readings) in batch.entryReadings { entryReadings[service, default: []] += readings }
        for observed in batch.configurations {
            configurations[observed.virtualService, default: []].append(observed.configuration)
        }
        let records = batch.connections.span
        var service = 0
        for index in records.indices where records[index].origin.isAssignment {
            let identity = records[index].virtualService
            if service >= services.count || services[service].identity != identity {
                service = place(of: identity)
            }
            keep(records[index], in: service)
        }
    }

    private mutating func place(of identity: VirtualServiceIdentity) -> Int {
        if let known = services.firstIndex(where: { $0.identity == identity }) { return known }
        services.append(Service(identity: identity))
        return services.count - 1
    }

    private mutating func keep(_ record: borrowing ConnectionRecord, in service: Int) {
        let realServer = record.realServer.map { services[service].realServers.number(adding: $0) }
        var connect: Int64?
        if let syn = record.dip.$syn.nanoseconds, let synAck = record.dip.$synAck.nanoseconds { connect = synAck - syn }
        let isVIPSeen = record.vip.inPackets | record.vip.outPackets > 0
        let ended = isVIPSeen ? record.vip.$end.nanoseconds : record.dip.$end.nanoseconds
        let requested = record.requested
        var duration: Int64?
        if let ended { duration = ended - (requested.rawValue - record.firstSeen.rawValue) }
        kept[Int(record.id - firstConnectionID)] = AssignmentRow(
            connection: record.id, time: requested, client: record.client, connect: connect,
            duration: duration, realServer: realServer, isScheduled: record.origin.isScheduled, service: service)
    }

    consuming func evidence(_ summary: RunSummary) -> RunEvidence {
        run.ended = summary.ended
        let closing = Dictionary(summary.virtualServices.map { ($0.identity, $0) }, uniquingKeysWith: { $1 })
        let assignments = Dictionary(uniqueKeysWithValues: zip(services.map(\.identity), assignments()))
        let identities = Set(configurations.keys).union(assignments.keys).union(closing.keys)
        return RunEvidence(
            run: run,
            virtualServices: identities.sorted().map { identity in
                VirtualServiceEvidence(
                    identity: identity, configurations: configurations[identity] ?? [],
                    assignments: assignments[identity] ?? [], realServers: closing[identity]?.realServers ?? [],
                    kernel: closing[identity]?.kernel,
                    causes: closing[identity]?.causes ?? [:],
                    unmatchedPackets: closing[identity]?.unmatchedPackets ?? 0, table: closing[identity]?.table,
                    entryChanges: (entryChanges[identity] ?? []).sorted { $0.time < $1.time },
                    entryReadings: entryReadings[identity] ?? [])
            }, packetsDropped: summary.packetsDropped, levels: levels)
    }

    /// - Returns: Each service's assignments in order of time.
    private func assignments() -> [AssignmentList] {
        var places = services.map { _ in [UInt32]() }
        for number in 0..<kept.count {
            if let service = kept[number].serviceNumber { places[service].append(UInt32(number)) }
        }
        return zip(services, places).map { AssignmentList(rows: kept, realServers: $0.realServers, places: $1) }
    }
}
