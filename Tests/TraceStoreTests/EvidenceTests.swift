import Balance
import ConnectionTracing
import IPVSModel
import Testing
import TraceStore

struct EvidenceTests {
    let folder: TemporaryFolder
    let store: TraceStore

    init() throws {
        folder = try TemporaryFolder()
        store = try TraceStore.open(path: folder.path("evidence.sqlite"))
    }

    @Test func `what was written of a run comes back as the same evidence`() throws {
        let run = try ExampleRun.write(to: store)
        let evidence = try store.evidence(run: run)
        #expect(evidence.run == ExampleRun.description(id: run))
        #expect(evidence.packetsDropped == 2)
        #expect(evidence.levels == ExampleRun.levels)
        let service = try #require(evidence.virtualServices.first)
        #expect(evidence.virtualServices.count == 1)
        #expect(service.identity == .web)
        #expect(service.configurations == [ExampleRun.configuration])
        #expect(service.assignments == ExampleRun.assignments)
        #expect(service.realServers == ExampleRun.realServers)
        #expect(service.kernel == ExampleRun.kernel)
        #expect(service.causes == [.portReuse: 1, .retransmission: 3])
        #expect(service.unmatchedPackets == 4)
        #expect(service.table == ExampleRun.table)
        #expect(try store.runs() == [StoredRun(description: evidence.run, state: .finished, verdict: "fail")])
    }

    @Test func `a thousand assignments come back in order, however they were written`() throws {
        let run = try store.beginRun(name: "ab", started: .midnight)
        let servers: [Endpoint] = [.rs3, .rs2, .rs1]
        let records = (0..<1_000).map { index -> ConnectionRecord in
            let client = Endpoint(address: ExampleRun.client.address, port: UInt16(20_000 + index))
            return .http(
                Int64(index + 1), at: ExampleRun.time(Int64(index / 2)), client: client, to: servers[index % 3])
        }
        for batch in stride(from: 0, to: 1_000, by: 300) {
            try store.write(records[batch..<min(batch + 300, 1_000)].reversed(), run: run)
        }
        let assignments = Array(try #require(store.evidence(run: run).virtualServices.first).assignments)
        #expect(
            assignments
                == records.map {
                    Assignment(
                        connection: $0.id, time: $0.firstSeen, client: $0.client, realServer: $0.realServer,
                        realServerConnect: 500_000, duration: 44_000_000)
                })
    }

    @Test func `what became of entries comes back in order of time`() throws {
        let run = try store.beginRun(name: "ab", started: .midnight)
        let changes = [
            EntryChange(realServer: .rs1, time: ExampleRun.time(9), active: -1, inactive: 1),
            EntryChange(
                realServer: .rs2, time: ExampleRun.time(4), latest: ExampleRun.time(14), active: 0, inactive: -1),
        ]
        let readings = [0, 1_000].map {
            EntryReading(
                realServer: .rs1, began: ExampleRun.time($0), ended: ExampleRun.time($0 + 1), active: $0, inactive: 7)
        }
        try store.write(
            StoreBatch(entryChanges: [.web: changes], entryReadings: [.web: readings.reversed()]), run: run)
        try store.write([.http(1, at: .midnight, client: ExampleRun.client, to: .rs1)], run: run)
        let service = try #require(store.evidence(run: run).virtualServices.first)
        #expect(service.entryChanges == changes.reversed())
        #expect(service.entryReadings == readings)
    }

    /// First seen at 0 ns; the SYN on the VIP side and on the DIP side, and the time of assignment that follows.
    @Test(
        arguments: [
            (Duration.nanoseconds(700), Duration.zero, Int64(700)), (.zero, .microseconds(20), 0),
            (nil, .microseconds(30), 30_000), (nil, nil, 0), (.microseconds(3), nil, 3_000),
        ] as [(Duration?, Duration?, Int64)])
    func `an assignment's time is the SYN's on the VIP side, else on the DIP side, else the first packet's`(
        vip: Duration?, dip: Duration?, expected: Int64
    ) throws {
        let run = try store.beginRun(name: "ab", started: .midnight)
        var record = ConnectionRecord.http(1, at: .midnight, client: ExampleRun.client, to: .rs1)
        record.vip.syn = vip
        record.dip.syn = dip
        record.dip.synAck = .microseconds(530)
        try store.write([record], run: run)
        let assignment = try #require(store.evidence(run: run).virtualServices.first?.assignments.first)
        #expect(assignment.time.since(.midnight) == .nanoseconds(expected))
        #expect(assignment.realServerConnect.map { .nanoseconds($0) } == dip.map { .microseconds(530) - $0 })
    }

