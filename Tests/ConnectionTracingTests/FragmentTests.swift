import ConnectionTracing
import IPVSModel
import PacketDecoding
import Testing

struct FragmentTests {
    @Test func `later fragments add bytes to their connection and its real server, and no packets`() throws {
        var stage = Stage()
        var query = Conversation("192.168.122.1:5000", .names, to: .dns1, transport: 17)
        stage.client(&query, [], payload: 1_472)
        stage.fragment(query, isIn: true, payload: 500)
        stage.server(&query, [], payload: 1_472)
        stage.fragment(query, isIn: false, payload: 700)
        let server = stage.server(.dns1, of: .names, .udp)
        #expect(server.captured.inPackets == 1)
        #expect(server.captured.inBytes == 2_012)
        #expect(server.captured.outPackets == 1)
        #expect(server.captured.outBytes == 2_212)
        #expect(server.translated.outBytes == 2_212)
        let record = try #require(stage.finish().first)
        #expect(
            [record.vip.inPackets, record.vip.outPackets, record.dip.inPackets, record.dip.outPackets] == [1, 1, 1, 1])
        #expect(
            [record.vip.inBytes, record.vip.outBytes, record.dip.inBytes, record.dip.outBytes] == [
                2_012, 2_212, 2_012, 2_212,
            ])
        #expect(record.requestBytes == 1_972)
        #expect(record.responseBytes == 2_172)
    }

    @Test func `a fragment of no connection is counted and makes none`() {
        var stage = Stage()
        stage.fragment(Conversation("192.168.122.1:5000", .names, to: .dns1, transport: 17), isIn: true, payload: 9)
        #expect(stage.finish().isEmpty)
        #expect(stage.trace(.names, .udp).unmatchedPackets == 2)
    }
}
