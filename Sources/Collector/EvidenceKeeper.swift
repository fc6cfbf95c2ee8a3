import Balance
import ConnectionTracing
import IPVSModel
import TraceStore

/// Keeps of a run what a verdict rests on, and nothing else: a replay without a database.
struct EvidenceKeeper: ReplaySink {
    /// One virtual service's assignments.
    private struct Service {
        let identity: VirtualServiceIdentity
        /// Chunks, so that a growing list is never copied.
        var assignments: [[KeptAssignment]] = []
        var realServers = EndpointNumbers()
    }

    /// Few enough to be still in the cache.
    static let batch = 256

    private static let chunk = 16_384

    let firstConnectionID: Int64 = 1
    private var run: RunDescription
    private var services: [Service] = []
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
        let realServer = record.realServer.map { UInt16(services[service].realServers.number(adding: $0)) }
        let assignment = KeptAssignment(record, realServer: realServer ?? KeptAssignment.unseen)
        if services[service].assignments.last.map({ $0.count == Self.chunk }) ?? true {
            services[service].assignments.append([])
        }
        services[service].assignments[services[service].assignments.count - 1].append(assignment)
    }

    consuming func evidence(_ summary: RunSummary) -> RunEvidence {
        run.ended = summary.ended
        let closing = Dictionary(summary.virtualServices.map { ($0.identity, $0) }, uniquingKeysWith: { $1 })
        var assignments: [VirtualServiceIdentity: [Assignment]] = [:]
        while let service = services.popLast() { assignments[service.identity] = Self.inOrder(service) }
        let identities = Set(configurations.keys).union(assignments.keys).union(closing.keys)
        return RunEvidence(
            run: run,
            virtualServices: identities.sorted().map { identity in
                VirtualServiceEvidence(
                    identity: identity, configurations: configurations[identity] ?? [],
                    assignments: assignments[identity] ?? [], realServers: closing[identity]?.realServers ?? [],
                    causes: closing[identity]?.causes ?? [:],
                    unmatchedPackets: closing[identity]?.unmatchedPackets ?? 0, table: closing[identity]?.table)
            }, packetsDropped: summary.packetsDropped, levels: levels)
    }

    /// A service's assignments in order of time. Of a connection that was written again the last row counts.
    private static func inOrder(_ service: consuming Service) -> [Assignment] {
        var kept: [KeptAssignment] = []
        kept.reserveCapacity(service.assignments.reduce(0) { $0 + $1.count })
        for index in service.assignments.indices {
            kept += service.assignments[index]
            service.assignments[index] = []
        }
        // A stable sort: rows of one connection stay in the order in which they were written.
        kept.sort { $0.connection < $1.connection }
        var last = 0
        for index in kept.indices.dropFirst() {
            if kept[index].connection != kept[last].connection { last += 1 }
            kept[last] = kept[index]
        }
        kept.removeLast(max(kept.count - last - 1, 0))
        kept.sort { ($0.time, $0.connection) < ($1.time, $1.connection) }
        return kept.map { assignment in
            Assignment(
                connection: assignment.connection, time: Timestamp(rawValue: assignment.time),
                client: assignment.client,
                realServer: assignment.realServer == KeptAssignment.unseen
                    ? nil : service.realServers.endpoints[Int(assignment.realServer)],
                realServerConnect: assignment.connect, isScheduled: assignment.isScheduled)
        }
    }
}

/// An assignment in 40 bytes.
private struct KeptAssignment: BitwiseCopyable {
    /// Stands for a real server that was not seen.
    static let unseen = UInt16.max
    private static let noConnect = Int64.min >> 16

    /// As in `Assignment`, in nanoseconds since the epoch.
    ///
    /// Twice that, plus 1 if a persistence template decided: so the order is the time's.
    private let timeAndTemplate: Int64
    private let clientHigh: UInt64
    private let clientLow: UInt64
    /// 48 bits and 16.
    private let connectionAndServer: Int64
    private let connectAndPort: Int64

    init(_ record: borrowing ConnectionRecord, realServer: UInt16) {
        timeAndTemplate = record.requested.rawValue << 1 | (record.origin.isScheduled ? 0 : 1)
        clientHigh = record.client.address.high
        clientLow = record.client.address.low
        connectionAndServer = record.id << 16 | Int64(realServer)
        var connect = Self.noConnect
        if let syn = record.dip.$syn.nanoseconds, let synAck = record.dip.$synAck.nanoseconds {
            connect = (synAck - syn) / 100
        }
        connectAndPort = connect << 16 | Int64(record.client.port)
    }

    var time: Int64 { timeAndTemplate >> 1 }
    var isScheduled: Bool { timeAndTemplate & 1 == 0 }
    var connection: Int64 { connectionAndServer >> 16 }
    var realServer: UInt16 { UInt16(truncatingIfNeeded: connectionAndServer) }

    var client: Endpoint {
        Endpoint(
            address: IPAddress(high: clientHigh, low: clientLow), port: UInt16(truncatingIfNeeded: connectAndPort))
    }

    /// Translated SYN out to SYN-ACK in, counted in units of 100 ns as the tracer does.
    ///
    /// - Unit: nanoseconds.
    var connect: Int64? {
        let ticks = connectAndPort >> 16
        return ticks == Self.noConnect ? nil : ticks * 100
    }
}
