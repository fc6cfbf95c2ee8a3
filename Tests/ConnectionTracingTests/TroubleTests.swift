import ConnectionTracing
import IPVSModel
import PacketDecoding
import Testing

/// What goes wrong is an event, and counted whether or not the event is kept.
struct TroubleTests {
    private static func play(_ play: (inout Stage, inout Conversation) -> Void) -> Stage {
        var stage = Stage()
        var connection = Conversation("192.168.122.1:40000")
        play(&stage, &connection)
        _ = stage.finish()
        return stage
    }

    @Test func `a repeated SYN is counted by the step that is missing`() {
        let reasons: [(SYNRetransmission, Sides?, Sides)] = [
            (.realServerSilent, nil, .both), (.replyNotForwarded, .dip, .both), (.replyLost, .both, .both),
        ]
        for (reason, reply, syn) in reasons {
            let stage = Self.play { stage, connection in
                stage.client(&connection, .syn, seen: syn)
                if let reply { stage.server(&connection, [.syn, .ack], seen: reply) }
                for _ in 0..<3 { stage.client(&connection, .syn, repeated: 1_000) }
            }
            #expect(stage.server(.rs1).troubles.synRetransmissions == [reason: 3])
            #expect(stage.server(.rs1).troubles.events[.synRetransmitted] == 1)
            #expect(stage.trace().troubles == Troubles())
        }
    }

    @Test func `the reason follows what has happened since`() {
        let stage = Self.play { stage, connection in
            stage.client(&connection, .syn, seen: .vip)
            stage.client(&connection, .syn, repeated: 1_000)
            stage.client(&connection, .syn, repeated: 1_000)
            stage.server(&connection, [.syn, .ack])
            stage.client(&connection, .syn, repeated: 1_000)
        }
        #expect(stage.trace().troubles.synRetransmissions == [.notForwarded: 1])
        #expect(stage.server(.rs1).troubles.synRetransmissions == [.realServerSilent: 1, .replyLost: 1])
        #expect(stage.trace().troubles.events == [.synRetransmitted: 1])
        #expect(stage.server(.rs1).troubles.events == [.stalled: 1])
    }

    @Test func `the director's own RST is told, of a connection and of none`() {
        let known = Self.play { stage, connection in
            stage.open(&connection)
            stage.client(&connection, .ack, payload: 10, seen: .vip)
            stage.server(&connection, .rst, seen: .vip)
        }
        #expect(known.server(.rs1).troubles.events[.resetWithoutEntry] == 1)
        let stranger = Self.play { $0.server(&$1, .rst, seen: .vip) }
        #expect(stranger.trace().troubles.events == [.resetWithoutEntry: 1])
        let real = Self.play { stage, connection in
            stage.open(&connection)
            stage.server(&connection, .rst)
        }
        #expect(real.server(.rs1).troubles.events == [.resetByRealServer: 1])
    }

    @Test func `one client port to two services on one real server is told`() {
        var stage = Stage()
        var one = Conversation("192.168.122.1:40000", .web, to: .rs2, sequence: 1_000)
        var two = Conversation("192.168.122.1:40000", .shop, to: .rs2, sequence: 0x8000_0000)
        stage.open(&one)
        stage.open(&two)
        stage.collect()
        #expect(stage.events.map(\.kind) == [.sharedClientPort])
        #expect(stage.server(.rs2, of: .shop).troubles.events == [.sharedClientPort: 1])
    }

    @Test func `a client that goes on without any reply through the director has them bypass it`() {
        let stage = Self.play { stage, connection in
            stage.client(&connection, .syn)
            stage.client(&connection, .ack)
            stage.client(&connection, [.psh, .ack], payload: 70)
        }
        #expect(stage.events.map(\.kind) == [.replyBypassed])
        #expect(stage.server(.rs1).troubles.events == [.replyBypassed: 1])
    }

    /// Each lacks one of the conditions: the replies' direction is seen, the handshake is not complete, the requests'
    /// direction is not seen on the DIP side.
    @Test func `what capture loss explains is no bypassed reply`() {
        let explained: [(inout Stage, inout Conversation) -> Void] = [
            { stage, connection in
                stage.client(&connection, .syn)
                stage.client(&connection, .ack)
                stage.server(&connection, .ack, payload: 10, seen: .dip)
            },
            { stage, connection in
                stage.client(&connection, .syn)
                stage.client(&connection, .ack)
                stage.server(&connection, .ack, payload: 10, seen: .vip)
            },
            { stage, connection in
                stage.client(&connection, .syn)
                stage.client(&connection, .syn, repeated: 1_000)
            },
            { stage, connection in
                stage.client(&connection, .syn, seen: .vip)
                stage.client(&connection, .ack, seen: .vip)
            },
            { stage, connection in stage.client(&connection, .ack, payload: 10) },
        ]
        for play in explained {
            #expect(!Self.play(play).events.contains { $0.kind == .replyBypassed })
        }
    }

    @Test func `troubles are counted though the list of events is full`() {
        var stage = Stage(capacity: 20_000)
        for number in 0..<12_000 {
            var refused = Conversation("10.0.\(number / 256).\(number % 256):7777")
            stage.client(&refused, .syn)
            stage.server(&refused, [.rst, .ack])
        }
        stage.tracer.finish()
        #expect(stage.tracer.takeEvents().count == 10_000)
        #expect(stage.tracer.eventsDropped == 2_000)
        #expect(stage.server(.rs1).troubles.events == [.refused: 12_000])
    }

    @Test func `what several tracers counted is added up`() {
        var sum = Self.play { $0.client(&$1, .syn) }.tracer.summary()
        sum.add(
            Self.play { stage, connection in
                stage.client(&connection, .syn)
                stage.client(&connection, .syn, repeated: 1_000)
            }.tracer.summary())
        let server = sum.virtualServices[0].realServers[0]
        #expect(server.troubles.events == [.unanswered: 2, .synRetransmitted: 1])
        #expect(server.troubles.synRetransmissions == [.realServerSilent: 1])
    }
}
