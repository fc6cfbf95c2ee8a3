import ConnectionTracing
import IPVSModel
import Testing
import TraceStore

/// A database read while it is written to.
struct FeedTests {
    private let folder: TemporaryFolder
    private let writer: TraceStore
    private let reader: TraceStore
    private let run: Int64

    init() throws {
        folder = try TemporaryFolder()
        writer = try TraceStore.open(path: folder.path("test.sqlite"))
        run = try writer.beginRun(name: "first", started: ExampleRun.start)
        reader = try TraceStore.openReadOnly(path: folder.path("test.sqlite"))
    }

    private func write(_ ids: Int64..., events: [TraceEvent] = []) throws {
        try writer.write(
            StoreBatch(
                connections: ids.map {
                    .http($0, at: ExampleRun.time($0 * 10), client: ExampleRun.client, to: .rs1)
                }, events: events), run: run)
    }

    private func ids(_ observations: [Observation]) -> [Int64] {
        observations.compactMap { if case .connection(let connection) = $0 { connection.id } else { nil } }
    }

    @Test func `what is written is told once, what was there before not`() throws {
        try write(1, 2)
        var feed = try ConnectionFeed(following: reader)
        #expect(try feed.next().isEmpty)
        try write(3)
        #expect(try ids(feed.next()) == [3])
        #expect(try feed.next().isEmpty)
        try write(3, 4)
        #expect(try ids(feed.next()) == [4])
        #expect(try feed.next().isEmpty)
    }

    @Test func `a connection that outlasts younger ones is told when it ends`() throws {
        try write(1, 4)
        var feed = try ConnectionFeed(following: reader)
        try write(7)
        #expect(try ids(feed.next()) == [7])
        try write(2, 6)
        #expect(try ids(feed.next()) == [2, 6])
        try write(3, 5, 8)
        #expect(try ids(feed.next()) == [3, 5, 8])
        try write(2)
        #expect(try ids(feed.next()) == [])
    }

    @Test func `what began since a moment comes first`() throws {
        try write(1, 2, 3)
        var feed = try ConnectionFeed(following: reader, since: ExampleRun.time(20))
        #expect(try ids(feed.next()) == [2, 3])
        try write(5)
        #expect(try ids(feed.next()) == [5])
        try write(4)
        #expect(try ids(feed.next()) == [4])
    }

    @Test func `troubles are told once, with the client of their connection`() throws {
        var feed = try ConnectionFeed(following: reader)
        let trouble = TraceEvent(
            time: ExampleRun.time(15), kind: .refused, virtualService: .web, realServer: .rs1, connection: 1,
            detail: "RST")
        try write(1, 2, events: [trouble, TraceEvent(time: ExampleRun.time(16), kind: .captureLoss, detail: "1")])
        let found = try feed.next()
        #expect(found.count == 3)
        guard case .trouble(let told) = found[1] else {
            Issue.record("\(found)")
            return
        }
        #expect(told.kind == "refused")
        #expect(told.client == ExampleRun.client)
        #expect(told.realServer == .rs1)
        #expect(told.virtualService == .web)
        #expect(try feed.next().isEmpty)
    }

    @Test func `of a run everything is told, in pieces, and nothing of another`() throws {
        let records = (1...12_000).map {
            ConnectionRecord.http(Int64($0), at: ExampleRun.time(Int64($0)), client: ExampleRun.client, to: .rs1)
        }
        try writer.write(records, run: run)
        let second = try writer.beginRun(name: "second", started: ExampleRun.time(20_000))
        try writer.write(
            [.http(12_001, at: ExampleRun.time(20_000), client: ExampleRun.client, to: .rs2)], run: second)
        var feed = ConnectionFeed(of: run, in: reader)
        var told: [Int64] = []
        while true {
            let found = try feed.next()
            if found.isEmpty { break }
            told += ids(found)
        }
        #expect(told == Array(1...12_000))
        var other = ConnectionFeed(of: second, in: reader)
        #expect(try ids(other.next()) == [12_001])
    }

    @Test func `a connection is told by names, its times in seconds`() throws {
        var feed = try ConnectionFeed(following: reader)
        try write(1)
        guard case .connection(let connection) = try #require(try feed.next().first) else {
            Issue.record("no connection")
            return
        }
        #expect(connection.virtualService == .web)
        #expect(connection.client == ExampleRun.client)
        #expect(connection.realServer == .rs1)
        #expect(connection.origin == "assigned")
        #expect(connection.outcome == .closed)
        #expect(connection.realServerConnect == 0.000_5)
        #expect(connection.clientHandshake == 0.001)
        #expect(connection.timeToFirstByte == 0.038_4)
        #expect(connection.duration == 0.045)
        #expect(
            [connection.packetsIn, connection.packetsOut, connection.bytesIn, connection.bytesOut] == [6, 5, 600, 500])
    }
}
