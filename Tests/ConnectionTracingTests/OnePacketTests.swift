import ConnectionTracing
import IPVSModel
import PacketDecoding
import Testing

/// One-packet scheduling: the scheduler is asked for every datagram.
struct OnePacketTests {
    private static let servers = (1...3).map { Endpoint("10.10.10.\($0)0:53")! }

    private static func stage(isNumberedLater: Bool = false) -> Stage {
        Stage([.stage(.udp, .names, servers, flags: .onePacket)], isNumberedLater: isNumberedLater)
    }

    private static func query(_ port: Int = 5_000, to server: Endpoint = servers[0]) -> Conversation {
        Conversation("192.168.122.1:\(port)", .names, to: server, transport: 17)
    }

    @Test func `each datagram of one client port is an assignment, and no entry stays`() {
        var stage = Self.stage()
        var query = Self.query()
        for index in 0..<6 {
            query.server = Self.servers[index % 3]
            stage.client(&query, [], payload: 30)
        }
        let records = stage.finish()
        #expect(records.map(\.origin) == Array(repeating: .assigned, count: 6))
        #expect(records.map(\.realServer) == (0..<6).map { Self.servers[$0 % 3] })
        #expect(records.allSatisfy { $0.vip.inPackets == 1 && $0.dip.inPackets == 1 && $0.requestBytes == 30 })
        #expect(Self.servers.map { stage.server($0, of: .names, .udp).captured.connections } == [2, 2, 2])
        #expect(stage.tracer.summary().trackedConnections == 0)
    }

    @Test func `replies are no connections, and no packets of the real server`() {
        var stage = Self.stage()
        var query = Self.query()
        stage.client(&query, [], payload: 30)
        stage.server(&query, [], payload: 90)
        stage.server(&query, [], payload: 90, seen: .dip)
        #expect(stage.finish().count == 1)
        #expect(stage.server(Self.servers[0], of: .names, .udp).captured.outPackets == 0)
    }

    @Test func `datagrams that overtake one another are matched by identification`() {
        var stage = Self.stage()
        var query = Self.query()
        stage.client(&query, [], payload: 30, seen: .vip)
        stage.client(&query, [], payload: 30, seen: .vip)
        query.server = Self.servers[1]
        stage.client(&query, [], payload: 30, seen: .dip, repeated: 1_030)
        query.server = Self.servers[0]
        stage.client(&query, [], payload: 30, seen: .dip, repeated: 1_000)
        #expect(stage.finish().map(\.realServer) == [Self.servers[0], Self.servers[1]])
    }

    @Test(arguments: [false, true])
    func `without an identification the oldest datagram is the one that is sent on`(isNumberedLater: Bool) {
        var stage = Self.stage(isNumberedLater: isNumberedLater)
        var query = Self.query()
        for _ in 0..<3 { stage.client(&query, [], payload: 30, seen: .vip, repeated: 0) }
        for server in Self.servers {
            query.server = server
            stage.client(&query, [], payload: 30, seen: .dip, repeated: 0)
        }
        #expect(stage.finish().map(\.realServer) == Self.servers)
    }

    @Test func `a datagram that is not sent on says so, and one seen on the DIP side alone is none of ours`() {
        var stage = Self.stage()
        var lost = Self.query()
        stage.client(&lost, [], payload: 30, seen: .vip)
        var stray = Self.query(5_001)
        stage.client(&stray, [], payload: 30, seen: .dip)
        #expect(stage.finish().map(\.outcome) == [.notForwarded])
        #expect(stage.trace(.names, .udp).unmatchedPackets == 1)
    }
}
