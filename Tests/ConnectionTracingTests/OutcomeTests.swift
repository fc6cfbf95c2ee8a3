import ConnectionTracing
import IPVSModel
import PacketDecoding
import Testing

struct OutcomeTests {
    private static func outcome(
        after seconds: Double = 2, _ play: (inout Stage, inout Conversation) -> Void
    ) throws -> ConnectionRecord {
        var stage = Stage()
        var connection = Conversation("192.168.122.1:40000")
        play(&stage, &connection)
        let records = stage.finish(after: seconds)
        #expect(records.count == 1)
        return try #require(records.first)
    }

    @Test func `both FINs close a connection, whoever begins`() throws {
        let byClient = try Self.outcome { stage, connection in
            stage.open(&connection)
            stage.closeByClient(&connection)
        }
        let byServer = try Self.outcome { stage, connection in
            stage.open(&connection)
            stage.closeByServer(&connection)
        }
        #expect(byClient.outcome == .closed)
        #expect(byServer.outcome == .closed)
        #expect(byClient.state == .timeWait)
        #expect(byServer.state == .timeWait)
    }

    @Test func `a connection written again after its end did not end again`() throws {
        var stage = Stage()
        var connection = Conversation("192.168.122.1:40000")
        stage.open(&connection)
        stage.exchange(&connection)
        stage.wait(seconds: 0.01)
        stage.closeByClient(&connection)
        stage.wait(seconds: 3)
        let first = try #require(stage.records.first)
        #expect(first.outcome == .closed && first.hasJustEnded)
        var latencies = RealServerLatencies()
        latencies.record(first)
        #expect([latencies.connect.count, latencies.firstByte.count, latencies.duration.count] == [1, 1, 1])
        // The kernel's table shows it, which is worth another row.
        stage.observe([.row(connection, .timeWait, 100)])
        let again = try #require(stage.finish().first)
        #expect(stage.timesWritten == [first.id: 2])
        #expect(again.outcome == .closed && !again.hasJustEnded)
    }

    @Test func `one FIN leaves a connection open`() throws {
        let record = try Self.outcome { stage, connection in
            stage.open(&connection)
            stage.client(&connection, [.fin, .ack])
            stage.server(&connection, .ack)
        }
        #expect(record.outcome == .open)
        #expect(record.state == .closeWait)
        #expect(record.vip.end == nil)
    }

    @Test func `a reset is told by who sent it`() throws {
        let byClient = try Self.outcome { stage, connection in
            stage.open(&connection)
            stage.client(&connection, .rst)
        }
        let byServer = try Self.outcome { stage, connection in
            stage.open(&connection)
            stage.server(&connection, [.rst, .ack])
        }
        #expect(byClient.outcome == .resetByClient)
        #expect(byClient.state == .close)
        #expect(byServer.outcome == .resetByRealServer)
    }

    @Test(arguments: [[VirtualService].alone, .persistent])
    func `the director's own reset says that the entry is gone, so the client's next SYN is an assignment`(
        services: [VirtualService]
    ) {
        var stage = Stage(services)
        var connection = Conversation("192.168.122.1:40000")
        stage.open(&connection)
        stage.client(&connection, [.psh, .ack], payload: 10, seen: .vip)
        for _ in 0..<2 { stage.server(&connection, .rst, seen: .vip, repeated: connection.serverNext) }
        var next = connection.again(to: .rs2)
        stage.open(&next)
        let records = stage.finish()
        #expect(records.map(\.outcome) == [.resetByDirector, .open])
        #expect(records.map(\.origin) == [.assigned, .assignedOnReusedPort])
        #expect(records.map(\.realServer) == [.rs1, .rs2])
    }

    @Test(arguments: [true, false])
    func `of two resets the first ended the connection`(isClientFirst: Bool) throws {
        let record = try Self.outcome { stage, connection in
            stage.open(&connection)
            if isClientFirst { stage.client(&connection, .rst) }
            stage.server(&connection, .rst)
            if !isClientFirst { stage.client(&connection, .rst) }
        }
        #expect(record.outcome == (isClientFirst ? .resetByClient : .resetByRealServer))
    }

    @Test(arguments: [true, false])
    func `a reset after both FINs does not undo the closing`(isClient: Bool) throws {
        let record = try Self.outcome { stage, connection in
            stage.open(&connection)
            stage.closeByClient(&connection)
            if isClient { stage.client(&connection, .rst) } else { stage.server(&connection, .rst) }
        }
        #expect(record.outcome == .closed)
    }

    @Test func `a SYN answered with RST is refused`() throws {
        let record = try Self.outcome { stage, connection in
            stage.client(&connection, .syn)
            stage.server(&connection, [.rst, .ack])
        }
        #expect(record.outcome == .refused)
        #expect(record.state == .close)
        #expect(record.realServer == .rs1)
    }

