import IPVSModel

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
    /// ``virtual`` and ``endpoint``: what packets on either side are told by.
    var ends: [2 of UInt16] = [0, FlowRecord.unknown]
    /// The real server within its virtual service, an index into the topology's list; `unknown` like `endpoint`.
    var realServer: UInt16 = FlowRecord.unknown
    var transport: UInt8 = 0
    /// The kernel's state.
    var state: EntryState = .none
    var marks: Marks = []
    /// The first sequence number each way, from whichever side saw it first.
    var start: [2 of UInt32] = [0, 0]

    /// Lines 2 and 3: the VIP side and the DIP side, each with both ways; by ``Leg/number``.
    var lanes: [4 of FlowLane] = [FlowLane(), FlowLane(), FlowLane(), FlowLane()]

    package init(client: ClientKey, id: Int64) {
        clientHigh = client.high
        clientLow = client.low
        clientPort = client.port
        transport = client.transport
        self.id = id
    }

    static let unknown = UInt16.max

    struct Marks: OptionSet, BitwiseCopyable {
        let rawValue: UInt32
        /// In use; a record without it is free.
        static var live: Self { Self(rawValue: 1 << 0) }
        static var finIn: Self { .fin(0) }
        static var finOut: Self { .fin(1) }
        static var resetByClient: Self { Self(rawValue: 1 << 3) }
        static var resetByRealServer: Self { Self(rawValue: 1 << 4) }
        /// Written out since it last changed.
        static var written: Self { Self(rawValue: 1 << 5) }
        /// Its end was counted.
        static var ended: Self { Self(rawValue: 1 << 6) }
        static var synRepeated: Self { Self(rawValue: 1 << 7) }
        /// The handshake was completed, or a datagram answered.
        static var established: Self { Self(rawValue: 1 << 8) }
        /// The kernel's row was read since it was last written: worth writing again at the end, not at once.
        static var entryRead: Self { Self(rawValue: 1 << 9) }
        /// Replies bypass the director, as far as the kernel has seen.
        static var inputOnly: Self { Self(rawValue: 1 << 10) }
        /// A real server's ICMP error came in on the DIP side.
        static var serverError: Self { Self(rawValue: 1 << 12) }
        /// An RST to the client that no real server sent.
        static var resetByDirector: Self { Self(rawValue: 1 << 13) }
        /// The kernel keeps the entry longer than by the rules, or less long: ``FlowNotes/grace`` says by how much, until
        /// the next packet.
        static var graced: Self { Self(rawValue: 1 << 14) }

        /// By direction.
        @inline(__always)
        static func fin(_ direction: Int) -> Self { Self(rawValue: 2 << UInt32(truncatingIfNeeded: direction)) }

        /// Nothing if `isSet` is 0 rather than 1.
        @inline(__always)
        static func over(_ isSet: UInt32) -> Self { Self(rawValue: isSet &<< 15) }

        /// 1 if replies bypass the director, else 0.
        @inline(__always)
        var isInputOnly: Int { Int(truncatingIfNeeded: rawValue &>> 10 & 1) }

        /// ``isOver`` as of the last packet.
        static var over: Self { Self(rawValue: 1 << 15) }

        // How it came to be, as ConnectionOrigin.
        static var reusedPort: Self { Self(rawValue: 1 << 16) }
        static var sameEntry: Self { Self(rawValue: 1 << 17) }
        static var beganBefore: Self { Self(rawValue: 1 << 18) }
        static var followsTemplate: Self { Self(rawValue: 1 << 19) }
        /// The director had no real server for it, and said so.
        static var rejected: Self { Self(rawValue: 1 << 20) }
        /// Known from the kernel's table alone so far.
        static var adopted: Self { Self(rawValue: 1 << 21) }
        static var perhapsFollowsTemplate: Self { Self(rawValue: 1 << 22) }
        /// A data connection of FTP.
        static var ftpData: Self { Self(rawValue: 1 << 23) }

        // Why it was not sent on, as the director's ICMP error tells.
        static var unreachable: Self { Self(rawValue: 1 << 24) }
        static var hopsExceeded: Self { Self(rawValue: 1 << 25) }
        static var tooBig: Self { Self(rawValue: 1 << 26) }

        /// A packet of its own went that way, on either side; by direction.
        static func begun(_ direction: Int) -> Self { Self(rawValue: begunIn.rawValue << UInt32(direction)) }
        private static var begunIn: Self { Self(rawValue: 1 << 27) }
        /// 0 if none went that way yet, else 1.
        @inline(__always)
        func hasBegun(_ direction: Int) -> UInt32 {
            rawValue &>> (27 &+ UInt32(truncatingIfNeeded: direction)) & 1
        }

        /// Its real server's endpoint is unknown.
        static var unbound: Self { Self(rawValue: 1 << 30) }
        /// Something is noted beside the record.
        static var noted: Self { Self(rawValue: 1 << 29) }

        /// Whether it is over: both FINs, the client's alone where replies bypass the director, or an RST.
        ///
        /// Without a branch: every packet asks, and one in five gives another answer than the one before.
        @inline(__always)
        var isOver: Bool {
            let resets = rawValue & Self([.resetByClient, .resetByRealServer, .resetByDirector]).rawValue
            // The client's FIN is bit 1, the real server's 2, replies that bypass 10.
            let closed = (rawValue >> 1) & (rawValue >> 2 | rawValue >> 10) & 1
            return resets | closed != 0
        }
    }

    /// The address and port the client talks to, an index into the topology's list.
    var virtual: UInt16 {
        get { ends[0] }
        set { ends[0] = newValue }
    }

    /// The real server's endpoint in the endpoint table; `unknown` until a packet on the DIP side, or the kernel's
    /// table, tells.
    var endpoint: UInt16 {
        get { ends[1] }
        set {
            ends[1] = newValue
            marks.remove(.unbound)
        }
    }

    var vip: FlowSide { FlowSide(towardsServer: lanes[0], towardsClient: lanes[1]) }
    var dip: FlowSide { FlowSide(towardsServer: lanes[2], towardsClient: lanes[3]) }

    var client: ClientKey {
        ClientKey(high: clientHigh, low: clientLow, port: clientPort, transport: transport)
    }

    @inline(__always)
    package func belongs(to client: ClientKey) -> Bool {
        clientLow == client.low && clientPort == client.port && clientHigh == client.high
            && transport == client.transport
    }

    var isOver: Bool { marks.isOver }

    /// Whether it goes first when the table is full: it is over, or nothing but a row of the kernel's table.
    var isSpare: Bool { isOver || marks.contains(.adopted) }

    /// Whether it waits for its handshake, or for its first answer.
    var isHalfOpen: Bool { !isOver && !marks.contains(.established) }

    /// Whether it changed since it was last written; what never had a packet is not worth writing.
    var isUnwritten: Bool {
        (!marks.contains(.written) || marks.contains(.entryRead)) && !marks.contains(.adopted)
    }

    /// Whether nothing was ever sent on to a real server.
    var isUnforwarded: Bool { lanes[2].packets == 0 && lanes[3].packets == 0 }

    /// Whether it may be no connection of a virtual service: FTP's data connections are told by being sent on.
    var isDoubtful: Bool { marks.contains(.ftpData) && endpoint == FlowRecord.unknown }

    var origin: ConnectionOrigin {
        if marks.contains(.beganBefore) { return .beganBefore }
        if marks.contains(.ftpData) { return .ftpData }
        if marks.contains(.rejected) { return .rejected }
        if marks.contains(.sameEntry) { return .sameEntry }
        if marks.contains(.followsTemplate) { return .followsTemplate }
        if marks.contains(.perhapsFollowsTemplate) { return .perhapsFollowsTemplate }
        return marks.contains(.reusedPort) ? .assignedOnReusedPort : .assigned
    }

    /// `time` after `first` in ticks of 100 ns, plus 1, so that 0 can mean "not seen".
    @inline(__always)
    func ticks(at time: Int64) -> UInt32 {
        UInt32(truncatingIfNeeded: min(UInt64(max(time &- first, 0)) / UInt64(FlowSide.tick), 0xffff_fffe)) &+ 1
    }

    /// `time` after `first` in milliseconds, plus 1.
    func milliseconds(at time: Int64) -> UInt32 { UInt32(clamping: max(time &- first, 0) / 1_000_000 &+ 1) }
}

