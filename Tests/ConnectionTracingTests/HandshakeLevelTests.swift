import ConnectionTracing
import IPVSModel
import PacketDecoding
import Testing

/// Only SYN, FIN and RST are captured.
struct HandshakeLevelTests {
    private static func stage(capacity: Int = 1_000) -> Stage {
        var stage = Stage(capacity: capacity)
        stage.tracer.level = .handshake
        return stage
    }

    @Test func `a SYN-ACK that leaves establishes, since the ACK will not be seen`() {
        var stage = Self.stage()
        var connection = Conversation("192.168.122.1:40000")
        stage.client(&connection, .syn)
        stage.server(&connection, [.syn, .ack])
        #expect(stage.server(.rs1).activeEntries == 1)
        stage.client(&connection, .ack, payload: 100, seen: .neither)
        stage.server(&connection, .ack, payload: 5_000, seen: .neither)
        stage.client(&connection, [.fin, .ack])
        #expect(stage.server(.rs1).activeEntries == 0)
        stage.server(&connection, [.fin, .ack])
        let records = stage.finish()
        #expect(records.map(\.outcome) == [.closed])
        #expect(records.map(\.state) == [.timeWait])
        #expect(records.map(\.requestBytes) == [100])
        #expect(records.map(\.responseBytes) == [5_000])
        #expect(stage.events.isEmpty)
    }

    @Test func `one that came in and did not leave does not`() {
        var stage = Self.stage()
        var connection = Conversation("192.168.122.1:40000")
        stage.client(&connection, .syn)
        stage.server(&connection, [.syn, .ack], seen: .dip)
        #expect(stage.finish().map(\.state) == [.synReceived])
    }

    @Test func `idle connections are not taken for half-open ones when room is needed`() {
        var stage = Self.stage(capacity: 64)
        for port in 1...64 {
            var connection = Conversation("192.168.122.1:\(port)")
            stage.client(&connection, .syn)
            if port <= 32 { stage.server(&connection, [.syn, .ack]) }
        }
        for port in 100..<132 {
            var connection = Conversation("192.168.122.1:\(port)")
            stage.client(&connection, .syn)
        }
        stage.collect()
        #expect(stage.records.map(\.client.port) == Array(33...64))
    }
}
