import ConnectionTracing
import IPVSModel
import PacketDecoding
import Testing

/// A kernel state that a SYN may find, and how to get there.
enum FoundState: String, CaseIterable, Sendable {
    case synReceived = "SYN_RECV"
    case established = "ESTABLISHED"
    case closeWait = "CLOSE_WAIT"
    case finWait = "FIN_WAIT"
    case timeWait = "TIME_WAIT"
    case close = "CLOSE"

    func play(_ stage: inout Stage, _ connection: inout Conversation) {
        guard self != .synReceived else { return stage.client(&connection, .syn) }
        stage.open(&connection)
        switch self {
        case .synReceived, .established: break
        case .closeWait: stage.client(&connection, [.fin, .ack])
        case .finWait: stage.server(&connection, [.fin, .ack])
        case .timeWait: stage.closeByClient(&connection)
        case .close: stage.client(&connection, .rst)
        }
    }

    var isSpent: Bool { self == .timeWait || self == .close }
}

struct PortReuseTests {
    @Test(arguments: FoundState.allCases, [0, 1])
    func `a SYN on an old entry is scheduled anew only if the entry is spent and the mode allows it`(
        state: FoundState, mode: Int
    ) {
        var stage = Stage(reuseMode: mode)
        var first = Conversation("192.168.122.1:40000", to: .rs1)
        state.play(&stage, &first)
        let isRescheduled = state.isSpent && mode == 1
        var second = first.again(to: isRescheduled ? .rs2 : .rs1)
        stage.open(&second)
        stage.closeByClient(&second)
        let records = stage.finish()

        #expect(records.count == 2)
        #expect(records.first?.state.connectionState.rawValue == state.rawValue)
        #expect(records.last?.origin == (isRescheduled ? .assignedOnReusedPort : .sameEntry))
        #expect(records.last?.realServer == second.server)
        #expect(records.last?.outcome == .closed)
        #expect(stage.server(.rs1).captured.connections == 1)
        #expect(stage.server(.rs2).captured.connections == (isRescheduled ? 1 : 0))
        #expect(stage.cause("port_reuse") == (isRescheduled ? 1 : 0))
        #expect(stage.cause("same_entry") == (isRescheduled ? 0 : 1))
        #expect(stage.events.filter { $0.kind == .portReused }.count == 1)
        #expect(stage.server(.rs1).openConnections == (state.isSpent ? 0 : stage.server(.rs1).openConnections))
    }

    @Test(arguments: FoundState.allCases)
    func `a persistent service never schedules an old entry anew`(state: FoundState) {
        var stage = Stage(.persistent)
        var first = Conversation("192.168.122.1:40000")
        state.play(&stage, &first)
        var second = first.again()
        stage.open(&second)
        let records = stage.finish()
        #expect(records.map(\.origin) == [.assigned, .sameEntry])
        #expect(stage.server(.rs1).captured.connections == 1)
    }

    @Test(arguments: FoundState.allCases)
    func `a handshake on a live entry goes on from the entry's state`(state: FoundState) {
        var stage = Stage(reuseMode: 0)
        var first = Conversation("192.168.122.1:40000")
        state.play(&stage, &first)
        var second = first.again()
        stage.client(&second, .syn)
        let records = stage.finish()
        // ESTABLISHED stays; everything else goes to SYN_RECV.
        #expect(records.last?.state == (state == .established ? .established : .synReceived))
    }

    @Test func `a SYN after the entry's timer ran out is an ordinary assignment`() {
        var stage = Stage()
        var first = Conversation("192.168.122.1:40000")
        stage.open(&first)
        stage.closeByClient(&first)
        stage.now += 200_000_000_000
        var second = first.again(to: .rs2)
        stage.open(&second)
        let records = stage.finish()
        #expect(records.map(\.origin) == [.assigned, .assigned])
        #expect(stage.cause("port_reuse") == 0)
        #expect(stage.cause("entry_expired") == 1)
    }

    @Test(arguments: 1...4)
    func `a repeated SYN is a retransmission and no connection`(repetitions: Int) {
        var stage = Stage()
        var connection = Conversation("192.168.122.1:40000")
        stage.client(&connection, .syn)
        for _ in 0..<repetitions { stage.client(&connection, .syn, repeated: 1_000) }
        stage.server(&connection, [.syn, .ack])
        stage.client(&connection, .ack)
        let records = stage.finish()
        #expect(records.map(\.origin) == [.assigned])
        #expect(records.map(\.vip.inRepeated) == [UInt16(repetitions)])
        #expect(stage.server(.rs1).captured.connections == 1)
        #expect(stage.server(.rs1).troubles.synRetransmissions == [.realServerSilent: UInt64(repetitions)])
        #expect(stage.cause("retransmission") == UInt64(repetitions))
        #expect(stage.events.map(\.kind) == [.synRetransmitted])
    }

