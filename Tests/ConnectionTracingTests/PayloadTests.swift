import ConnectionTracing
import IPVSModel
import PacketDecoding
import Testing

/// Payload by sequence number: what was sent again counts once.
struct PayloadTests {
    @Test func `retransmitted segments count once, and SYN and FIN not at all`() {
        var stage = Stage()
        var connection = Conversation("192.168.122.1:40000")
        stage.open(&connection)
        stage.client(&connection, .ack, payload: 300)
        stage.client(&connection, .ack, payload: 300, repeated: connection.clientNext &- 300)
        stage.server(&connection, .ack, payload: 500)
        stage.server(&connection, .ack, payload: 500, repeated: connection.serverNext &- 500)
        stage.closeByClient(&connection)
        let records = stage.finish()
        #expect(records.map(\.requestBytes) == [300])
        #expect(records.map(\.responseBytes) == [500])
    }

    @Test func `segments that were not captured count, as the numbers show them`() {
        var stage = Stage()
        var connection = Conversation("192.168.122.1:40000")
        stage.open(&connection)
        stage.client(&connection, .ack, payload: 1_000, seen: .neither)
        stage.client(&connection, .ack, payload: 10)
        #expect(stage.finish().map(\.requestBytes) == [1_010])
    }

    @Test(arguments: [UInt32(1_000), .max, .max - 1, 0])
    func `more than twice 4 GiB are counted, wherever the numbers begin`(sequence: UInt32) {
        var stage = Stage()
        var connection = Conversation("192.168.122.1:40000", sequence: sequence)
        stage.open(&connection)
        // Segments of 1 GiB stand for many small ones.
        for _ in 0..<9 { stage.client(&connection, .ack, payload: 1 << 30) }
        for _ in 0..<10 { stage.server(&connection, .ack, payload: 1 << 30) }
        stage.closeByServer(&connection)
        let records = stage.finish()
        #expect(records.map(\.requestBytes) == [9 << 30])
        #expect(records.map(\.responseBytes) == [10 << 30])
    }

    @Test func `of a connection that began before the capture what was seen of it counts`() {
        var stage = Stage()
        var connection = Conversation("192.168.122.1:40000", sequence: 4_000_000_000)
        stage.client(&connection, .ack, payload: 100)
        stage.server(&connection, .ack, payload: 200)
        stage.client(&connection, .ack, payload: 400_000_000)
        let records = stage.finish()
        #expect(records.map(\.origin) == [.beganBefore])
        #expect(records.map(\.requestBytes) == [400_000_100])
        #expect(records.map(\.responseBytes) == [200])
    }

    @Test func `of UDP the payloads are added up`() {
        var stage = Stage()
        var query = Conversation("192.168.122.1:5000", .names, to: .dns1, transport: 17)
        for _ in 0..<5 {
            stage.client(&query, [], payload: 1 << 30)
            stage.server(&query, [], payload: 90)
        }
        let records = stage.finish()
        #expect(records.map(\.requestBytes) == [5 << 30])
        #expect(records.map(\.responseBytes) == [450])
    }

    @Test func `where only the DIP side was seen, it is what counts`() {
        var stage = Stage(.alone)
        var connection = Conversation("192.168.122.1:40000")
        stage.client(&connection, .syn, seen: .dip)
        stage.server(&connection, [.syn, .ack], seen: .dip)
        stage.client(&connection, .ack, payload: 20, seen: .dip)
        stage.server(&connection, .ack, payload: 30, seen: .dip)
        let records = stage.finish()
        #expect(records.map(\.requestBytes) == [20])
        #expect(records.map(\.responseBytes) == [30])
    }
}
