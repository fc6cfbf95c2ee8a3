import ConnectionTracing
import IPVSModel
import PacketDecoding
import Testing

struct ICMPErrorTests {
    private static func web() -> Conversation { Conversation("192.168.122.1:40000", to: .rs1) }

    @Test func `a real server's error is counted where it comes in, and is no trouble of the director's`() {
        var stage = Stage()
        var query = Conversation("192.168.122.1:5000", .names, to: .dns1, transport: 17)
        stage.client(&query, [], payload: 30)
        stage.error(query, 3, 3, on: .dip)
        stage.error(query, 3, 3, on: .vip)
        let server = stage.server(.dns1, of: .names, .udp)
        #expect(server.captured.outPackets == 1)
        #expect(server.captured.outBytes == 96)
        #expect(server.translated.outPackets == 1)
        let records = stage.finish()
        #expect(records.map(\.origin) == [.assigned])
        #expect(records.map(\.vip.outPackets) == [0])
        #expect(stage.events.isEmpty)
    }

    @Test func `the director's own host-unreachable counts as a reply, and says why nothing was sent on`() {
        var stage = Stage()
        var connection = Self.web()
        stage.client(&connection, .syn, seen: .vip)
        stage.observe([.row(connection, .synReceived, 59)])
        stage.error(connection, 3, 1, on: .vip)
        stage.error(connection, 3, 1, on: .vip)
        #expect(stage.server(.rs1).captured.outPackets == 2)
        #expect(stage.server(.rs1).captured.outBytes == 192)
        #expect(stage.finish(after: 0.5).map(\.outcome) == [.notForwarded])
        #expect(stage.server(.rs1).troubles.events == [.notTransmitted: 1, .notForwarded: 1])
    }

    @Test func `it counts also when the real server is known only afterwards`() {
        var stage = Stage()
        var connection = Self.web()
        stage.client(&connection, .syn, seen: .vip)
        stage.error(connection, 3, 1, on: .vip)
        #expect(stage.server(.rs1).captured.outPackets == 0)
        stage.observe([.row(connection, .synReceived, 59)])
        #expect(stage.server(.rs1).captured.outPackets == 1)
        #expect(stage.server(.rs1).captured.outBytes == 96)
        #expect(stage.server(.rs1).translated.outPackets == 1)
        #expect(stage.trace().troubles.events == [.notTransmitted: 1])
    }

    /// Type and code, and whether the kernel has counted it.
    @Test(arguments: [(11, 0), (3, 4)] as [(UInt8, UInt8)])
    func `errors before translation are told, and not counted as replies`(type: UInt8, code: UInt8) {
        var stage = Stage()
        var connection = Self.web()
        stage.client(&connection, .syn, seen: .vip)
        stage.observe([.row(connection, .synReceived, 59)])
        stage.error(connection, type, code, on: .vip)
        #expect(stage.server(.rs1).captured.outPackets == 0)
        #expect(stage.server(.rs1).translated.outPackets == 1)
        #expect(stage.finish(after: 0.5).map(\.outcome) == [.notForwarded])
        #expect(stage.events.map(\.kind) == [.notTransmitted, .notForwarded])
    }

    @Test func `a packet too big for the DIP side leaves its connection as it was`() {
        var stage = Stage()
        var connection = Self.web()
        stage.open(&connection)
        stage.client(&connection, .ack, payload: 1_460, seen: .vip)
        stage.error(connection, 3, 4, on: .vip)
        stage.closeByClient(&connection)
        #expect(stage.finish().map(\.outcome) == [.closed])
        #expect(stage.events.map(\.kind) == [.notTransmitted])
        #expect(stage.server(.rs1).troubles.events == [.notTransmitted: 1])
    }

    @Test func `without a real server there is no assignment, and the connection was rejected`() {
        var stage = Stage()
        var connection = Self.web()
        stage.client(&connection, .syn, seen: .vip)
        stage.error(connection, 3, 3, on: .vip)
        let records = stage.finish()
        #expect(records.map(\.origin) == [.rejected])
        #expect(records.map(\.outcome) == [.rejected])
        #expect(stage.trace().realServers.map(\.captured.connections) == [0, 0, 0])
        #expect(stage.trace().troubles.events == [.noRealServer: 1])
        #expect(stage.events.map(\.kind) == [.noRealServer])
        #expect(stage.cause("scheduled_not_transmitted") == 0)
    }

    @Test func `IPv6 has its own numbers for the same errors`() {
        let errors: [(UInt8, UInt8, TraceEvent.Kind)] = [
            (1, 3, .notTransmitted), (1, 4, .noRealServer), (3, 0, .notTransmitted), (2, 0, .notTransmitted),
        ]
        for (type, code, kind) in errors {
            var stage = Stage()
            var connection = Conversation("[fd00:122::1]:40000", .web6, to: .rs6)
            stage.client(&connection, .syn, seen: .vip)
            stage.error(connection, type, code, on: .vip)
            stage.collect()
            #expect(stage.events.map(\.kind) == [kind])
        }
    }

    @Test func `an error from the client's side is counted as a packet in, and changes no state`() {
        var stage = Stage()
        var connection = Self.web()
        stage.open(&connection)
        stage.error(connection, 3, 4, on: .vip, isIn: true)
        #expect(stage.server(.rs1).captured.inPackets == 3)
        #expect(stage.finish().map(\.state) == [.established])
        #expect(stage.events.isEmpty)
    }

    @Test func `an error about no connection makes none`() {
        var stage = Stage()
        stage.error(Self.web(), 3, 1, on: .vip)
        #expect(stage.finish().isEmpty)
        #expect(stage.trace().unmatchedPackets == 1)
    }
}