    @Test func `SYNs repeated before the real server is known are counted on none`() {
        var stage = Stage()
        var connection = Conversation("192.168.122.1:40000")
        stage.client(&connection, .syn, seen: .vip)
        for _ in 0..<3 { stage.client(&connection, .syn, seen: .vip, repeated: 1_000) }
        stage.client(&connection, .syn, repeated: 1_000)
        #expect(stage.cause("retransmission") == 4)
        #expect(stage.trace().troubles.synRetransmissions == [.notForwarded: 4])
        #expect(stage.server(.rs1).troubles.synRetransmissions == [:])
    }

    @Test func `a refused SYN that is tried again with its old number is scheduled again`() {
        // Windows clients do: three times, with one initial sequence number.
        var stage = Stage()
        var connection = Conversation("192.168.122.1:40000", to: .rs1)
        for server in [Endpoint.rs1, .rs2, .rs3] {
            connection.server = server
            stage.client(&connection, .syn, repeated: 1_000)
            connection.clientNext = 1_001
            stage.server(&connection, [.rst, .ack], repeated: 0)
            stage.wait(seconds: 0.5)
        }
        let records = stage.finish()
        #expect(records.map(\.outcome) == [.refused, .refused, .refused])
        #expect(records.map(\.realServer) == [.rs1, .rs2, .rs3])
        #expect(stage.cause("retransmission") == 0)
        #expect([Endpoint.rs1, .rs2, .rs3].map { stage.server($0).captured.connections } == [1, 1, 1])
    }

    @Test func `a new handshake over a connection that began before is not taken for part of it`() {
        var stage = Stage(.alone)
        var old = Conversation("192.168.122.1:40000", to: .rs1)
        stage.exchange(&old)
        stage.closeByClient(&old)
        var new = old.again(to: .rs2)
        stage.open(&new)
        stage.closeByClient(&new)
        let records = stage.finish()
        #expect(records.map(\.origin) == [.beganBefore, .assignedOnReusedPort])
        #expect(records.map(\.realServer) == [.rs1, .rs2])
        #expect(stage.server(.rs2).captured.connections == 1)
        #expect(stage.server(.rs1).captured.connections == 0)
    }

    @Test func `late packets of the predecessor are not the successor's`() {
        var stage = Stage()
        var old = Conversation("192.168.122.1:40000", to: .rs1)
        stage.open(&old)
        stage.closeByClient(&old)
        var new = old.again(to: .rs2)
        stage.client(&new, .syn, seen: .vip)
        // Before and after the successor's real server is known.
        stage.server(&old, .ack, seen: .dip)
        stage.client(&new, .syn, seen: .dip, repeated: new.clientNext - 1)
        stage.server(&old, .ack, seen: .dip)
        stage.server(&new, [.syn, .ack])
        stage.client(&new, .ack)
        let records = stage.finish()
        #expect(records.map(\.realServer) == [.rs1, .rs2])
        #expect(records.last?.dip.outPackets == 1)
        #expect(stage.trace().unmatchedPackets == 2)
    }

    @Test(arguments: [Sides.vip, .dip])
    func `a reused port is noticed though one side lost the SYN`(seen: Sides) {
        var stage = Stage(.alone)
        var old = Conversation("192.168.122.1:40000", to: .rs1)
        stage.open(&old)
        stage.closeByClient(&old)
        var new = old.again(to: .rs1)
        stage.client(&new, .syn, seen: seen)
        stage.server(&new, [.syn, .ack])
        stage.client(&new, .ack)
        let records = stage.finish()
        #expect(records.map(\.origin) == [.assigned, .assignedOnReusedPort])
        #expect(records.map(\.realServer) == [.rs1, .rs1])
        #expect(stage.server(.rs1).captured.connections == 2)
    }

    @Test func `a thousand reuses of one port are a thousand assignments`() {
        var stage = Stage()
        var connection = Conversation("192.168.122.1:40000")
        for index in 0..<1_000 {
            connection = connection.again(to: [.rs1, .rs2, .rs3][index % 3])
            stage.open(&connection)
            stage.closeByClient(&connection)
        }
        let records = stage.finish()
        #expect(records.count == 1_000)
        #expect(records.map(\.realServer) == (0..<1_000).map { [.rs1, .rs2, .rs3][$0 % 3] })
        #expect(stage.cause("port_reuse") == 999)
        #expect(stage.tracer.summary().trackedConnections == 1)
    }
}
