import ConnectionTracing
import IPVSModel
import PacketDecoding
import Testing

/// Direct routing and tunnels: replies bypass the director.
struct ForwardingMethodTests {
    private static let links: [Endpoint: UInt64] = [.rs1: 0x0242_0a0a_0a0a, .rs2: 0x0242_0a0a_0a14]

    private static func state(_ method: ForwardingMethod) -> KernelState {
        var service = VirtualService.stage(.tcp, .web, [.rs1, .rs2])
        for index in service.realServers.indices { service.realServers[index].forwardingMethod = method }
        var state = KernelState.state([service])
        for (server, link) in links { state.neighbours[server.address] = LinkAddress(bits: link) }
        return state
    }

    private static func stage(_ method: ForwardingMethod) -> Stage {
        var stage = Stage([])
        stage.tracer.update(to: state(method))
        return stage
    }

    private static func conversation(
        _ method: ForwardingMethod, port: Int = 40_000, to server: Endpoint = .rs1
    ) -> Conversation {
        var conversation = Conversation("192.168.122.1:\(port)", to: server)
        if method == .directRouting { conversation.link = links[server]! }
        return conversation
    }

    @Test(arguments: [ForwardingMethod.directRouting, .tunnel])
    func `the client's packets alone tell the states, and its FIN closes`(method: ForwardingMethod) throws {
        var stage = Self.stage(method)
        var connection = Self.conversation(method)
        stage.client(&connection, .syn)
        #expect(stage.server(.rs1).activeEntries == 1)
        stage.client(&connection, .ack)
        stage.client(&connection, [.psh, .ack], payload: 70)
        #expect(stage.server(.rs1).openConnections == 1)
        stage.client(&connection, [.fin, .ack])
        #expect(stage.server(.rs1).openConnections == 0)
        #expect(stage.server(.rs1).inactiveEntries == 1)
        let record = try #require(stage.finish().first)
        #expect(record.realServer == .rs1)
        #expect(record.origin == .assigned)
        #expect(record.outcome == .closed)
        #expect(record.state == .finWait)
        #expect(record.dip.inPackets == 4)
        #expect(record.requestBytes == 70)
        #expect(stage.server(.rs1).captured.inPackets == 4)
        #expect(stage.events.isEmpty)
    }

    @Test func `with masquerading one FIN would not close`() {
        var stage = Self.stage(.masquerading)
        var connection = Self.conversation(.masquerading)
        stage.open(&connection)
        stage.client(&connection, [.fin, .ack])
        #expect(stage.server(.rs1).openConnections == 1)
    }

    @Test func `real servers of direct routing are told apart by MAC address`() {
        var stage = Self.stage(.directRouting)
        for (port, server) in [(1, Endpoint.rs1), (2, .rs2), (3, .rs2)] {
            var connection = Self.conversation(.directRouting, port: port, to: server)
            stage.client(&connection, .syn)
        }
        var stray = Self.conversation(.directRouting, port: 4)
        stray.link = 0x0242_ffff_ffff
        stage.client(&stray, .syn)
        #expect(stage.finish().map(\.realServer) == [.rs1, .rs2, .rs2, nil])
        #expect(stage.server(.rs2).captured.connections == 2)
    }

    @Test func `a repeated SYN does not blame a real server whose replies are not seen`() {
        var stage = Self.stage(.directRouting)
        var connection = Self.conversation(.directRouting)
        stage.client(&connection, .syn)
        stage.client(&connection, .syn, repeated: 1_000)
        _ = stage.finish()
        #expect(stage.server(.rs1).troubles.synRetransmissions == [.replyUnseen: 1])
        #expect(stage.server(.rs1).troubles.events == [.synRetransmitted: 1])
    }
}
