import Balance
import Collector
import ConnectionTracing
import IPVSModel
import TestSupport
import Testing

/// A director under steady load, read every second, whose kernel folds its counters every two.
private struct Scene {
    static let service = VirtualServiceIdentity("tcp/192.168.122.100:80")!
    static let servers = [30, 20, 10].map { Endpoint("10.10.10.\($0):80")! }

    static func time(_ nanoseconds: Int64) -> Timestamp {
        Timestamp(rawValue: 1_700_000_000_000_000_000 + nanoseconds)
    }

    var judge = RollingJudge()
    var random: SeededGenerator
    /// From one connection to the next, on average.
    var gap: Int64
    /// By number of the connection: whom the kernel chooses.
    var choose: (inout SeededGenerator, Int) -> Int = { $1 % 3 }
    /// Weighted least connection is asked instead, and connections last for up to a second.
    var isCounting = false
    /// By number of the connection: whether it goes to the next server instead.
    var isMistaken: (Int) -> Bool = { _ in false }
    /// By number of the connection: whether we see it.
    var isCaptured: (Int) -> Bool = { _ in true }
    var isLiveKnown = true
    var weights: [Int32] = [1, 1, 1]
    private(set) var isPresent = true
    var dropped: UInt64 = 0
    var evicted: UInt64 = 0
    var lost: UInt64 = 0

    /// By how much the clock was set back, in nanoseconds.
    var setBack: Int64 = 0

    private let phase: Int64
    private(set) var second: Int64 = 0
    private(set) var made = 0
    private var nextConnection: Int64 = 0
    private var live: UInt64 = 0
    private var counted: [UInt64] = [0, 0, 0]
    private var folded: [UInt64] = [0, 0, 0]
    private var nextFold: Int64
    private var active = [0, 0, 0]
    private var inactive = [0, 0, 0]
    private var closing: [(time: Int64, server: Int)] = []
    private var entryChanges: [EntryChange] = []
    private var starts: [ConnectionStart] = []
    private(set) var events: [TraceEvent] = []

    init(seed: UInt64 = 1, perSecond: Int64 = 20) {
        random = SeededGenerator(seed: seed)
        gap = 1_000_000_000 / perSecond
        phase = Int64.random(in: 0..<2_000_000_000, using: &random)
        nextFold = phase
    }

    var verdict: RollingVerdict { judge.verdicts[0] }
    var changes: [String] { events.filter { $0.kind == .verdictChanged }.map(\.detail) }

    /// - Parameter isQuiet: No connection comes meanwhile.
    mutating func run(seconds: Int, isQuiet: Bool = false) {
        for _ in 0..<seconds {
            second += 1
            let now = second * 1_000_000_000
            if isQuiet { nextConnection = max(nextConnection, now + 1) }
            while min(nextConnection, nextFold) <= now {
                close(before: min(nextConnection, nextFold))
                if nextFold <= nextConnection {
                    folded = counted
                    nextFold += 2_000_000_000
                } else {
                    connect()
                    nextConnection += Int64.random(in: gap / 2...gap * 3 / 2, using: &random)
                }
            }
            close(before: now)
            read(at: now)
        }
    }

    private mutating func close(before time: Int64) {
        for (ended, server) in closing where ended < time {
            active[server] -= 1
            inactive[server] += 1
            entryChanges.append(
                EntryChange(
                    realServer: Self.servers[server], time: Self.time(ended - setBack), active: -1, inactive: 1))
        }
        closing.removeAll { $0.time < time }
    }

    /// By 256 times the active entries and the inactive ones, over the weight; the first of equals.
    private var leastConnection: Int {
        let loads = (0..<3).map { Double(active[$0] << 8 + inactive[$0]) / Double(weights[$0]) }
        return loads.firstIndex(of: loads.min()!)!
    }

