import ConnectionTracing
import IPVSModel
import PacketDecoding
import Testing

struct UDPTests {
    private static func query(_ port: Int = 5_000) -> Conversation {
        Conversation("192.168.122.1:\(port)", .names, to: .dns1, transport: 17)
    }

    @Test func `datagrams of a client port are one connection for as long as its timer runs`() throws {
        var stage = Stage()
        var flow = Self.query()
        for _ in 0..<3 {
            stage.client(&flow, [], payload: 30)
            stage.server(&flow, [], payload: 90)
            stage.wait(seconds: 250)
        }
        stage.wait(seconds: 90)
        stage.client(&flow, [], payload: 30)
        let records = stage.finish()
        #expect(records.map(\.origin) == [.assigned, .assigned])
        #expect(records.map(\.outcome) == [.expired, .open])
        let first = try #require(records.first)
        #expect(first.transportProtocol == .udp)
        #expect(first.vip.inPackets == 3)
        #expect(first.dip.outPackets == 3)
        #expect(first.vip.inRepeated == 0)
        #expect(first.state == .udp)
        #expect(first.dip.syn == .nanoseconds(Stage.forwarding))
        #expect(first.dip.synAck == .nanoseconds(Stage.step))
        #expect(stage.server(.dns1, of: .names, .udp).captured.connections == 2)
    }

    @Test func `a datagram that was not forwarded says so`() {
        var stage = Stage()
        var flow = Self.query()
        stage.client(&flow, [], payload: 30, seen: .vip)
        #expect(stage.finish().map(\.outcome) == [.notForwarded])
    }

    @Test(arguments: [Sides.dip, .both])
    func `a datagram from the real server alone is no assignment`(seen: Sides) {
        var stage = Stage()
        var flow = Self.query()
        stage.server(&flow, [], payload: 90, seen: seen)
        let records = stage.finish()
        #expect(!records.contains { $0.origin.isAssignment })
        #expect(stage.server(.dns1, of: .names, .udp).captured.connections == 0)
    }

    @Test func `one client port on TCP and UDP is two connections`() {
        var stage = Stage([.stage(.tcp, .names, [.dns1]), .stage(.udp, .names, [.dns1])])
        var tcp = Conversation("192.168.122.1:5000", .names, to: .dns1)
        var udp = Self.query()
        stage.open(&tcp)
        stage.client(&udp, [], payload: 30)
        let records = stage.finish()
        #expect(records.map(\.transportProtocol) == [.tcp, .udp])
        #expect(records.map(\.vip.inPackets) == [2, 1])
    }
}
