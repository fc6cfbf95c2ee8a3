import ConnectionTracing
import IPVSModel
import PacketDecoding
import Testing

/// Rows of the kernel's table that are known before any packet of their connection.
struct AdoptedRowTests {
    /// Reads a row twice: only one that stays is taken in.
    private static func adopt(
        _ stage: inout Stage, _ connection: Conversation, _ state: ConnectionState, _ expiresIn: UInt32 = 100
    ) {
        for _ in 0..<2 { stage.observe([.row(connection, state, expiresIn)]) }
        stage.now += Stage.step
    }

    @Test func `its first packets belong to it, and to its real server`() {
        var stage = Stage()
        var connection = Conversation("192.168.122.1:40000", to: .rs2)
        Self.adopt(&stage, connection, .established, 800)
        #expect(stage.server(.rs2).activeEntries == 1)
        stage.client(&connection, .ack, payload: 10, seen: .vip)
        stage.closeByServer(&connection)
        let records = stage.finish()
        #expect(records.map(\.origin) == [.beganBefore])
        #expect(records.map(\.outcome) == [.closed])
        #expect(records.map(\.realServer) == [.rs2])
        #expect(stage.server(.rs2).captured.connections == 0)
        #expect(stage.server(.rs2).captured.inPackets == 2)
        #expect(stage.cause("began_before_capture") == 1)
    }

    @Test func `one without packets is never written, and leaves when its timer runs out`() {
        var stage = Stage()
        Self.adopt(&stage, Conversation("192.168.122.1:40000", to: .rs2), .timeWait, 100)
        #expect(stage.server(.rs2).inactiveEntries == 1)
        #expect(stage.server(.rs2).openConnections == 1)
        #expect(stage.finish(after: 130).isEmpty)
        #expect(stage.tracer.summary().trackedConnections == 0)
        #expect(stage.server(.rs2).inactiveEntries == 0)
        #expect(stage.server(.rs2).openConnections == 0)
        #expect(stage.cause("began_before_capture") == 0)
    }

    @Test(arguments: [ConnectionState.established, .timeWait])
    func `a SYN on it follows its real server unless the entry is spent`(state: ConnectionState) {
        let isSpent = state == .timeWait
        var stage = Stage()
        Self.adopt(&stage, Conversation("192.168.122.1:40000", to: .rs2), state)
        var connection = Conversation("192.168.122.1:40000", to: isSpent ? .rs3 : .rs2)
        stage.client(&connection, .syn, seen: .vip)
        #expect(stage.server(.rs2).activeEntries == (isSpent ? 0 : 1))
        stage.client(&connection, .syn, seen: .dip, repeated: 1_000)
        stage.server(&connection, [.syn, .ack])
        stage.client(&connection, .ack)
        let records = stage.finish()
        #expect(records.map(\.origin) == [isSpent ? .assignedOnReusedPort : .sameEntry])
        #expect(records.map(\.realServer) == [isSpent ? .rs3 : .rs2])
        #expect([Endpoint.rs2, .rs3].map { stage.server($0).captured.connections } == (isSpent ? [0, 1] : [0, 0]))
    }

    @Test func `a row read before its own SYN got here is that SYN's`() {
        var stage = Stage()
        var connection = Conversation("192.168.122.1:40000", to: .rs2)
        let rows = [ConnectionEntry.row(connection, .synReceived, 59)]
        let later = Timestamp(rawValue: stage.now + 1_000_000_000)
        for _ in 0..<2 { stage.tracer.observe(rows, began: later) }
        stage.open(&connection)
        let records = stage.finish()
        #expect(records.map(\.origin) == [.assigned])
        #expect(stage.server(.rs2).captured.connections == 1)
        #expect(stage.server(.rs2).activeEntries == 1)
        #expect(stage.cause("began_before_capture") == 0)
        #expect(stage.cause("same_entry") == 0)
    }
}