    /// Deletes the virtual service, and makes it anew a few readings later: it begins at the head of its list.
    mutating func makeAnew(after seconds: Int) {
        isPresent = false
        run(seconds: seconds, isQuiet: true)
        isPresent = true
        (counted, folded) = ([0, 0, 0], [0, 0, 0])
        let from = made
        choose = { ($1 - from) % 3 }
    }

    private mutating func connect() {
        var server = isCounting ? leastConnection : choose(&random, made)
        if isMistaken(made) { server = (server + 1) % 3 }
        if isCounting {
            active[server] += 1
            closing.append((nextConnection + Int64.random(in: 1...1_000_000_000, using: &random), server))
        }
        live += 1
        counted[server] += 1
        if isCaptured(made) {
            starts.append(
                ConnectionStart(
                    id: Int64(made + 1), time: Self.time(nextConnection - setBack), virtualService: Self.service,
                    realServer: Self.servers[server], client: Endpoint("192.168.122.1:\(1_024 + made % 60_000)")!,
                    origin: .assigned))
        }
        made += 1
    }

    private mutating func read(at now: Int64) {
        let state = KernelState(
            observedAt: Self.time(now - setBack), version: "1.2.1", connectionTableSize: 4_096,
            timeouts: KernelState.Timeouts(),
            virtualServices: !isPresent
                ? []
                : [
                    VirtualService(
                        identity: Self.service, scheduler: isCounting ? .weightedLeastConnection : .roundRobin,
                        counters: TrafficCounters(connections: folded.reduce(0, +)),
                        realServers: Self.servers.indices.map {
                            RealServer(
                                endpoint: Self.servers[$0], weight: weights[$0],
                                activeConnections: UInt32(active[$0]), inactiveConnections: UInt32(inactive[$0]),
                                counters: TrafficCounters(connections: folded[$0]))
                        })
                ])
        var trace = TraceSummary()
        trace.virtualServices = [
            VirtualServiceTrace(identity: Self.service, causes: [.init(reason: "evicted", count: evicted)])
        ]
        let count = RollingJudge.LiveCount(
            connections: live, began: Self.time(now - setBack), ended: Self.time(now - setBack + 100_000))
        judge.observe(state, live: isLiveKnown ? count : nil, trace: trace, dropped: dropped)
        let knownUntil = Self.time(now - setBack - 1_100_000_000)
        // What came before the clock was set back is told too: the tracer's own time does not go back.
        let told = starts.prefix { $0.time < knownUntil || $0.time > Self.time(now - setBack) }
        starts.removeFirst(told.count)
        if isCounting { judge.note([Self.service: entryChanges]) }
        entryChanges = []
        events += judge.note(Array(told), lost: lost, knownUntil: knownUntil, trace: trace, dropped: dropped)
        lost = 0
    }
}

struct RollingJudgeTests {
    @Test func `who goes by numbers of connections is judged by them`() {
        var scene = Scene(perSecond: 40)
        scene.isCounting = true
        scene.weights = [3, 2, 1]
        scene.run(seconds: 60)
        #expect(scene.verdict.verdict == .pass, "\(scene.verdict)")
        #expect(scene.verdict.assignments > 1_000)
        #expect(scene.verdict.violations == 0)
        #expect(scene.changes == ["inconclusive → pass"])
    }

    @Test func `connections that went where fewest were not are violations, and chance fails`() {
        var scene = Scene(perSecond: 40)
        scene.isCounting = true
        let begin = 1_200
        scene.isMistaken = { $0 > begin && $0 % 3 == 0 }
        scene.run(seconds: 60)
        #expect(scene.verdict.verdict == .fail, "\(scene.verdict)")
        #expect(scene.verdict.violations > 100)
    }