    @Test func `runs and virtual services do not mix`() throws {
        let first = try store.beginRun(name: "first", started: .midnight)
        let second = try store.beginRun(name: "second", started: .midnight)
        let client = ExampleRun.client
        try store.write(
            [
                .http(1, at: .midnight, client: client, to: .rs1),
                .http(2, at: .midnight, client: client, to: .rs6, of: .marked),
            ], run: first)
        try store.write(.seen(at: .midnight, [(.rs1, 1)]), of: .web, run: first)
        try store.write([.http(3, at: .midnight, client: client, to: .rs1)], run: second)
        let services = try store.evidence(run: first).virtualServices
        #expect(services.map(\.identity) == [.web, .marked])
        #expect(services.map { $0.assignments.map(\.connection) } == [[1], [2]])
        #expect(services[1].assignments[0].realServer == .rs6)
        #expect(services.map(\.configurations.count) == [1, 0])
        try store.write(StoreBatch(levels: ExampleRun.levels), run: second)
        #expect(try store.evidence(run: first).levels == [])
        #expect(try store.evidence(run: second).virtualServices.map { $0.assignments.map(\.connection) } == [[3]])
    }

    @Test func `configurations come back oldest first, each with its real servers in the kernel's order`() throws {
        let run = try store.beginRun(name: "drain", started: .midnight)
        let configurations: [ServiceConfiguration] = [
            .seen(at: ExampleRun.time(0), [(.rs2, 1), (.rs1, 1)]),
            .seen(at: ExampleRun.time(500), scheduler: .weightedLeastConnection, [(.rs1, 0), (.rs2, 65_535)]),
            .seen(at: ExampleRun.time(900), []),
        ]
        for configuration in configurations { try store.write(configuration, of: .marked, run: run) }
        #expect(try store.evidence(run: run).virtualServices.map(\.configurations) == [configurations])
    }

    @Test func `finishing again replaces what was there`() throws {
        let run = try ExampleRun.write(to: store)
        try store.finish(
            run: run, RunSummary(ended: .midnight, virtualServices: [.init(identity: .web, unmatchedPackets: 1)]))
        let evidence = try store.evidence(run: run)
        #expect(evidence.packetsDropped == 0)
        #expect(evidence.virtualServices[0].realServers == [])
        #expect(evidence.virtualServices[0].causes == [:])
        #expect(evidence.virtualServices[0].unmatchedPackets == 1)
    }

    @Test func `a run is named by its number or by last`() throws {
        let first = try store.beginRun(name: "first", started: .midnight)
        let second = try store.beginRun(name: "second", started: .midnight)
        #expect(try store.resolveRun("last") == second)
        #expect(try store.resolveRun("\(first)") == first)
    }

    @Test(arguments: ["last", "7", "-1", "first", ""])
    func `a run that is not there is refused`(name: String) throws {
        let refusal = try #require(#expect(throws: StoreError.self) { try store.resolveRun(name) })
        #expect(refusal.code == .noSuchRun)
        #expect(!refusal.description.contains("\n"))
    }

    @Test func `neither evidence nor verdict nor end is given to a run that is not there`() throws {
        let attempts: [() throws -> Void] = [
            { _ = try store.evidence(run: 7) }, { try store.finish(run: 7, RunSummary(ended: .midnight)) },
            { try store.save(verdict: "pass", json: "{}", run: 7) },
        ]
        for attempt in attempts {
            #expect(try #require(#expect(throws: StoreError.self) { try attempt() }).code == .noSuchRun)
        }
    }
}
