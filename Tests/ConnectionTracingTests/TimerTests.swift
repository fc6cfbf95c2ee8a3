import ConnectionTracing
import IPVSModel
import PacketDecoding
import Testing

/// Our timers follow the kernel's own.
struct TimerTests {
    private static func set(_ stage: inout Stage, tcp: UInt32) {
        var state = KernelState.state(.stage)
        state.timeouts.tcp = tcp
        stage.tracer.update(to: state)
    }

    private static func tracked(_ stage: borrowing Stage) -> UInt64 { stage.tracer.summary().trackedConnections }

    @Test func `a timeout set by ipvsadm holds`() {
        var stage = Stage()
        Self.set(&stage, tcp: 60)
        var connection = Conversation("192.168.122.1:40000")
        stage.open(&connection)
        stage.wait(seconds: 55)
        #expect(Self.tracked(stage) == 1)
        stage.wait(seconds: 12)
        #expect(Self.tracked(stage) == 0)
    }

    @Test func `an entry keeps its old timer until its next packet, as its row tells`() {
        var stage = Stage()
        var connection = Conversation("192.168.122.1:40000")
        stage.open(&connection)
        Self.set(&stage, tcp: 60)
        stage.observe([.row(connection, .established, 899)])
        stage.wait(seconds: 600)
        #expect(Self.tracked(stage) == 1)
        stage.client(&connection, .ack)
        stage.wait(seconds: 55)
        #expect(Self.tracked(stage) == 1)
        stage.wait(seconds: 12)
        #expect(Self.tracked(stage) == 0)
    }

    @Test func `a row with less time left than by our rules runs out when the kernel's does`() {
        var stage = Stage()
        var connection = Conversation("192.168.122.1:40000")
        stage.open(&connection)
        stage.observe([.row(connection, .established, 10)])
        stage.wait(seconds: 100)
        #expect(Self.tracked(stage) == 0)
    }
}
