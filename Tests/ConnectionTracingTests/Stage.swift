import ConnectionTracing
import IPVSModel
import PacketDecoding

/// Which side of the director saw a packet.
struct Sides: OptionSet, Sendable {
    let rawValue: Int
    static let vip = Self(rawValue: 1)
    static let dip = Self(rawValue: 2)
    static let both: Self = [.vip, .dip]
    static let neither: Self = []
}

/// One connection as client, director and real server see it.
struct Conversation: Sendable {
    var client: Endpoint
    var virtual: Endpoint
    var server: Endpoint
    var transport: UInt8 = 6
    /// The next sequence number in each direction.
    var clientNext: UInt32 = 1_000
    var serverNext: UInt32 = 900_000
    /// The real server's MAC address with direct routing, where the virtual IP stays the destination; else 0.
    var link: UInt64 = 0

    init(
        _ client: String, _ virtual: Endpoint = .web, to server: Endpoint = .rs1, transport: UInt8 = 6,
        sequence: UInt32 = 1_000
    ) {
        self.client = Endpoint(client)!
        self.virtual = virtual
        self.server = server
        self.transport = transport
        clientNext = sequence
    }

    /// The same client port used again, with a later sequence number as clients choose it.
    func again(to server: Endpoint? = nil) -> Self {
        var next = self
        next.clientNext &+= 1_000_000
        next.serverNext &+= 7_000_000
        next.server = server ?? self.server
        return next
    }
}

/// A director on stage: makes the packets that its two sides would show and hands them to a tracer one by one.
///
/// The clock moves 100 µs with each packet; forwarding takes 20 µs.
struct Stage: ~Copyable {
    static let step: Int64 = 100_000
    static let forwarding: Int64 = 20_000

    var tracer: ConnectionTracer
    var now: Int64 = 1_700_000_000_000_000_000
    /// Everything the tracer was given.
    var packetsSent: UInt64 = 0
    /// One interface carries both sides.
    var isOneArmed = false
    /// Packets that wait to be traced in one batch; `nil` hands each on at once.
    var held: [PacketSummary]?
    private var written: [Int64: ConnectionRecord] = [:]
    private(set) var timesWritten: [Int64: Int] = [:]
    private(set) var events: [TraceEvent] = []

    init(
        _ services: [VirtualService] = .stage, capacity: Int = 100_000, reuseMode: Int = 1,
        isNumberedLater: Bool = false, hasOldTemplates: Bool = false
    ) {
        tracer = ConnectionTracer(capacity: capacity, isNumberedLater: isNumberedLater)
        tracer.update(to: .state(services, reuseMode: reuseMode))
        if !hasOldTemplates { tracer.beginWithoutTemplates() }
    }

    mutating func give(_ packet: PacketSummary) {
        var packet = packet
        packet.ordinal = packetsSent
        packetsSent += 1
        if held == nil { tracer.process([packet].span) } else { held?.append(packet) }
    }

    /// Has what was held back traced in one batch.
    mutating func release() {
        let packets = held ?? []
        held = nil
        tracer.process(packets.span)
    }

    private func packet(
        _ conversation: Conversation, _ tap: Tap, isIn: Bool, flags: TCPFlags, sequence: UInt32,
        acknowledgement: UInt32, payload: Int
    ) -> PacketSummary {
        var packet = PacketSummary()
        let near = tap == .dip && conversation.link == 0 ? conversation.server : conversation.virtual
        if tap == .dip { packet.linkDestination = conversation.link }
        let (source, destination) = isIn ? (conversation.client, near) : (near, conversation.client)
        packet.sourceHigh = source.address.high
        packet.sourceLow = source.address.low
        packet.sourcePort = source.port
        packet.destinationHigh = destination.address.high
        packet.destinationLow = destination.address.low
        packet.destinationPort = destination.port
        packet.transport = conversation.transport
        packet.flags = flags
        packet.sequence = sequence
        packet.acknowledgement = acknowledgement
        packet.payloadLength = UInt32(payload)
        packet.ipLength = UInt32(payload + 40)
        packet.tap = isOneArmed ? .both : tap
        packet.time = tap == .dip && isIn || tap == .vip && !isIn ? now + Self.forwarding : now
        return packet
    }

