import ConnectionTracing
import IPVSModel
import PacketDecoding
import Testing

/// A persistent service: templates of 50 seconds, one for each network of 24 bits.
struct PersistenceTests {
    private static let services = [
        VirtualService(
            identity: .endpoint(.tcp, .web), scheduler: .roundRobin, flags: .persistent, persistenceTimeout: 50,
            persistencePrefixLength: 24, realServers: [Endpoint.rs1, .rs2, .rs3].map { RealServer(endpoint: $0) })
    ]

    private static func visit(_ stage: inout Stage, _ client: String, to server: Endpoint = .rs1) {
        var connection = Conversation(client, to: server)
        stage.open(&connection)
        stage.closeByClient(&connection)
    }

    @Test func `a client's further connections follow its template, and so do its neighbours'`() {
        var stage = Stage(Self.services)
        for client in ["192.168.122.1:1", "192.168.122.1:2", "192.168.122.9:3"] { Self.visit(&stage, client) }
        Self.visit(&stage, "192.168.123.1:4", to: .rs2)
        let records = stage.finish()
        #expect(records.map(\.origin) == [.assigned, .followsTemplate, .followsTemplate, .assigned])
        #expect(records.map(\.origin.isAssignment) == [true, true, true, true])
        #expect(stage.server(.rs1).captured.connections == 3)
    }

    @Test func `another real server than the template's shows that the scheduler was asked`() {
        var stage = Stage(Self.services)
        Self.visit(&stage, "192.168.122.1:1")
        Self.visit(&stage, "192.168.122.1:2", to: .rs2)
        Self.visit(&stage, "192.168.122.1:3", to: .rs2)
        #expect(stage.finish().map(\.origin) == [.assigned, .assigned, .followsTemplate])
    }

    /// A connection is gone two minutes and an eighth of one after its end; meanwhile its template is given a minute at 50 and
    /// at 110 seconds.
    @Test(arguments: [(40.0, true), (100, true), (160, true), (171, false), (400, false)])
    func `a template outlives its time while connections hang on it, minute by minute`(seconds: Double, follows: Bool) {
        var stage = Stage(Self.services)
        Self.visit(&stage, "192.168.122.1:1")
        stage.wait(seconds: seconds)
        Self.visit(&stage, "192.168.122.1:2")
        #expect(stage.finish().map(\.origin) == [.assigned, follows ? .followsTemplate : .assigned])
    }

    @Test func `a port used again on a live entry stays with its template, which ends with it all the same`() {
        var stage = Stage(Self.services)
        var first = Conversation("192.168.122.1:1")
        stage.open(&first)
        var again = first.again()
        stage.open(&again)
        stage.closeByClient(&again)
        stage.wait(seconds: 400)
        Self.visit(&stage, "192.168.122.1:2")
        #expect(stage.finish().map(\.origin) == [.assigned, .sameEntry, .assigned])
    }

    @Test(arguments: [(298.0, ConnectionOrigin.followsTemplate), (303, .assigned)])
    func `a template lives for its timeout after the last connection that joined it`(
        wait: Double, expected: ConnectionOrigin
    ) {
        var services = Self.services
        services[0].persistenceTimeout = 300
        var stage = Stage(services)
        Self.visit(&stage, "192.168.122.1:1")
        stage.wait(seconds: 200)
        Self.visit(&stage, "192.168.122.1:2")
        stage.wait(seconds: wait)
        Self.visit(&stage, "192.168.122.1:3")
        #expect(stage.finish().map(\.origin) == [.assigned, .followsTemplate, expected])
    }

    @Test func `before the kernel's table was read a client may follow a template from before the capture`() {
        var stage = Stage(Self.services, hasOldTemplates: true)
        Self.visit(&stage, "192.168.122.1:1")
        Self.visit(&stage, "192.168.122.1:2")
        Self.visit(&stage, "192.168.122.1:3", to: .rs2)
        stage.observe([])
        stage.now += Stage.step
        Self.visit(&stage, "192.168.123.1:1")
        let records = stage.finish()
        #expect(records.map(\.origin) == [.perhapsFollowsTemplate, .followsTemplate, .assigned, .assigned])
        #expect(records.map(\.origin.isAssignment) == [true, true, true, true])
        #expect(records.map(\.origin.isScheduled) == [nil, false, true, true])
    }

