import ConnectionTracing
import IPVSModel
import PacketDecoding
import Testing

/// Services whose packets do not tell them: by firewall mark, and for any port.
struct FirewallMarkTests {
    private static let http = Endpoint("192.168.122.200:80")!
    private static let https = Endpoint("192.168.122.200:443")!
    private static let server = Endpoint("10.10.10.10:0")!

    private static func stage(_ identity: VirtualServiceIdentity, _ server: Endpoint = server) -> Stage {
        Stage([
            VirtualService(
                identity: identity, scheduler: .roundRobin, realServers: [RealServer(endpoint: server)])
        ])
    }

    private static func conversation(
        _ port: Int, _ virtual: Endpoint = http, sequence: UInt32 = 1_000
    ) -> Conversation {
        Conversation(
            "192.168.122.1:\(port)", virtual, to: Endpoint(address: server.address, port: virtual.port),
            sequence: sequence)
    }

    @Test(arguments: [false, true])
    func `the address of a mark is learned from its first connection, one by one or in a batch`(isBatch: Bool) throws {
        var stage = Self.stage(.firewallMark(7, isIPv6: false))
        if isBatch { stage.held = [] }
        for port in 1...3 {
            var connection = Self.conversation(port)
            stage.open(&connection)
            stage.closeByClient(&connection)
        }
        if isBatch { stage.release() }
        let records = stage.finish()
        #expect(records.map(\.virtualService) == Array(repeating: .firewallMark(7, isIPv6: false), count: 3))
        #expect(records.map(\.origin) == [.assigned, .assigned, .assigned])
        #expect(records.map(\.outcome) == [.closed, .closed, .closed])
        #expect(records.map(\.vip.inPackets) == [4, 4, 4])
        #expect(records.map(\.realServer) == [Self.server, Self.server, Self.server])
        let summary = stage.tracer.summary()
        #expect(summary.foreignPackets == 0)
        #expect(summary.virtualServices[0].realServers[0].captured.connections == 3)
        #expect(summary.virtualServices[0].unmatchedPackets == 0)
    }

    @Test(arguments: [
        VirtualServiceIdentity.firewallMark(7, isIPv6: false), .endpoint(.tcp, Endpoint("192.168.122.200:0")!),
    ])
    func `two ports of one service keep connections of one client port apart`(identity: VirtualServiceIdentity) {
        var stage = Self.stage(identity)
        var plain = Self.conversation(40_000, Self.http, sequence: 1_000)
        var secure = Self.conversation(40_000, Self.https, sequence: 0x8000_0000)
        stage.open(&plain)
        stage.open(&secure)
        stage.exchange(&plain, request: 10, response: 20)
        stage.exchange(&secure, request: 30, response: 40)
        stage.closeByClient(&secure)
        let records = stage.finish()
        #expect(records.map(\.virtualService) == [identity, identity])
        #expect(records.map(\.outcome) == [.open, .closed])
        #expect(records.map(\.requestBytes) == [10, 30])
        #expect(records.map(\.responseBytes) == [20, 40])
        #expect(records.map(\.dip.inPackets) == [4, 6])
    }

    @Test func `two ports of a mark that lead to one port of a real server are told apart by number`() {
        var stage = Self.stage(.firewallMark(7, isIPv6: false), .rs1)
        var plain = Conversation("192.168.122.1:40000", Self.http, to: .rs1, sequence: 1_000)
        var secure = Conversation("192.168.122.1:40000", Self.https, to: .rs1, sequence: 0x8000_0000)
        stage.open(&plain)
        stage.open(&secure)
        stage.client(&plain, [.psh, .ack], payload: 10)
        stage.client(&secure, [.psh, .ack], payload: 30)
        let records = stage.finish()
        #expect(records.map(\.requestBytes) == [10, 30])
        #expect(records.map(\.dip.inPackets) == [3, 3])
        #expect(records.map(\.realServer) == [.rs1, .rs1])
    }

    @Test func `a mark for IPv6 is learned as well`() {
        let server = Endpoint("[fd00:10::10]:0")!
        var stage = Self.stage(.firewallMark(7, isIPv6: true), server)
        var connection = Conversation("[fd00:122::1]:40000", .web6, to: .rs6)
        stage.open(&connection)
        let records = stage.finish()
        #expect(records.map(\.virtualService) == [.firewallMark(7, isIPv6: true)])
        #expect(records.map(\.realServer) == [server])
        #expect(records.map(\.vip.inPackets) == [2])
    }

    @Test func `traffic that no real server gets stays foreign`() {
        var stage = Self.stage(.firewallMark(7, isIPv6: false))
        var other = Self.conversation(40_000)
        stage.client(&other, .syn, seen: .vip)
        stage.server(&other, [.rst, .ack], seen: .vip)
        #expect(stage.finish().isEmpty)
        #expect(stage.tracer.summary().foreignPackets == 2)
    }
}
