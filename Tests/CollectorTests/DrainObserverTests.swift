import Collector
import ConnectionTracing
import IPVSModel
import Testing

struct DrainObserverTests {
    private static let service = VirtualServiceIdentity("tcp/192.168.122.100:80")!
    private static let one = Endpoint("10.10.10.10:80")!
    private static let two = Endpoint("10.10.10.20:80")!

    private static func time(_ seconds: Double) -> Timestamp {
        Timestamp(rawValue: 1_700_000_000_000_000_000 + Int64(seconds * 1e9))
    }

    private static func start(
        _ seconds: Double, _ origin: ConnectionOrigin, on server: Endpoint? = one
    ) -> ConnectionStart {
        ConnectionStart(
            id: 1, time: time(seconds), virtualService: service, realServer: server,
            client: Endpoint("192.168.122.1:40000")!, origin: origin)
    }

    /// A director of two real servers, read every second.
    private struct Scene {
        var observer = DrainObserver()
        var weights: [Endpoint: Int32] = [one: 3, two: 1]
        var open: [Endpoint: UInt64] = [one: 2, two: 5]
        var now = 0.0

        /// Reads the kernel a second later; what began is known up to a second and a tenth before.
        mutating func read(_ starts: [ConnectionStart] = []) -> [TraceEvent] {
            now += 1
            let servers = weights.sorted { $0.key < $1.key }
            let state = KernelState(
                observedAt: time(now), version: "1.2.1", connectionTableSize: 4_096, timeouts: KernelState.Timeouts(),
                virtualServices: [
                    VirtualService(
                        identity: service, scheduler: .roundRobin,
                        realServers: servers.map { RealServer(endpoint: $0.key, weight: $0.value) })
                ])
            var trace = TraceSummary()
            trace.virtualServices = [
                VirtualServiceTrace(
                    identity: service,
                    realServers: open.sorted { $0.key < $1.key }.map {
                        RealServerTrace(endpoint: $0.key, openConnections: $0.value)
                    })
            ]
            observer.note(starts)
            return observer.observe(state, trace: trace, knownUntil: time(now - 1.1))
        }
    }

    @Test func `a drain begins when the weight goes to 0, and ends when no connection is open`() {
        var scene = Scene()
        #expect(scene.read() == [])
        scene.weights[Self.one] = 0
        let began = scene.read()
        #expect(began.map(\.kind) == [.drainBegan])
        #expect(began.map(\.realServer) == [Self.one])
        #expect(began.map(\.virtualService) == [Self.service])
        #expect(began.map(\.detail) == ["weight 3 → 0, 2 connections open"])
        scene.open[Self.one] = 1
        #expect(scene.read() == [])
        #expect(scene.observer.statuses.map(\.openConnections) == [1])
        scene.open[Self.one] = 0
        #expect(scene.read() == [])
        #expect(scene.read() == [])
        let ended = scene.read()
        #expect(ended.map(\.kind) == [.drained])
        #expect(ended.map(\.time) == [Self.time(4)])
        #expect(ended.map(\.detail) == ["after 2.0 s"])
        #expect(scene.observer.statuses.map(\.openConnections) == [nil])
        #expect(scene.read() == [])
    }

    @Test func `a real server that leaves drains too, and is forgotten once it has`() {
        var scene = Scene()
        _ = scene.read()
        scene.weights[Self.two] = nil
        #expect(scene.read().map(\.detail) == ["it left the virtual service, 5 connections open"])
        #expect(scene.observer.statuses.map(\.realServer) == [Self.two])
        scene.open[Self.two] = 0
        let events = scene.read() + scene.read() + scene.read()
        #expect(events.map(\.kind) == [.drained])
        #expect(scene.observer.statuses == [])
    }

    @Test func `one that had weight 0 from the start, or had none before it left, does not begin to drain`() {
        var scene = Scene()
        scene.weights[Self.one] = 0
        #expect(scene.read() + scene.read() == [])
        scene.weights[Self.one] = nil
        #expect(scene.read() == [])
        #expect(scene.observer.statuses == [])
    }

    @Test(arguments: [
        (ConnectionOrigin.followsTemplate, DrainReason.template), (.perhapsFollowsTemplate, .template),
        (.sameEntry, .sameEntry), (.assignedOnReusedPort, .portReuse), (.ftpData, .ftpData), (.assigned, .scheduled),
    ])
    func `a connection that begins meanwhile is counted by why`(origin: ConnectionOrigin, reason: DrainReason) {
        var scene = Scene()
        _ = scene.read()
        scene.weights[Self.one] = 0
        _ = scene.read()
        // On another, before it began, one whose real server is unknown, and one that counts.
        let starts = [
            Self.start(2.5, origin, on: Self.two), Self.start(1.9, origin), Self.start(2.5, origin, on: nil),
            Self.start(2.6, origin),
        ]
        scene.open[Self.one] = 0
        _ = scene.read(starts)
        #expect(scene.observer.statuses.map(\.newConnections) == [[reason: 1]])
        let ended = scene.read() + scene.read()
        #expect(ended.map(\.detail) == ["after 1.0 s, 1 connection began meanwhile: 1 \(reason.rawValue)"])
        #expect(scene.observer.statuses.map(\.newConnections) == [[reason: 1]])
    }

    @Test(arguments: [ConnectionOrigin.beganBefore, .rejected])
    func `what is no new connection is not counted`(origin: ConnectionOrigin) {
        var scene = Scene()
        _ = scene.read()
        scene.weights[Self.one] = 0
        _ = scene.read()
        _ = scene.read([Self.start(2.5, origin)])
        #expect(scene.observer.statuses.map(\.newConnections) == [[:]])
    }

    @Test func `a late connection keeps a real server from being drained`() {
        var scene = Scene()
        _ = scene.read()
        scene.weights[Self.one] = 0
        _ = scene.read()
        scene.open[Self.one] = 0
        #expect(scene.read() == [])
        scene.open[Self.one] = 1
        #expect(scene.read() + scene.read() + scene.read() == [])
        scene.open[Self.one] = 0
        #expect((scene.read() + scene.read() + scene.read()).map(\.time) == [Self.time(7)])
    }

    @Test func `a weight set again ends the drain, and the next one counts from nothing`() {
        var scene = Scene()
        _ = scene.read()
        scene.weights[Self.one] = 0
        _ = scene.read()
        scene.weights[Self.one] = 1
        let aborted = scene.read([Self.start(2.5, .sameEntry)])
        #expect(aborted.map(\.kind) == [.drainAborted])
        #expect(
            aborted.map(\.detail) == [
                "weight 1 again after 1.0 s, 2 connections open, 1 connection began meanwhile: 1 same_entry"
            ])
        scene.weights[Self.one] = 0
        #expect(scene.read().map(\.kind) == [.drainBegan])
        scene.open[Self.one] = 0
        #expect((scene.read() + scene.read() + scene.read()).map(\.detail) == ["after 1.0 s"])
        #expect(scene.observer.statuses.map(\.newConnections) == [[.sameEntry: 1]])
    }
}
