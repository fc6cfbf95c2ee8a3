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
        var assignments = 0
    }

    /// Few enough to be still in the cache.
    static let batch = 256

    private static let chunk = 16_384

    let firstConnectionID: Int64 = 1
    private var run: RunDescription
    private var services: [Service] = []
    /// By connection id, in chunks: so a connection that is written again takes its old place, they are in order, and
    /// nothing is copied as they grow.
    private var kept: [[KeptAssignment]] = []
    private var levels: [LevelChange] = []
    private var configurations: [VirtualServiceIdentity: [ServiceConfiguration]] = [:]

    init(name: String, started: Timestamp) {
        run = RunDescription(id: 1, name: name, started: started)
    }

    mutating func write(_ parts: [StoreBatch]) {
        for part in parts { keep(part) }
    }

    private mutating func keep(_ batch: StoreBatch) {
        levels += batch.levels
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
        let (chunk, place) = Int(record.id - firstConnectionID).quotientAndRemainder(dividingBy: Self.chunk)
        while kept.count <= chunk { kept.append(Array(repeating: KeptAssignment(), count: Self.chunk)) }
        let realServer = record.realServer.map { UInt16(services[service].realServers.number(adding: $0)) }
        if !kept[chunk][place].isKept { services[service].assignments += 1 }
        kept[chunk][place] = KeptAssignment(record, service: service, realServer: realServer)
    }

    consuming func evidence(_ summary: RunSummary) -> RunEvidence {
        run.ended = summary.ended
        let closing = Dictionary(summary.virtualServices.map { ($0.identity, $0) }, uniquingKeysWith: { $1 })
        let assignments = Dictionary(uniqueKeysWithValues: zip(services.map(\.identity), takeAssignments()))
        let identities = Set(configurations.keys).union(assignments.keys).union(closing.keys)
        return RunEvidence(
            run: run,
            virtualServices: identities.sorted().map { identity in
                VirtualServiceEvidence(
                    identity: identity, configurations: configurations[identity] ?? [],
                    assignments: assignments[identity] ?? [], realServers: closing[identity]?.realServers ?? [],
                    kernel: closing[identity]?.kernel,
                    causes: closing[identity]?.causes ?? [:],
                    unmatchedPackets: closing[identity]?.unmatchedPackets ?? 0, table: closing[identity]?.table)
            }, packetsDropped: summary.packetsDropped, levels: levels)
    }

    /// - Returns: Each service's assignments in order of time.
    private mutating func takeAssignments() -> [[Assignment]] {
        var lists = services.map { service in
            var list: [Assignment] = []
            list.reserveCapacity(service.assignments)
            return list
        }
        var connection = firstConnectionID
        for chunk in kept.indices {
            for assignment in kept[chunk] {
                if assignment.isKept {
                    let realServers = services[assignment.service].realServers.endpoints
                    lists[assignment.service].append(
                        Assignment(
                            connection: connection, time: Timestamp(rawValue: assignment.time),
                            client: assignment.client, realServer: assignment.realServer.map { realServers[$0] },
                            realServerConnect: assignment.connect, isScheduled: assignment.isScheduled))
                }
                connection += 1
            }
            kept[chunk] = []
        }
        // A stable sort, and nearly done: ids grow with the time of the first packet.
        for service in lists.indices { lists[service].sort { $0.time < $1.time } }
        return lists
    }
}

/// An assignment in 40 bytes.
private struct KeptAssignment: BitwiseCopyable {
    /// As in `Assignment`, in nanoseconds since the epoch.
    private(set) var time: Int64 = 0
    private var clientHigh: UInt64 = 0
    private var clientLow: UInt64 = 0
    private var clientPort: UInt16 = 0
    /// Plus 1; 0 is one that was not seen.
    private var realServerNumber: UInt16 = 0
    /// Plus 1; 0 is a place that nothing is kept in.
    private var serviceNumber: UInt16 = 0
    private var origin = ConnectionOrigin.assigned
    /// In units of 100 ns, as the tracer counts; the least is none.
    private var connectTicks = Int64.min

    init() {}

    init(_ record: borrowing ConnectionRecord, service: Int, realServer: UInt16?) {
        time = record.requested.rawValue
        clientHigh = record.client.address.high
        clientLow = record.client.address.low
        clientPort = record.client.port
        realServerNumber = realServer.map { $0 + 1 } ?? 0
        serviceNumber = UInt16(service + 1)
        origin = record.origin
        if let syn = record.dip.$syn.nanoseconds, let synAck = record.dip.$synAck.nanoseconds {
            connectTicks = (synAck - syn) / 100
        }
    }

    var isKept: Bool { serviceNumber > 0 }
    var service: Int { Int(serviceNumber) - 1 }
    var realServer: Int? { realServerNumber == 0 ? nil : Int(realServerNumber) - 1 }
    var isScheduled: Bool? { origin.isScheduled }
    var client: Endpoint { Endpoint(address: IPAddress(high: clientHigh, low: clientLow), port: clientPort) }

    /// Translated SYN out to SYN-ACK in.
    ///
    /// - Unit: nanoseconds.
    var connect: Int64? { connectTicks == .min ? nil : connectTicks * 100 }
}