    /// A template with 30 s to go.
    @Test(arguments: [
        (29.0, Endpoint.rs1, ConnectionOrigin.followsTemplate), (31, .rs1, .perhapsFollowsTemplate),
        (31, .rs2, .assigned), (1, .rs2, .assigned),
    ])
    func `a template from before the capture leads until its timer runs out, and perhaps longer`(
        wait: Double, server: Endpoint, expected: ConnectionOrigin
    ) {
        var stage = Stage(Self.services, hasOldTemplates: true)
        stage.observe([.row(Conversation("192.168.122.0:0"), ConnectionState(rawValue: "ASSURED"), 30)])
        stage.wait(seconds: wait)
        Self.visit(&stage, "192.168.122.1:1", to: server)
        Self.visit(&stage, "192.168.122.1:2", to: server)
        #expect(stage.finish().map(\.origin) == [expected, .followsTemplate])
    }

    @Test func `a template that a connection on its way to us may have made tells nothing of that one`() {
        var stage = Stage(Self.services, hasOldTemplates: true)
        stage.now += 1_000_000_000
        stage.observe([.row(Conversation("192.168.122.0:0"), ConnectionState(rawValue: "ASSURED"), 50)])
        stage.now -= 500_000_000
        Self.visit(&stage, "192.168.122.1:1")
        #expect(stage.finish().map(\.origin) == [.perhapsFollowsTemplate])
    }

    @Test func `a firewall mark's template is told by the mark that stands for its address`() {
        let mark = VirtualService(
            identity: .firewallMark(7, isIPv6: false), scheduler: .roundRobin, flags: .persistent,
            persistenceTimeout: 50, persistencePrefixLength: 24, realServers: [RealServer(endpoint: .rs1)])
        var stage = Stage([mark], hasOldTemplates: true)
        stage.observe([
            .row(Conversation("192.168.122.0:0", Endpoint("0.0.0.7:0")!), ConnectionState(rawValue: "ASSURED"), 40)
        ])
        stage.now += Stage.step
        for client in ["192.168.122.1:1", "192.168.123.1:1"] { Self.visit(&stage, client) }
        #expect(stage.finish().map(\.origin) == [.followsTemplate, .assigned])
    }

    @Test func `networks of IPv6 are told by the prefix as well`() {
        var service = VirtualService.stage(.tcp, .web6, [.rs6], flags: .persistent)
        service.persistenceTimeout = 300
        service.persistencePrefixLength = 64
        var stage = Stage([service])
        for client in ["[fd00:122::1]:1", "[fd00:122::ffff:1]:1", "[fd00:122:0:1::1]:1"] {
            var connection = Conversation(client, .web6, to: .rs6)
            stage.open(&connection)
        }
        #expect(stage.finish().map(\.origin) == [.assigned, .followsTemplate, .assigned])
    }

    @Test func `a new netmask holds from its reading on, and the kernel's table tells which templates there are`() {
        var stage = Stage(Self.services)
        Self.visit(&stage, "192.168.122.1:1")
        var services = Self.services
        services[0].persistencePrefixLength = 32
        stage.tracer.update(to: .state(services))
        Self.visit(&stage, "192.168.122.9:2", to: .rs2)
        stage.observe([
            .row(Conversation("192.168.122.9:0", to: .rs2), ConnectionState(rawValue: "ASSURED"), 49)
        ])
        stage.now += Stage.step
        Self.visit(&stage, "192.168.122.10:3", to: .rs3)
        Self.visit(&stage, "192.168.122.9:4", to: .rs2)
        #expect(stage.finish().map(\.origin) == [.assigned, .perhapsFollowsTemplate, .assigned, .followsTemplate])
    }

    @Test func `a template keeps the timeout that the service had when it was made`() {
        var services = Self.services
        services[0].persistenceTimeout = 300
        var stage = Stage(services)
        Self.visit(&stage, "192.168.122.1:1")
        services[0].persistenceTimeout = 50
        stage.tracer.update(to: .state(services))
        stage.wait(seconds: 10)
        Self.visit(&stage, "192.168.122.1:2")
        stage.wait(seconds: 290)
        Self.visit(&stage, "192.168.122.1:3")
        #expect(stage.finish().map(\.origin) == [.assigned, .followsTemplate, .followsTemplate])
    }
}