    @Test(arguments: [2.0, 70.0])
    func `a SYN that is forwarded and never answered is unanswered, at once and after its timer`(wait: Double) throws {
        let record = try Self.outcome(after: wait) { stage, connection in
            stage.client(&connection, .syn)
            stage.client(&connection, .syn, repeated: 1_000)
        }
        #expect(record.outcome == .unanswered)
        #expect(record.state == .synReceived)
        #expect(record.realServer == .rs1)
    }

    @Test(arguments: [2.0, 70.0])
    func `a SYN that never leaves on the DIP side is not forwarded`(wait: Double) throws {
        let record = try Self.outcome(after: wait) { stage, connection in
            stage.client(&connection, .syn, seen: .vip)
        }
        #expect(record.outcome == .notForwarded)
        #expect(record.realServer == nil)
    }

    @Test func `what the kernel's table says was scheduled and the DIP side never showed is not forwarded`() throws {
        var stage = Stage()
        var connection = Conversation("192.168.122.1:40000", to: .rs2)
        stage.client(&connection, .syn, seen: .vip)
        stage.observe([.row(connection, .synReceived, 59)])
        let records = stage.finish()
        #expect(records.map(\.outcome) == [.notForwarded])
        #expect(records.map(\.realServer) == [.rs2])
        #expect(stage.server(.rs2).captured.connections == 1)
        #expect(stage.cause("scheduled_not_transmitted") == 1)
    }

    @Test(arguments: [
        (1.0, ConnectionOutcome.open), (880, .open), (970, .expired),
    ])
    func `an established connection expires when its timer has run out`(
        wait: Double, expected: ConnectionOutcome
    ) throws {
        let record = try Self.outcome(after: wait) { stage, connection in
            stage.open(&connection)
            stage.exchange(&connection)
        }
        #expect(record.outcome == expected)
    }

    @Test func `every way to end is counted on its real server, and told as an event once`() {
        var stage = Stage()
        var closed = Conversation("192.168.122.1:1")
        stage.open(&closed)
        stage.closeByClient(&closed)
        var resetByClient = Conversation("192.168.122.1:2")
        stage.open(&resetByClient)
        stage.client(&resetByClient, .rst)
        var resetByServer = Conversation("192.168.122.1:3")
        stage.open(&resetByServer)
        stage.server(&resetByServer, .rst)
        var refused = Conversation("192.168.122.1:4")
        stage.client(&refused, .syn)
        stage.server(&refused, [.rst, .ack])
        var unanswered = Conversation("192.168.122.1:5")
        stage.client(&unanswered, .syn)
        var lost = Conversation("192.168.122.1:6")
        stage.client(&lost, .syn, seen: .vip)
        var idle = Conversation("192.168.122.1:7")
        stage.open(&idle)
        _ = stage.finish(after: 1_000)

        var expected = [UInt64](repeating: 0, count: ConnectionOutcome.allCases.count)
        for outcome in [ConnectionOutcome.closed, .resetByClient, .resetByRealServer, .refused, .unanswered, .expired] {
            expected[Int(outcome.rawValue)] = 1
        }
        #expect(stage.server(.rs1).outcomes == expected)
        #expect(stage.server(.rs1).openConnections == 0)
        #expect(stage.tracer.summary().trackedConnections == 0)
        let kinds = stage.events.map(\.kind.rawValue).sorted()
        #expect(kinds == ["not_forwarded", "refused", "reset_by_client", "reset_by_real_server", "unanswered"])
    }

    @Test func `a late packet after the end changes the record, which is written again`() throws {
        var stage = Stage()
        var connection = Conversation("192.168.122.1:40000")
        stage.open(&connection)
        stage.closeByClient(&connection)
        stage.wait(seconds: 3)
        #expect(stage.records.map(\.vip.inPackets) == [4])
        stage.client(&connection, .ack)
        stage.wait(seconds: 3)
        #expect(stage.records.map(\.vip.inPackets) == [5])
        #expect(stage.timesWritten == [1: 2])
        // Nothing more happens to it: it is not written a third time.
        _ = stage.finish(after: 200)
        #expect(stage.timesWritten == [1: 2])
        #expect(stage.server(.rs1).outcomes[Int(ConnectionOutcome.closed.rawValue)] == 1)
    }

    @Test func `open connections are those that neither ended nor were forgotten`() {
        var stage = Stage()
        var connections = (0..<10).map { Conversation("192.168.122.1:\(40_000 + $0)") }
        for index in connections.indices { stage.open(&connections[index]) }
        #expect(stage.server(.rs1).openConnections == 10)
        for index in 0..<4 { stage.closeByClient(&connections[index]) }
        stage.client(&connections[4], .rst)
        #expect(stage.server(.rs1).openConnections == 5)
        stage.wait(seconds: 200)
        #expect(stage.server(.rs1).openConnections == 5)
        #expect(stage.tracer.summary().trackedConnections == 5)
    }
}
