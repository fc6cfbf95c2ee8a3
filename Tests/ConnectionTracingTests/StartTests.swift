import ConnectionTracing
import IPVSModel
import PacketDecoding
import Testing

/// Connections told when they begin.
struct StartTests {
    private static func told(_ stage: inout Stage) -> [ConnectionStart] { stage.tracer.takeStarts().starts }

    @Test func `a connection is told once, a second after it began, while it is still open`() throws {
        var stage = Stage()
        stage.tracer.tellsStarts = true
        let began = stage.now
        var connection = Conversation("192.168.122.1:40000", to: .rs2)
        stage.open(&connection)
        stage.wait(seconds: 0.9)
        #expect(Self.told(&stage) == [])
        stage.wait(seconds: 0.2)
        let start = try #require(Self.told(&stage).first)
        #expect(start.time == Timestamp(rawValue: began))
        #expect(start.virtualService == .endpoint(.tcp, .web))
        #expect(start.realServer == .rs2)
        #expect(start.client == connection.client)
        #expect(start.origin == .assigned)
        stage.closeByClient(&connection)
        let records = stage.finish()
        #expect(records.map(\.id) == [start.id])
        #expect(Self.told(&stage) == [])
    }

    @Test func `a connection whose port is taken over within the second is told nonetheless, and so is its successor`()
    {
        var stage = Stage()
        stage.tracer.tellsStarts = true
        var first = Conversation("192.168.122.1:40000", to: .rs1)
        stage.open(&first)
        stage.closeByClient(&first)
        var second = first.again(to: .rs2)
        stage.open(&second)
        var third = second.again()
        stage.open(&third)
        stage.wait(seconds: 3)
        let starts = Self.told(&stage).sorted { $0.id < $1.id }
        #expect(starts.map(\.origin) == [.assigned, .assignedOnReusedPort, .sameEntry])
        #expect(starts.map(\.realServer) == [.rs1, .rs2, .rs2])
        #expect(Set(starts.map(\.id)) == Set(stage.finish().map(\.id)))
    }

    @Test func `what never left has no real server, and what began before the capture is not told`() {
        var stage = Stage()
        stage.tracer.tellsStarts = true
        var unsent = Conversation("192.168.122.1:1")
        stage.client(&unsent, .syn, seen: .vip)
        var old = Conversation("192.168.122.1:2")
        stage.client(&old, .ack)
        stage.wait(seconds: 2)
        let starts = Self.told(&stage)
        #expect(starts.map(\.client) == [unsent.client])
        #expect(starts.map(\.realServer) == [nil])
    }

    @Test func `nothing is kept for nobody`() {
        var stage = Stage()
        var connection = Conversation("192.168.122.1:1")
        stage.open(&connection)
        stage.wait(seconds: 2)
        #expect(Self.told(&stage) == [])
    }

    @Test func `a connection that is numbered later is told with its number`() {
        var stage = Stage(isNumberedLater: true)
        stage.tracer.tellsStarts = true
        var connection = Conversation("192.168.122.1:1")
        stage.open(&connection)
        stage.wait(seconds: 2)
        stage.tracer.number(stage.tracer.unnumbered.map { _ in 77 })
        #expect(Self.told(&stage).map(\.id) == [77])
    }

    @Test(arguments: [UInt64(1), 2, 3])
    func `whatever clients do, every new connection is told exactly once, as it is written`(seed: UInt64) {
        var stage = Stage()
        stage.tracer.tellsStarts = true
        var director = Director(seed: seed)
        var starts: [ConnectionStart] = []
        for step in 0..<4_000 {
            director.step(&stage)
            if step % 200 == 0 { stage.wait(seconds: 6) }
            if step % 50 == 0 { starts += Self.told(&stage) }
        }
        stage.wait(seconds: 2)
        starts += Self.told(&stage)
        let records = stage.finish().filter { $0.origin != .beganBefore }
        #expect(records.count > 500)
        #expect(starts.map(\.id).sorted() == records.map(\.id))
        let byID = Dictionary(starts.map { ($0.id, $0) }, uniquingKeysWith: { $1 })
        #expect(records.allSatisfy { byID[$0.id]?.origin == $0.origin && byID[$0.id]?.client == $0.client })
    }
}
