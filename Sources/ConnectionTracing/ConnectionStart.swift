package import IPVSModel

/// A connection that began, told once its real server had time to show; a ``ConnectionRecord`` comes when it ends.
package struct ConnectionStart: Sendable, Hashable {
    /// The connection's id in the store.
    package var id: Int64
    /// When its first packet reached the director.
    package var time: Timestamp
    package var virtualService: VirtualServiceIdentity
    /// `nil` if nothing had left on the DIP side by then.
    package var realServer: Endpoint?
    package var client: Endpoint
    package var origin: ConnectionOrigin

    package init(
        id: Int64, time: Timestamp, virtualService: VirtualServiceIdentity, realServer: Endpoint?, client: Endpoint,
        origin: ConnectionOrigin
    ) {
        self.id = id
        self.time = time
        self.virtualService = virtualService
        self.realServer = realServer
        self.client = client
        self.origin = origin
    }
}

/// The connections that began and were not told yet, in the order in which they came.
struct StartQueue {
    /// More than these wait for nobody.
    static let most = 200_000

    /// Whether anybody wants to be told.
    var isOn = false
    /// Up to when everything that began was told, in nanoseconds since the epoch.
    private(set) var toldUntil: Int64 = .min
    private var waiting: [(number: UInt32, first: Int64)] = []
    private var head = 0
    var told: [ConnectionStart] = []
    /// Starts that were lost since they were last taken.
    var dropped: UInt64 = 0

    mutating func append(_ number: UInt32, first: Int64) {
        if waiting.count - head < Self.most { waiting.append((number, first)) } else { dropped += 1 }
    }

    /// Takes the next one that began no later than `time`.
    mutating func next(until time: Int64) -> (number: UInt32, first: Int64)? {
        guard head < waiting.count, waiting[head].first <= time else {
            toldUntil = max(toldUntil, time)
            if head * 2 > waiting.count {
                waiting.removeFirst(head)
                head = 0
            }
            return nil
        }
        head += 1
        return waiting[head - 1]
    }

    mutating func tell(_ start: ConnectionStart) {
        if told.count < Self.most { told.append(start) } else { dropped += 1 }
    }
}

extension ConnectionTracer {
    /// How long after its first packet a connection is told: its SYN has left on the DIP side by then, or never will.
    package static let startDelay: Int64 = 1_000_000_000

    /// Whether connections are told when they begin, through ``takeStarts()``.
    package var tellsStarts: Bool {
        get { starts.isOn }
        set { starts.isOn = newValue }
    }

    /// The connections that began, up to ``startDelay`` before now, since the last call, and how many were lost.
    package mutating func takeStarts() -> (starts: [ConnectionStart], dropped: UInt64) {
        defer { (starts.told, starts.dropped) = ([], 0) }
        return (starts.told, starts.dropped)
    }

    /// Tells of the connections whose time has come.
    mutating func tellStarts() {
        guard starts.isOn else { return }
        while let (number, first) = starts.next(until: now - Self.startDelay) {
            // One that left the table was told then.
            if flows[number].marks.contains(.live), flows[number].first == first { tellStart(of: number) }
        }
    }

    /// Tells of a connection that leaves the table before its time has come.
    mutating func tellEarlyStart(of number: UInt32) {
        guard starts.isOn, flows[number].first > starts.toldUntil,
            flows[number].marks.isDisjoint(with: [.beganBefore, .adopted])
        else { return }
        tellStart(of: number)
    }

    private mutating func tellStart(of number: UInt32) {
        guard !flows[number].isDoubtful else { return }
        starts.tell(
            ConnectionStart(
                id: flows[number].id, time: Timestamp(rawValue: flows[number].first),
                virtualService: topology.services[Int(flows[number].service)].identity,
                realServer: endpoint(of: flows[number]), client: flows[number].client.endpoint,
                origin: flows[number].origin))
    }
}
