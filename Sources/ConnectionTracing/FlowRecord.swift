import IPVSModel

/// What both sides of a connection share, and what the flow table finds it by.
package struct ClientKey: BitwiseCopyable {
    var high: UInt64 = 0
    var low: UInt64 = 0
    var port: UInt16 = 0
    var transport: UInt8 = 0

    @inline(__always)
    package init(high: UInt64, low: UInt64, port: UInt16, transport: UInt8) {
        self.high = high
        self.low = low
        self.port = port
        self.transport = transport
    }

    init(_ client: Endpoint, _ transport: TransportProtocol) {
        self.init(
            high: client.address.high, low: client.address.low, port: client.port, transport: transport.rawValue)
    }

    var endpoint: Endpoint { Endpoint(address: IPAddress(high: high, low: low), port: port) }

    /// Two rounds of multiply-and-fold; `seed` keeps clients from choosing collisions.
    @inline(__always)
    package func hash(_ seed: UInt64) -> UInt32 {
        let first = (low ^ UInt64(port) << 48 ^ seed).multipliedFullWidth(
            by: high ^ UInt64(transport) << 56 ^ 0x9E37_79B9_7F4A_7C15)
        let folded = (first.high ^ first.low ^ seed).multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
        return UInt32(truncatingIfNeeded: folded.high ^ folded.low)
    }
}

/// A connection in the flow table: three cache lines, of which a packet touches the first and its own side's.
package struct FlowRecord: BitwiseCopyable {
    // Line 1: who, when, which.
    var clientHigh: UInt64 = 0
    var clientLow: UInt64 = 0
    /// The first packet, in nanoseconds since the epoch.
    var first: Int64 = 0
    /// The last packet, in nanoseconds since the epoch.
    var last: Int64 = 0
    package var id: Int64 = 0
    var clientPort: UInt16 = 0
    var service: UInt16 = 0
    /// The real server's endpoint in the endpoint table; `unknown` until a packet on the DIP side, or the kernel's
    /// table, tells.
    var endpoint: UInt16 = FlowRecord.unknown
    /// The real server within its virtual service, an index into the tracer's list; `unknown` like `endpoint`.
    var realServer: UInt16 = FlowRecord.unknown
    var marks: Marks = []
    var transport: UInt8 = 0
    var kernelState: KernelTCPState = .none
    /// When the kernel's row was first and last read: milliseconds after `first`, plus 1; 0 is never.
    var entryFirst: UInt32 = 0
    var entryLast: UInt32 = 0

    // Lines 2 and 3: one per side.
    var vip = FlowSide()
    var dip = FlowSide()

    package init(client: ClientKey, id: Int64) {
        clientHigh = client.high
        clientLow = client.low
        clientPort = client.port
        transport = client.transport
        self.id = id
    }

    static let unknown = UInt16.max

    struct Marks: OptionSet, BitwiseCopyable {
        let rawValue: UInt16
        /// In use; a record without it is free.
        static let live = Self(rawValue: 1 << 0)
        static let finIn = Self(rawValue: 1 << 1)
        static let finOut = Self(rawValue: 1 << 2)
        static let resetByClient = Self(rawValue: 1 << 3)
        static let resetByRealServer = Self(rawValue: 1 << 4)
        /// Written out since it last changed.
        static let written = Self(rawValue: 1 << 5)
        /// Its end was counted.
        static let ended = Self(rawValue: 1 << 6)
        static let synRepeated = Self(rawValue: 1 << 7)
        // How it came to be, as ConnectionOrigin.
        static let reusedPort = Self(rawValue: 1 << 8)
        static let sameEntry = Self(rawValue: 1 << 9)
        static let beganBefore = Self(rawValue: 1 << 10)
        /// The kernel's row was read since it was last written: worth writing again at the end, not at once.
        static let entryRead = Self(rawValue: 1 << 11)
    }

    var client: ClientKey {
        ClientKey(high: clientHigh, low: clientLow, port: clientPort, transport: transport)
    }

    @inline(__always)
    package func belongs(to client: ClientKey) -> Bool {
        clientLow == client.low && clientPort == client.port && clientHigh == client.high
            && transport == client.transport
    }

    /// Whether it is over: both FINs, or an RST.
    var isOver: Bool {
        !marks.isDisjoint(with: [.resetByClient, .resetByRealServer]) || marks.isSuperset(of: [.finIn, .finOut])
    }

    /// Whether it changed since it was last written.
    var isUnwritten: Bool { !marks.contains(.written) || marks.contains(.entryRead) }

    var origin: ConnectionOrigin {
        if marks.contains(.beganBefore) { return .beganBefore }
        if marks.contains(.sameEntry) { return .sameEntry }
        return marks.contains(.reusedPort) ? .assignedOnReusedPort : .assigned
    }

    /// `time` after `first` in ticks of 100 ns, plus 1, so that 0 can mean "not seen".
    @inline(__always)
    func ticks(at time: Int64) -> UInt32 {
        UInt32(clamping: max(time &- first, 0) / FlowSide.tick &+ 1)
    }

    /// `time` after `first` in milliseconds, plus 1.
    func milliseconds(at time: Int64) -> UInt32 { UInt32(clamping: (time &- first) / 1_000_000 &+ 1) }
}

/// What one side of the director saw of a connection: a cache line.
///
/// Times are ticks after the record's `first`, plus 1; 0 is "not seen". Seven minutes fit, and what comes later stays
/// at the maximum.
package struct FlowSide: BitwiseCopyable {
    static let tick: Int64 = 100

    var inBytes: UInt64 = 0
    var outBytes: UInt64 = 0
    var inPackets: UInt32 = 0
    var outPackets: UInt32 = 0
    /// The sequence number after the furthest byte seen in each direction.
    var inNext: UInt32 = 0
    var outNext: UInt32 = 0
    var syn: UInt32 = 0
    var synAck: UInt32 = 0
    var ack: UInt32 = 0
    var firstRequest: UInt32 = 0
    var firstResponse: UInt32 = 0
    var end: UInt32 = 0
    var inRepeated: UInt16 = 0
    var outRepeated: UInt16 = 0
    /// VIP side: the client's initial sequence number. DIP side: the kernel's row when last read, packed.
    var extra: UInt32 = 0
}
