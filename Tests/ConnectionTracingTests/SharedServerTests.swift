import ConnectionTracing
import IPVSModel
import PacketDecoding
import Testing

/// Two virtual services on one real server, and a client that uses one port for both.
struct SharedServerTests {
    @Test func `two services sharing a real server keep their connections apart by client port`() {
        var stage = Stage()
        var one = Conversation("192.168.122.1:40000", .web, to: .rs2, sequence: 1_000)
        var two = Conversation("192.168.122.1:40001", .shop, to: .rs2, sequence: 9_000_000)
        stage.open(&one)
        stage.open(&two)
        stage.exchange(&two)
        stage.closeByClient(&one)
        let records = stage.finish()
        #expect(records.map(\.virtualService) == [.endpoint(.tcp, .web), .endpoint(.tcp, .shop)])
        #expect(records.map(\.outcome) == [.closed, .open])
        #expect(stage.server(.rs2, of: .web).captured.connections == 1)
        #expect(stage.server(.rs2, of: .shop).captured.connections == 1)
    }

    @Test func `with one client port, requests are told apart by number and replies are the newest's`() throws {
        var stage = Stage()
        var one = Conversation("192.168.122.1:40000", .web, to: .rs2, sequence: 1_000)
        var two = Conversation("192.168.122.1:40000", .shop, to: .rs2, sequence: 0x8000_0000)
        stage.open(&one)
        stage.open(&two)
        stage.client(&one, [.psh, .ack], payload: 10)
        stage.client(&two, [.psh, .ack], payload: 20)
        // The kernel finds replies by client and real server alone, and the newest entry first.
        stage.server(&two, [.psh, .ack], payload: 30, seen: .dip)
        let records = stage.finish()
        #expect(records.count == 2)
        let (web, shop) = (try #require(records.first), try #require(records.last))
        #expect(web.dip.inPackets == 3)
        #expect(shop.dip.inPackets == 3)
        #expect(web.dip.outPackets == 1)
        #expect(shop.dip.outPackets == 2)
        #expect(stage.server(.rs2, of: .shop).captured.outPackets == 2)
    }

    @Test func `on the DIP side alone, a shared real server's packets belong to no service, and are counted`() {
        var stage = Stage()
        var lost = Conversation("192.168.122.1:40000", .web, to: .rs2)
        stage.client(&lost, .syn, seen: .dip)
        stage.server(&lost, [.syn, .ack], seen: .dip)
        #expect(stage.finish().isEmpty)
        let unmatched = stage.tracer.summary().virtualServices.reduce(0) { $0 + $1.unmatchedPackets }
        #expect(unmatched == 2)
    }
}