    /// A packet from the client; `repeated` sends it with the sequence number it had before.
    mutating func client(
        _ conversation: inout Conversation, _ flags: TCPFlags, payload: Int = 0, seen: Sides = .both,
        repeated: UInt32? = nil
    ) {
        let sequence = repeated ?? conversation.clientNext
        for tap in [Tap.vip, .dip] where seen.contains(tap == .vip ? .vip : .dip) {
            give(
                packet(
                    conversation, tap, isIn: true, flags: flags, sequence: sequence,
                    acknowledgement: flags.contains(.ack) ? conversation.serverNext : 0, payload: payload))
        }
        if repeated == nil {
            conversation.clientNext &+= UInt32(payload) + (flags.isDisjoint(with: [.syn, .fin]) ? 0 : 1)
        }
        now += Self.step
    }

    /// A packet from the real server.
    mutating func server(
        _ conversation: inout Conversation, _ flags: TCPFlags, payload: Int = 0, seen: Sides = .both,
        repeated: UInt32? = nil
    ) {
        let sequence = repeated ?? conversation.serverNext
        for tap in [Tap.dip, .vip] where seen.contains(tap == .vip ? .vip : .dip) {
            give(
                packet(
                    conversation, tap, isIn: false, flags: flags, sequence: sequence,
                    acknowledgement: flags.contains(.ack) ? conversation.clientNext : 0, payload: payload))
        }
        if repeated == nil {
            conversation.serverNext &+= UInt32(payload) + (flags.isDisjoint(with: [.syn, .fin]) ? 0 : 1)
        }
        now += Self.step
    }

    /// An ICMP error about the conversation, of 96 bytes, seen on one side.
    mutating func error(_ conversation: Conversation, _ type: UInt8, _ code: UInt8, on tap: Tap, isIn: Bool = false) {
        var error = packet(
            conversation, tap, isIn: isIn, flags: [], sequence: UInt32(type) << 8 | UInt32(code), acknowledgement: 0,
            payload: 0)
        error.ipLength = 96
        error.marks = .icmpError
        give(error)
        now += Self.step
    }

    /// A fragment after the first.
    mutating func fragment(_ conversation: Conversation, isIn: Bool, payload: Int, seen: Sides = .both) {
        for tap in [Tap.vip, .dip] where seen.contains(tap == .vip ? .vip : .dip) {
            var fragment = packet(
                conversation, tap, isIn: isIn, flags: [], sequence: 0, acknowledgement: 0, payload: payload)
            fragment.ipLength = UInt32(payload)
            fragment.marks = .laterFragment
            give(fragment)
        }
        now += Self.step
    }

    mutating func open(_ conversation: inout Conversation) {
        client(&conversation, .syn)
        server(&conversation, [.syn, .ack])
        client(&conversation, .ack)
    }

    mutating func exchange(_ conversation: inout Conversation, request: Int = 100, response: Int = 500) {
        client(&conversation, [.psh, .ack], payload: request)
        server(&conversation, [.psh, .ack], payload: response)
        client(&conversation, .ack)
    }

    mutating func closeByClient(_ conversation: inout Conversation) {
        client(&conversation, [.fin, .ack])
        server(&conversation, [.fin, .ack])
        client(&conversation, .ack)
    }

    mutating func closeByServer(_ conversation: inout Conversation) {
        server(&conversation, [.fin, .ack])
        client(&conversation, [.fin, .ack])
        server(&conversation, .ack)
    }

    /// Lets time pass as a live collector does: a look at the clock ten times a second.
    mutating func wait(seconds: Double) {
        let end = now + Int64(seconds * 1e9)
        while now < end {
            now = min(now + max(100_000_000, Int64(seconds * 1e9) / 4_000), end)
            tracer.advance(to: now)
        }
        collect()
    }