    @Test func `connections in turn pass after a few seconds and stay so`() {
        var scene = Scene()
        scene.run(seconds: 3)
        #expect(scene.verdict.verdict == .inconclusive)
        scene.run(seconds: 60)
        #expect(
            scene.verdict
                == RollingVerdict(
                    virtualService: Scene.service, verdict: .pass, assignments: 1_000, changes: 1))
        #expect(scene.changes == ["inconclusive → pass"])
    }

    /// Whatever the phase of the kernel's counters, and however many connections are in flight.
    @Test(arguments: [1, 7, 40, 300, 2_500] as [Int64], [true, false])
    func `connections in turn never fail, at no load and with no phase of the counters`(
        perSecond: Int64, isLiveKnown: Bool
    ) {
        for seed in 1...6 as ClosedRange<UInt64> {
            var scene = Scene(seed: seed, perSecond: perSecond)
            scene.isLiveKnown = isLiveKnown
            scene.run(seconds: 20)
            scene.run(seconds: 5, isQuiet: true)
            scene.run(seconds: 15)
            #expect(scene.verdict.verdict == .pass)
            #expect(scene.changes == ["inconclusive → pass"])
        }
    }

    @Test func `one connection out of turn fails, is named, and passes again once it has left the window`() throws {
        var scene = Scene(perSecond: 20)
        scene.choose = { $1 == 700 ? 0 : $1 > 700 ? ($1 + 2) % 3 : $1 % 3 }
        scene.run(seconds: 30)
        #expect(scene.verdict.verdict == .pass)
        scene.run(seconds: 20)
        #expect(scene.verdict.verdict == .fail)
        #expect(scene.verdict.violations == 1)
        scene.run(seconds: 60)
        #expect(scene.verdict.verdict == .pass)
        #expect(scene.verdict.violations == 0)
        #expect(scene.changes.count == 3)
        #expect(scene.changes[1].hasPrefix("pass → fail: assignment "))
        #expect(scene.changes[1].contains("(connection 701)"))
        #expect(scene.changes[2] == "fail → pass")
    }

    @Test(arguments: [3, 30, 300] as [Int64])
    func `choices at random fail at any load`(perSecond: Int64) {
        var scene = Scene(perSecond: perSecond)
        scene.choose = { random, _ in Int.random(in: 0..<3, using: &random) }
        scene.run(seconds: 60)
        #expect(scene.verdict.verdict == .fail)
        #expect(scene.verdict.violations > scene.verdict.assignments / 3)
    }

    @Test(arguments: [true, false])
    func `connections that were not captured never make it fail`(isLiveKnown: Bool) {
        for seed in 1...10 as ClosedRange<UInt64> {
            var scene = Scene(seed: seed, perSecond: 20)
            scene.isLiveKnown = isLiveKnown
            scene.isCaptured = { $0 != 400 && $0 != 555 }
            scene.run(seconds: 60)
            #expect(scene.verdict.verdict == .inconclusive)
            #expect(scene.verdict.violations > 0)
            #expect(!scene.changes.contains { $0.contains("→ fail") })
        }
    }

    @Test func `without the live count, what the counters' lag may hide leaves one out of turn inconclusive`() {
        var scene = Scene()
        scene.isLiveKnown = false
        scene.choose = { $1 == 700 ? 0 : $1 > 700 ? ($1 + 2) % 3 : $1 % 3 }
        scene.run(seconds: 50)
        #expect(scene.verdict.verdict == .inconclusive)
        #expect(scene.verdict.violations == 1)
        #expect(scene.verdict.reason.contains("connections may be missing"))
    }

    @Test func `after a quiet while the counters alone suffice`() {
        var scene = Scene()
        scene.isLiveKnown = false
        scene.run(seconds: 3, isQuiet: true)
        scene.run(seconds: 20)
        scene.choose = { $1 == 440 ? 0 : $1 > 440 ? ($1 + 2) % 3 : $1 % 3 }
        scene.run(seconds: 20)
        scene.run(seconds: 15, isQuiet: true)
        #expect(scene.verdict.verdict == .fail)
    }

    @Test func `dropped packets leave it inconclusive until a minute after the window has passed them`() {
        var scene = Scene()
        scene.run(seconds: 30)
        scene.dropped = 2
        scene.run(seconds: 10)
        #expect(scene.verdict.verdict == .inconclusive)
        #expect(!scene.verdict.reason.isEmpty)
        scene.run(seconds: 130)
        #expect(scene.verdict.verdict == .pass)
        #expect(scene.changes.count == 3)
    }

    @Test func `so do connections that had to leave our own table`() {
        var scene = Scene()
        scene.run(seconds: 30)
        scene.evicted = 1
        scene.run(seconds: 10)
        #expect(scene.verdict.verdict == .inconclusive)
        #expect(scene.verdict.reason.contains("our own table"))
        scene.run(seconds: 130)
        #expect(scene.verdict.verdict == .pass)
    }

    @Test func `starts that were lost have the evidence begin anew, and nothing fails for it`() {
        var scene = Scene()
        scene.run(seconds: 30)
        let missing = scene.made...scene.made + 4
        scene.isCaptured = { !missing.contains($0) }
        scene.run(seconds: 1)
        scene.lost = 5
        scene.run(seconds: 30)
        #expect(scene.verdict.verdict == .pass)
        #expect(scene.verdict.assignments < 700)
        #expect(!scene.changes.contains { $0.contains("→ fail") })
    }

    @Test func `a weight that changes between two readings is allowed for`() {
        for seed in 1...10 as ClosedRange<UInt64> {
            var scene = Scene(seed: seed)
            scene.run(seconds: 20)
            let from = scene.made + 9
            // The next in the list that still has a weight.
            let first = (from - 1) % 3 == 0 ? 1 : 0
            scene.choose = { $1 < from ? $1 % 3 : (first + $1 - from) % 2 }
            scene.weights = [1, 1, 0]
            scene.run(seconds: 30)
            #expect(scene.verdict.verdict == .pass)
            #expect(!scene.changes.contains { $0.contains("→ fail") })
        }
    }

    @Test(arguments: [1, 2, 9])
    func `a virtual service that is deleted and made anew is another, and does not fail for it`(seconds: Int) {
        for seed in 1...10 as ClosedRange<UInt64> {
            var scene = Scene(seed: seed)
            scene.run(seconds: 20)
            let before = scene.made
            scene.makeAnew(after: seconds)
            scene.run(seconds: 20)
            #expect(scene.verdict.verdict == .pass)
            #expect(scene.verdict.changes == 1)
            #expect(scene.verdict.assignments <= scene.made - before)
            #expect(!scene.changes.contains { $0.contains("→ fail") })
        }
    }

    @Test(arguments: [2, 30, 3_600] as [Int64])
    func `a clock that is set back has the evidence begin anew, and nothing fails for it`(seconds: Int64) {
        var scene = Scene()
        scene.run(seconds: 20)
        let before = scene.made
        scene.setBack = seconds * 1_000_000_000
        scene.run(seconds: 40)
        #expect(scene.verdict.verdict == .pass)
        #expect((1...scene.made - before).contains(scene.verdict.assignments))
        #expect(!scene.changes.contains { $0.contains("→ fail") })
    }

    @Test func `a window ends with the traffic, five minutes later`() {
        var scene = Scene()
        scene.run(seconds: 20)
        scene.run(seconds: 290, isQuiet: true)
        #expect(scene.verdict.verdict == .pass)
        scene.run(seconds: 30, isQuiet: true)
        #expect(scene.changes == ["inconclusive → pass", "pass → inconclusive: no connections"])
        #expect(scene.verdict.assignments == 0)
    }

    @Test func `a virtual service without a connection has a verdict from its first reading, and no event`() {
        var scene = Scene()
        scene.run(seconds: 20, isQuiet: true)
        #expect(scene.verdict == RollingVerdict(virtualService: Scene.service, reason: "no connections"))
        #expect(scene.events == [])
    }
}
