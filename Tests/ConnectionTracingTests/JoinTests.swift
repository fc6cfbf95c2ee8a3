import ConnectionTracing
import IPVSModel
import PacketDecoding
import Testing

struct JoinTests {
    @Test(arguments: [
        (Endpoint.web, Endpoint.rs2, "192.168.122.1:40000"), (.web6, .rs6, "[fd00:122::1]:40000"),
    ])
    func `both sides of a connection become one record`(virtual: Endpoint, server: Endpoint, client: String) throws {
        var stage = Stage()
        let start = stage.now
        var connection = Conversation(client, virtual, to: server)
        stage.open(&connection)
        stage.exchange(&connection, request: 100, response: 500)
        stage.closeByClient(&connection)
        let records = stage.finish()

        let record = try #require(records.first)
        #expect(records.count == 1)
        #expect(record.virtualService == .endpoint(.tcp, virtual))
        #expect(record.client == connection.client)
        #expect(record.realServer == server)
        #expect(record.transportProtocol == .tcp)
        #expect(record.origin == .assigned)
        #expect(record.outcome == .closed)
        #expect(record.state == .timeWait)
        #expect(record.firstSeen.rawValue == start)
        #expect(record.lastSeen.rawValue == start + 8 * Stage.step + Stage.forwarding)
        for side in [record.vip, record.dip] {
            #expect(side.inPackets == 6)
            #expect(side.outPackets == 3)
            #expect(side.inBytes == 6 * 40 + 100)
            #expect(side.outBytes == 3 * 40 + 500)
            #expect(side.inRepeated == 0)
            #expect(side.outRepeated == 0)
        }
        let captured = stage.server(server, of: virtual).captured
        #expect(
            captured == TrafficCounters(connections: 1, inPackets: 6, outPackets: 3, inBytes: 340, outBytes: 620))
    }

    @Test func `every time is taken on its own side, after the first packet`() throws {
        var stage = Stage()
        var connection = Conversation("192.168.122.1:40000")
        stage.open(&connection)
        stage.exchange(&connection)
        stage.closeByServer(&connection)
        let record = try #require(stage.finish().first)

        let at = { (step: Int64, isForwarded: Bool) -> Duration? in
            .nanoseconds(step * Stage.step + (isForwarded ? Stage.forwarding : 0))
        }
        #expect(record.vip.syn == at(0, false))
        #expect(record.dip.syn == at(0, true))
        #expect(record.dip.synAck == at(1, false))
        #expect(record.vip.synAck == at(1, true))
        #expect(record.vip.ack == at(2, false))
        #expect(record.dip.ack == at(2, true))
        #expect(record.vip.firstRequest == at(3, false))
        #expect(record.dip.firstRequest == at(3, true))
        #expect(record.dip.firstResponse == at(4, false))
        #expect(record.vip.firstResponse == at(4, true))
        // The second FIN: the client's.
        #expect(record.vip.end == at(7, false))
        #expect(record.dip.end == at(7, true))
    }

    @Test func `the connect latency is translated SYN out to SYN-ACK in, once a connection`() {
        var stage = Stage()
        for port in 0..<5 {
            var connection = Conversation("192.168.122.1:\(40_000 + port)")
            stage.client(&connection, .syn)
            stage.now += 900_000
            stage.server(&connection, [.syn, .ack])
            stage.server(&connection, [.syn, .ack], repeated: 900_000)
        }
        var expected = LatencyHistogram()
        for _ in 0..<5 { expected.record(nanoseconds: 1_000_000 - Stage.forwarding) }
        #expect(stage.server(.rs1).connectLatency == expected)
    }

    @Test(arguments: [UInt32.max - 2, .max, 0, 0x7fff_ffff])
    func `sequence numbers wrap without looking repeated`(start: UInt32) throws {
        var stage = Stage()
        var connection = Conversation("192.168.122.1:40000", sequence: start)
        connection.serverNext = start
        stage.open(&connection)
        for _ in 0..<4 { stage.exchange(&connection) }
        stage.closeByClient(&connection)
        let record = try #require(stage.finish().first)
        #expect(record.vip.inRepeated == 0)
        #expect(record.dip.outRepeated == 0)
        #expect(record.outcome == .closed)
    }

    @Test func `segments that carry nothing new are counted on their side and in their direction`() throws {
        var stage = Stage()
        var connection = Conversation("192.168.122.1:40000")
        stage.open(&connection)
        stage.exchange(&connection, request: 100, response: 500)
        stage.client(&connection, [.psh, .ack], payload: 100, repeated: connection.clientNext - 100)
        stage.client(&connection, [.psh, .ack], payload: 100, seen: .vip, repeated: connection.clientNext - 100)
        stage.server(&connection, [.psh, .ack], payload: 500, seen: .dip, repeated: connection.serverNext - 500)
        // Nothing in them at all: not repeated.
        for _ in 0..<3 { stage.client(&connection, .ack) }
        let record = try #require(stage.finish().first)
        #expect(record.vip.inRepeated == 2)
        #expect(record.dip.inRepeated == 1)
        #expect(record.vip.outRepeated == 0)
        #expect(record.dip.outRepeated == 1)
    }

    @Test func `a SYN that only the DIP side saw is an assignment, and the VIP side joins it`() throws {
        var stage = Stage(.alone)
        var connection = Conversation("192.168.122.1:40000", to: .rs3)
        stage.client(&connection, .syn, seen: .dip)
        stage.server(&connection, [.syn, .ack])
        stage.client(&connection, .ack)
        stage.exchange(&connection)
        stage.closeByClient(&connection)
        let records = stage.finish()
        #expect(records.map(\.origin) == [.assigned])
        #expect(records.map(\.realServer) == [.rs3])
        #expect(records.map(\.vip.inPackets) == [5])
        #expect(records.map(\.dip.inPackets) == [6])
        #expect(stage.server(.rs3).captured.connections == 1)
    }

    @Test func `a SYN that only the VIP side saw is assigned as soon as the real server shows`() throws {
        var stage = Stage()
        var connection = Conversation("192.168.122.1:40000", to: .rs2)
        stage.client(&connection, .syn, seen: .vip)
        #expect(stage.server(.rs2).captured.connections == 0)
        stage.server(&connection, [.syn, .ack])
        #expect(stage.server(.rs2).captured.connections == 1)
        #expect(stage.server(.rs2).captured.inPackets == 1)
        stage.client(&connection, .ack)
        let records = stage.finish()
        #expect(records.map(\.realServer) == [.rs2])
        #expect(records.map(\.dip.inPackets) == [1])
    }

    @Test(arguments: [true, false], [Sides.both, .vip, .dip])
    func `a connection met in its middle began before, and is no assignment`(isClient: Bool, seen: Sides) throws {
        var stage = Stage(.alone)
        var connection = Conversation("192.168.122.1:40000", to: .rs2)
        if isClient {
            stage.client(&connection, [.psh, .ack], payload: 10, seen: seen)
        } else {
            stage.server(&connection, [.psh, .ack], payload: 10, seen: seen)
        }
        stage.exchange(&connection)
        stage.closeByClient(&connection)
        let records = stage.finish()
        #expect(records.map(\.origin) == [.beganBefore])
        #expect(records.map(\.realServer) == [.rs2])
        #expect(records.map(\.outcome) == [.closed])
        #expect(stage.server(.rs2).captured.connections == 0)
        #expect(stage.cause("began_before_capture") == 1)
    }

    @Test func `one-armed, both sides are told apart on one interface`() throws {
        var stage = Stage()
        var connection = Conversation("192.168.122.1:40000")
        stage.isOneArmed = true
        stage.open(&connection)
        stage.closeByClient(&connection)
        let record = try #require(stage.finish().first)
        #expect(record.vip.inPackets == 4)
        #expect(record.dip.inPackets == 4)
        #expect(record.realServer == .rs1)
    }

    @Test func `packets of nobody's, and of the wrong side, are foreign`() {
        var stage = Stage()
        var stranger = Conversation(
            "192.168.122.1:40000", Endpoint("192.168.122.7:80")!, to: Endpoint("10.10.10.77:80")!)
        stage.client(&stranger, .syn)
        var connection = Conversation("192.168.122.1:40000", .rs1, to: .web)
        stage.client(&connection, .syn)
        #expect(stage.tracer.summary().foreignPackets == 4)
        #expect(stage.finish().isEmpty)
    }

    @Test func `ids grow with the time a connection was first seen, from where they are told to begin`() {
        var tracer = ConnectionTracer(capacity: 100, firstConnectionID: 501)
        tracer.update(to: .state(.stage))
        var stage = Stage()
        swap(&stage.tracer, &tracer)
        for port in 0..<50 {
            var connection = Conversation("192.168.122.1:\(50_000 - port)")
            stage.open(&connection)
            if port % 3 == 0 { stage.closeByClient(&connection) }
        }
        let records = stage.finish()
        #expect(records.map(\.id) == Array(501..<551))
        #expect(records.map(\.firstSeen) == records.map(\.firstSeen).sorted())
    }
}