    mutating func collect() {
        for record in tracer.takeRecords() {
            written[record.id] = record
            timesWritten[record.id, default: 0] += 1
        }
        events += tracer.takeEvents()
    }

    /// Ends the capture a while after the last packet.
    ///
    /// - Returns: Every connection as it was last written, by id.
    mutating func finish(after seconds: Double = 2) -> [ConnectionRecord] {
        wait(seconds: seconds)
        tracer.finish()
        collect()
        return written.values.sorted { $0.id < $1.id }
    }

    /// What was written so far.
    var records: [ConnectionRecord] { written.values.sorted { $0.id < $1.id } }

    func trace(_ virtual: Endpoint = .web, _ transport: TransportProtocol = .tcp) -> VirtualServiceTrace {
        tracer.summary().virtualServices.first { $0.identity == .endpoint(transport, virtual) }!
    }

    func server(_ server: Endpoint, of virtual: Endpoint = .web, _ transport: TransportProtocol = .tcp)
        -> RealServerTrace
    {
        trace(virtual, transport).realServers.first { $0.endpoint == server }!
    }

    /// How often a cause was counted, over all services.
    func cause(_ name: String) -> UInt64 {
        tracer.summary().virtualServices.reduce(0) { sum, service in
            sum + (service.causes.first { $0.reason == name }?.count ?? 0)
        }
    }
}

extension Endpoint {
    static let web = Endpoint("192.168.122.100:80")!
    static let shop = Endpoint("192.168.122.100:8080")!
    static let names = Endpoint("192.168.122.100:53")!
    static let web6 = Endpoint("[fd00:122::100]:80")!
    static let rs1 = Endpoint("10.10.10.10:80")!
    static let rs2 = Endpoint("10.10.10.20:80")!
    static let rs3 = Endpoint("10.10.10.30:80")!
    static let dns1 = Endpoint("10.10.10.10:53")!
    static let rs6 = Endpoint("[fd00:10::10]:80")!
}

extension VirtualService {
    static func stage(
        _ transport: TransportProtocol, _ virtual: Endpoint, _ servers: [Endpoint], flags: Flags = []
    ) -> Self {
        VirtualService(
            identity: .endpoint(transport, virtual), scheduler: .roundRobin, flags: flags,
            realServers: servers.map { RealServer(endpoint: $0) })
    }
}

extension [VirtualService] {
    /// Two web services that share two real servers, names over UDP, and IPv6.
    static let stage: Self = [
        .stage(.tcp, .web, [.rs1, .rs2, .rs3]), .stage(.tcp, .shop, [.rs2, .rs3]), .stage(.udp, .names, [.dns1]),
        .stage(.tcp, .web6, [.rs6]),
    ]

    static let alone: Self = [.stage(.tcp, .web, [.rs1, .rs2, .rs3])]
    static let persistent: Self = [.stage(.tcp, .web, [.rs1, .rs2, .rs3], flags: .persistent)]
}

extension KernelState {
    static func state(_ services: [VirtualService], reuseMode: Int = 1) -> Self {
        KernelState(
            observedAt: Timestamp(rawValue: 0), version: "1.2.1", connectionTableSize: 4_096, timeouts: Timeouts(),
            virtualServices: services, sysctls: ["net.ipv4.vs.conn_reuse_mode": "\(reuseMode)"])
    }
}

extension Stage {
    /// Has the tracer read the kernel's table now.
    mutating func observe(_ rows: [ConnectionEntry], synced: Set<Endpoint> = []) {
        tracer.observe(rows, began: Timestamp(rawValue: now), isSynced: { synced.contains($0.client) })
    }
}

extension ConnectionEntry {
    static func row(_ conversation: Conversation, _ state: ConnectionState, _ expiresIn: UInt32) -> Self {
        ConnectionEntry(
            transportProtocol: TransportProtocol(rawValue: conversation.transport), client: conversation.client,
            virtual: conversation.virtual, realServer: conversation.server, state: state, expiresIn: expiresIn)
    }
}
