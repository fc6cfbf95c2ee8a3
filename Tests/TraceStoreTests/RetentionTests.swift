import ConnectionTracing
import IPVSModel
import Testing
import TraceStore

struct RetentionTests {
    private let folder: TemporaryFolder
    private let path: String
    private let store: TraceStore
    private let run: Int64

    init() throws {
        folder = try TemporaryFolder()
        path = folder.path("retention.sqlite")
        store = try TraceStore.open(path: path)
        run = try store.beginRun(name: "collect", started: .midnight)
    }

    private func rows(_ sql: String) throws -> [String] { try SQLiteTool.run(sql, on: path) }

    /// Trims until there is nothing left to do.
    ///
    /// - Returns: What was removed.
    @discardableResult
    private func trim(_ limits: RetentionLimits, now: Timestamp) throws -> [RemovedRows: UInt64] {
        var removed: [RemovedRows: UInt64] = [:]
        while true {
            let step = try store.trim(to: limits, keeping: run, now: now)
            removed.merge(step.removed, uniquingKeysWith: +)
            if step.isDone { return removed.filter { $0.value > 0 } }
        }
    }

    private func connections(_ ids: ClosedRange<Int64>, clients: UInt32) -> [ConnectionRecord] {
        ids.map { id in
            .http(
                id, at: ExampleRun.time(id),
                client: Endpoint(address: IPAddress(ipv4: 0x0A00_0000 + UInt32(id) % clients), port: 1_000), to: .rs1)
        }
    }

    private func sample(second: Int64) -> TrafficSample {
        TrafficSample(
            time: ExampleRun.time(second * 1_000), virtualService: .web, counters: TrafficCounters(), fairness: nil,
            realServers: [
                RealServerSample(
                    endpoint: .rs1, weight: 1, activeConnections: 0, inactiveConnections: 0,
                    counters: TrafficCounters(), assignments: 0, share: nil, tracedActive: 0, tracedInactive: 0)
            ])
    }

    @Test func `what is too old goes: connections, events and samples, then minutes, then hours and runs`() throws {
        let earlier = run
        try store.write(
            StoreBatch(
                connections: connections(1...10, clients: 5),
                events: [TraceEvent(time: ExampleRun.time(3), kind: .captureLoss)], samples: [sample(second: 0)]),
            run: run)
        let present = try store.beginRun(name: "present", started: .midnight)
        #expect(present != earlier)
        let limits = RetentionLimits(age: .seconds(3_600))
        #expect(try trim(limits, now: ExampleRun.time(3_600_000)) == [:])
        // Half of the connections are older than an hour then.
        #expect(
            try trim(limits, now: ExampleRun.time(3_600_006))
                == [.connection: 5, .event: 1, .sample: 2])
        #expect(try rows("SELECT min(id), max(id) FROM connection") == ["6|10"])
        #expect(try trim(limits, now: ExampleRun.time(10 * 3_600_000 + 1)) == [.connection: 5, .minute: 2])
        // The run that is being written stays, whatever its age; its name is `run` here.
        #expect(try trim(limits, now: ExampleRun.time(100 * 3_600_000 + 1)) == [.hour: 2, .run: 1])
        #expect(try rows("SELECT id FROM run") == ["\(earlier)"])
    }

    @Test func `the database keeps its size while five times as much is written, and the newest rows stay`() throws {
        let size: Int64 = 8 << 20
        let limits = RetentionLimits(size: size)
        try store.apply(limits)
        var largest: Int64 = 0
        var last: Int64 = 0
        for batch in 0..<200 as Range<Int64> {
            last = (batch + 1) * 2_000
            try store.write(
                StoreBatch(
                    connections: connections(batch * 2_000 + 1...last, clients: 1 << 20),
                    samples: [sample(second: batch)]),
                run: run)
            try trim(limits, now: ExampleRun.time(last))
            let sizes = store.fileSizes
            largest = max(largest, sizes.database + sizes.log)
        }
        #expect(Double(largest) <= Double(size) * 1.05, "\(largest) bytes")
        #expect(Double(largest) >= Double(size) * 0.8, "\(largest) bytes")
        let kept = try #require(Int64(try rows("SELECT count(*) FROM connection")[0]))
        #expect(try rows("SELECT max(id), max(id) - min(id) + 1 FROM connection") == ["\(last)|\(kept)"])
        #expect(kept > 20_000)
        #expect(try rows("PRAGMA integrity_check") == ["ok"])
        // Minutes outlive seconds.
        #expect(try rows("SELECT count(*) FROM sample_real_server_minute") == ["4"])
        // Every address that a row names is there, and not many that none does.
        #expect(
            try rows("SELECT count(*) FROM connection WHERE client >> 16 NOT IN (SELECT id FROM address)") == ["0"])
        let addresses = try #require(Int64(try rows("SELECT count(*) FROM address")[0]))
        #expect(addresses < kept * 3 / 2, "\(addresses) addresses for \(kept) connections")
    }

    @Test func `addresses that connections named again are kept`() throws {
        let limits = RetentionLimits(age: .seconds(20))
        // All of 500 clients come again and again, so that every walk finds all of them in use.
        for batch in 0..<30 as Range<Int64> {
            try store.write(connections(batch * 2_000 + 1...(batch + 1) * 2_000, clients: 500), run: run)
            try trim(limits, now: ExampleRun.time((batch + 1) * 2_000))
        }
        // And a few old ones do not.
        #expect(try rows("SELECT count(*) FROM address WHERE text LIKE '10.0.%'") == ["500"])
        #expect(
            try rows("SELECT count(*) FROM connection WHERE client >> 16 NOT IN (SELECT id FROM address)") == ["0"])
        #expect(try rows("SELECT count(*) FROM connections") == rows("SELECT count(*) FROM connection"))
    }

    @Test func `space is given back to the file system in steps`() throws {
        for batch in 0..<20 as Range<Int64> {
            try store.write(connections(batch * 2_000 + 1...(batch + 1) * 2_000, clients: 50), run: run)
        }
        try store.sync()
        let before = store.fileSizes.database
        let limits = RetentionLimits(age: .seconds(5))
        try trim(limits, now: ExampleRun.time(40_000))
        for _ in 0..<20 { try trim(limits, now: ExampleRun.time(40_000)) }
        try store.sync()
        #expect(store.fileSizes.database < before / 2)
        #expect(try rows("PRAGMA integrity_check") == ["ok"])
    }
}
