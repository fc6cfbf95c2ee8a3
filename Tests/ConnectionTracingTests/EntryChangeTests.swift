import ConnectionTracing
import IPVSModel
import PacketDecoding
import Testing

/// What becomes of entries, for schedulers that ask how many there are.
struct EntryChangeTests {
    private static func services(_ scheduler: Scheduler) -> [VirtualService] {
        var services = [VirtualService].stage
        for index in services.indices { services[index].scheduler = scheduler }
        return services
    }

    @Test(arguments: UInt64(0)..<6)
    func `assignments and changes add up to the entries of a plain model`(seed: UInt64) {
        var director = Director(seed: seed)
        var stage = Stage(Self.services(.weightedLeastConnection))
        var changes: [EntryChange] = []
        var differences = 0
        var compared = 0
        for _ in 0..<60 {
            for _ in 0..<Int(20 + seed * 20) { director.step(&stage) }
            director.wait(&stage)
            changes += stage.tracer.takeEntryChanges().values.flatMap(\.self)
            let traces = stage.tracer.summary().virtualServices.flatMap(\.realServers)
            for server in [Endpoint.rs1, .rs2, .rs3] {
                let assigned = traces.filter { $0.endpoint == server }.reduce(0) { $0 + Int($1.captured.connections) }
                let own = changes.filter { $0.realServer == server && $0.time.rawValue <= stage.now }
                let active = assigned + own.reduce(0) { $0 + Int($1.active) }
                let inactive = own.reduce(0) { $0 + Int($1.inactive) }
                compared += active + inactive
                differences += active == director.entries(of: server, isActive: true, at: stage.now) ? 0 : 1
                differences += inactive == director.entries(of: server, isActive: false, at: stage.now) ? 0 : 1
            }
        }
        #expect(differences == 0)
        #expect(compared > 500)
    }

    @Test func `nobody is told who does not ask`() {
        var stage = Stage(Self.services(.weightedRoundRobin))
        var connection = Conversation("192.168.122.1:40000")
        stage.open(&connection)
        stage.closeByClient(&connection)
        _ = stage.finish()
        #expect(stage.tracer.takeEntryChanges().isEmpty)
    }

    @Test func `an entry turns inactive with the first FIN, and leaves when its timer has run out`() throws {
        var stage = Stage(Self.services(.leastConnection))
        var connection = Conversation("192.168.122.1:40000")
        stage.open(&connection)
        let closing = stage.now
        stage.closeByClient(&connection)
        let last = stage.now - Stage.step
        stage.wait(seconds: 140)
        let changes = stage.tracer.takeEntryChanges().values.flatMap(\.self)
        #expect(changes.count == 2)
        let (first, second) = (try #require(changes.first), try #require(changes.last))
        #expect((first.active, first.inactive) == (-1, 1))
        #expect(first.time.rawValue == closing)
        #expect(first.latest == first.time)
        #expect((second.active, second.inactive) == (0, -1))
        // The last ACK is in on the VIP side and, later, out on the DIP side.
        #expect(second.time.rawValue == last + Stage.forwarding + 120_000_000_000)
        #expect(second.latest.since(second.time) == .milliseconds(15_010))
    }

    @Test func `a datagram's entry is inactive from the start`() {
        let names = Endpoint("10.10.10.10:53")!
        var service = VirtualService.stage(.udp, .names, [names])
        service.scheduler = .weightedLeastConnection
        var stage = Stage([service])
        var query = Conversation("192.168.122.1:5000", .names, to: names, transport: 17)
        let began = stage.now
        stage.client(&query, [], payload: 30)
        stage.server(&query, [], payload: 90)
        let changes = stage.tracer.takeEntryChanges().values.flatMap(\.self)
        #expect(changes == [EntryChange(realServer: names, time: Timestamp(rawValue: began), active: -1, inactive: 1)])
    }

    @Test func `an entry that is scheduled anew leaves within a tick`() {
        var stage = Stage(Self.services(.weightedLeastConnection))
        var connection = Conversation("192.168.122.1:40000")
        stage.open(&connection)
        stage.closeByClient(&connection)
        _ = stage.tracer.takeEntryChanges()
        var next = connection.again(to: .rs2)
        let began = stage.now
        stage.client(&next, .syn)
        let changes = stage.tracer.takeEntryChanges().values.flatMap(\.self)
        #expect(changes.map(\.realServer) == [.rs1])
        #expect(changes.map(\.inactive) == [-1])
        #expect(changes.map(\.time.rawValue) == [began])
        #expect(changes.map { $0.latest.since($0.time) } == [.milliseconds(10)])
    }
}
