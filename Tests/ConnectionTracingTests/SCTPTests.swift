import ConnectionTracing
import IPVSModel
import PacketDecoding
import Testing

struct SCTPTests {
    private static let virtual = Endpoint("192.168.122.100:2905")!
    private static let server = Endpoint("10.10.10.10:2905")!

    private static func stage() -> Stage { Stage([.stage(.sctp, virtual, [server])]) }

    private static func conversation() -> Conversation {
        Conversation("192.168.122.1:40000", virtual, to: server, transport: 132)
    }

    private static func associate(_ stage: inout Stage, _ association: inout Conversation) {
        stage.client(&association, SCTPEvent.`init`.flags)
        stage.server(&association, SCTPEvent.initAck.flags)
        stage.client(&association, SCTPEvent.cookieEcho.flags)
        stage.server(&association, SCTPEvent.cookieAck.flags)
    }

    private static func entries(_ stage: borrowing Stage) -> [UInt64] {
        let trace = stage.server(server, of: virtual, .sctp)
        return [trace.activeEntries, trace.inactiveEntries]
    }

    @Test func `an association is established by its four packets, and closed by shutdown`() throws {
        var stage = Self.stage()
        var association = Self.conversation()
        stage.client(&association, SCTPEvent.`init`.flags)
        #expect(Self.entries(stage) == [0, 1])
        stage.server(&association, SCTPEvent.initAck.flags)
        stage.client(&association, SCTPEvent.cookieEcho.flags)
        stage.server(&association, SCTPEvent.cookieAck.flags)
        #expect(Self.entries(stage) == [1, 0])
        stage.client(&association, SCTPEvent.data.flags, payload: 100)
        stage.server(&association, SCTPEvent.data.flags, payload: 40)
        stage.client(&association, SCTPEvent.shutdown.flags)
        stage.server(&association, SCTPEvent.shutdownAck.flags)
        stage.client(&association, SCTPEvent.shutdownComplete.flags)
        #expect(Self.entries(stage) == [0, 1])
        let record = try #require(stage.finish().first)
        #expect(record.origin == .assigned)
        #expect(record.outcome == .closed)
        #expect(record.transportProtocol == .sctp)
        #expect(record.state == .sctpClosed)
        #expect(record.requestBytes == 100)
        #expect(record.responseBytes == 40)
        #expect(stage.events.isEmpty)
    }

    @Test(arguments: [true, false])
    func `an abort ends an association, told by who sent it`(isClient: Bool) throws {
        var stage = Self.stage()
        var association = Self.conversation()
        Self.associate(&stage, &association)
        if isClient {
            stage.client(&association, SCTPEvent.abort.flags)
        } else {
            stage.server(&association, SCTPEvent.abort.flags)
        }
        let record = try #require(stage.finish().first)
        #expect(record.outcome == (isClient ? .resetByClient : .resetByRealServer))
        #expect(record.state == .sctpClosed)
    }

    @Test func `an abort in answer to the first packet is a refusal, and the entry lives for four seconds`() throws {
        var stage = Self.stage()
        var association = Self.conversation()
        stage.client(&association, SCTPEvent.`init`.flags)
        stage.server(&association, SCTPEvent.abort.flags)
        stage.wait(seconds: 3)
        #expect(stage.tracer.summary().trackedConnections == 1)
        #expect(stage.records.map(\.outcome) == [.refused])
        #expect(stage.records.map(\.state) == [.sctpRejected])
        stage.wait(seconds: 4)
        #expect(stage.tracer.summary().trackedConnections == 0)
    }
}