/// What one side of the director saw going one way: half a cache line.
///
/// Which way the next packet goes is anybody's guess, so that its lane is found by number, without a branch. Times are
/// ticks after the record's `first`, plus 1; 0 is "not seen". Seven minutes fit, and what comes later stays at the
/// maximum.
package struct FlowLane: BitwiseCopyable {
    var bytes: UInt64 = 0
    var packets: UInt32 = 0
    /// The sequence number after the furthest byte seen; without sequence numbers, the payload's sum.
    var next: UInt32 = 0
    /// The SYN or its answer, or the first datagram.
    var opening: UInt32 = 0
    /// The first request or response.
    var payload: UInt32 = 0
    /// Towards the real server: the ACK that completes the handshake. Towards the client: the end, whichever way the
    /// packet went that brought it.
    var milestone: UInt32 = 0
    var repeated: UInt16 = 0
    /// How often the sequence numbers began anew.
    var wraps: UInt16 = 0
}

/// What one side of the director saw of a connection.
package struct FlowSide: BitwiseCopyable {
    static let tick: Int64 = 100

    let towardsServer: FlowLane
    let towardsClient: FlowLane

    var inPackets: UInt32 { towardsServer.packets }
    var outPackets: UInt32 { towardsClient.packets }
    var syn: UInt32 { towardsServer.opening }
    var synAck: UInt32 { towardsClient.opening }
    var ack: UInt32 { towardsServer.milestone }
    var end: UInt32 { towardsClient.milestone }
}

/// What is rarely looked at, beside each record: there only while ``FlowRecord/Marks/noted`` says so.
struct FlowNotes: BitwiseCopyable {
    /// When the kernel's row was first and last read: milliseconds after the record's `first`, plus 1; 0 is never.
    var entryFirst: UInt32 = 0
    var entryLast: UInt32 = 0
    /// The kernel's row when last read.
    var entry = PackedEntry(rawValue: 0)
    /// The persistence template it hangs on, plus 1; 0 is none.
    var template: UInt32 = 0
    /// How much longer than by the rules the kernel keeps the entry, by its own timer when last read; counts only while
    /// ``FlowRecord/Marks/graced`` says so.
    ///
    /// - Unit: seconds.
    var grace: Int32 = 0
}

/// A kernel entry's state and timer in one word.
struct PackedEntry: RawRepresentable, BitwiseCopyable {
    let rawValue: UInt32

    init(rawValue: UInt32) { self.rawValue = rawValue }

    init(state: EntryState, expiresIn: UInt32) {
        rawValue = UInt32(state.rawValue) << 24 | min(expiresIn, 0xff_ffff)
    }

    var state: EntryState { EntryState(rawValue: UInt8(rawValue >> 24)) ?? .none }
    var expiresIn: UInt32 { rawValue & 0xff_ffff }
}
