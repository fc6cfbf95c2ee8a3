package import PacketDecoding

/// The kernel's state tables: what a packet makes of an entry's state.
///
/// - Source: `tcp_states` and `tcp_states_dos` in `net/netfilter/ipvs/ip_vs_proto_tcp.c`, `sctp_states` in
///   `ip_vs_proto_sctp.c`. Of the TCP flags RST wins over SYN, FIN and ACK, in this order; a segment with none of them
///   closes the entry.
package struct EntryStateTable: Sendable {
    /// How the kernel sees a packet.
    package enum Direction: Int, Sendable, CaseIterable {
        /// From the client.
        case input
        /// From the real server.
        case output
        /// From the client, while no reply passes the director.
        case inputOnly
    }

    /// What a packet makes of an entry, and of what we know of its connection.
    struct Step: BitwiseCopyable {
        /// What does not hold any more.
        private(set) var forgotten: FlowRecord.Marks = []
        /// What holds from now on.
        private(set) var learned: FlowRecord.Marks = []
        private(set) var state = EntryState.none
        /// By how much more entries the kernel counts as active, and less as inactive.
        private(set) var activated: Int8 = 0

        fileprivate init() {}

        fileprivate init(from old: EntryState, to new: EntryState, _ flags: TCPFlags, _ leg: Leg) {
            state = new
            activated = (new.isActive ? 1 : 0) - (old.isActive ? 1 : 0)
            forgotten = [.written, .over]
            if !leg.isDIPSide { forgotten.insert(.graced) }
            if leg == .vipOut { forgotten.insert(.inputOnly) }
            let isMade = new != old && (new == .established || new == .sctpEstablished)
            if isMade || new == .udp && leg == .vipOut { learned.insert(.established) }
            learned.insert(.begun(leg.direction))
            if flags.contains(.fin), !flags.contains(.rst) { learned.insert(.fin(leg.direction)) }
        }
    }

    /// By whether replies bypass the director, where the packet was seen, its flags, and the state.
    private let steps: [Step]

    /// - Parameter isDefending: Whether the kernel uses the stricter table: the sysctl `secure_tcp` is on.
    package init(isDefending: Bool = false) {
        let rows = Self.tcpRows.map { normal, defending in Self.states(isDefending ? defending ?? normal : normal) }
        var steps = [Step](repeating: Step(), count: 2 * 4 * 32 * 32)
        for isInputOnly in [false, true] {
            for leg in [Leg.vipIn, .vipOut, .dipIn, .dipOut] {
                let direction = leg.isIn ? isInputOnly ? Direction.inputOnly : .input : .output
                for flags in (UInt8.min..<32).map(TCPFlags.init) {
                    let (segment, event) = (Self.row(flags), Int(SCTPEvent(flags: flags).rawValue))
                    for state in EntryState.allCases {
                        let next: EntryState =
                            if leg.isDIPSide || state == .udp {
                                // A reply that the director does not forward never reaches IPVS.
                                state
                            } else if state.rawValue < EntryState.udp.rawValue {
                                segment.map { rows[direction.rawValue * 4 + $0][Int(state.rawValue)] } ?? .close
                            } else {
                                Self.sctp[direction.rawValue * SCTPEvent.allCases.count + event][
                                    Int(state.rawValue - EntryState.sctpNone.rawValue)]
                            }
                        steps[Self.place(state, flags, leg, isInputOnly: isInputOnly ? 1 : 0)] = Step(
                            from: state, to: next, flags, leg)
                    }
                }
            }
        }
        self.steps = steps
    }

    @inline(__always)
    private static func place(_ state: EntryState, _ flags: TCPFlags, _ leg: Leg, isInputOnly: Int) -> Int {
        (isInputOnly << 2 | leg.number) << 10 | Int(flags.rawValue & 31) << 5 | Int(state.rawValue)
    }

    /// Which row of a direction's four a segment reads; `nil` if it has none of the flags.
    private static func row(_ flags: TCPFlags) -> Int? {
        if flags.contains(.rst) { return 3 }
        if flags.contains(.syn) { return 0 }
        if flags.contains(.fin) { return 1 }
        return flags.contains(.ack) ? 2 : nil
    }

    package func next(_ state: EntryState, flags: TCPFlags, _ direction: Direction) -> EntryState {
        let leg: Leg = direction == .output ? .vipOut : .vipIn
        return step(from: state, flags, leg, isInputOnly: direction == .inputOnly ? 1 : 0).state
    }

    /// What a packet seen somewhere makes of a state: on the DIP side, nothing.
    ///
    /// - Parameter isInputOnly: 1 if no reply passes the director, else 0.
    @inline(__always)
    func step(from state: EntryState, _ flags: TCPFlags, _ leg: Leg, isInputOnly: Int) -> Step {
        steps[Self.place(state, flags, leg, isInputOnly: isInputOnly)]
    }

    /// For each direction SYN, FIN, ACK, RST; the second where `secure_tcp` differs.
    private static let tcpRows: [(String, String?)] = [
        ("SR ES ES SR SR SR SR SR SR SR SR", "SR ES ES SR SR SR SR SR SR SR SA"),
        ("CL CW SS TW TW TW CL CW LA LI TW", "CL CW SS TW TW TW CL CW LA LI SA"),
        ("ES ES SS ES FW TW CL CW CL LI ES", "ES ES SS SR FW TW CL CW CL LI SA"),
        ("CL CL CL SR CL CL CL CL LA LI SR", "CL CL CL SR CL CL CL CL LA LI CL"),

        ("SS ES SS SR SS SS SS SS SS LI SR", "SS ES SS SA SS SS SS SS SS LI SA"),
        ("TW FW SS TW FW TW CL TW LA LI TW", nil),
        ("ES ES SS ES FW TW CL CW LA ES ES", nil),
        ("CL CL SS CL CL TW CL CL CL CL CL", nil),

        ("SR ES ES SR SR SR SR SR SR SR SR", "SA ES ES SR SA SA SA SA SA SA SA"),
        ("CL FW SS TW FW TW CL CW LA LI TW", nil),
        ("ES ES SS ES FW TW CL CW CL LI ES", nil),
        ("CL CL CL SR CL CL CL CL LA LI CL", nil),
    ]

    /// For each direction the events in the order of ``PacketDecoding/SCTPEvent``.
    private static let sctp: [[EntryState]] = [
        "ES I1 IN CS CR CW CO CE ES SS SR SA RJ CL", "I1 IN IN CS CR CW CO CE ES SS SR SA IN IN",
        "CW CW CW CS CR CO CO CE ES SS SR SA RJ CL", "CR IN IN CR CR CW CO CE ES SS SR SA RJ CL",
        "ES I1 IN CS CR CW CO ES ES SS SR SA RJ CL", "SR I1 IN CS CR CW CO CE SR SS SR SA RJ CL",
        "CL IN IN CS CR CW CO CE ES CL SR CL RJ CL", "CL CL CL CS CR CW CO CE ES SS SR CL RJ CL",
        "CL I1 IN CS CR CW CO CL ES SS SR SA RJ CL", "CL CL CL CL CL RJ CL CL CL CL CL CL CL CL",

        "ES I1 IN CS CR CW CO CE ES SS SR SA RJ CL", "CW CW CW CW CW CW CW CW ES CW CW CW CW CW",
        "CS CS CS CS CR CW CO CE ES SS SR SA RJ CL", "CE CE CE CE CE CE CE CE ES SS SR SA RJ CL",
        "ES ES ES ES ES ES ES ES ES SS SR SA RJ CL", "SS SS SS SS SS SS SS SS SS SS SR SA RJ CL",
        "SA SA SA SA SA CW CO CE ES SA SA SA RJ CL", "CL I1 IN CS CR CW CO CE ES SS SR SA RJ CL",
        "CL CL CL CL CL CW CO CE ES SS SR SA RJ CL", "CL RJ CL CL CL CL CL CL CL CL CL CL CL CL",

        "ES I1 IN CS CR ES CO CE ES SS SR SA RJ CL", "I1 IN IN IN IN IN CO CE ES SS SR SA IN IN",
        "CE CE CE CE CE CE CO CE ES SS SR SA RJ CL", "ES ES ES ES ES ES CO CE ES SS SR SA RJ CL",
        "ES I1 IN ES ES CW ES ES ES SS SR SA RJ CL", "SR I1 IN CS CR CW CO CE SR SS SR SA RJ CL",
        "CL IN IN CS CR CW CO CE CL CL SR CL RJ CL", "CL CL CL CL CL CW CO CE ES SS CL CL RJ CL",
        "CL I1 IN CS CR CW CO CE ES SS SR SA RJ CL", "CL CL CL CL CL RJ CL CL CL CL CL CL CL CL",
    ].map(sctpStates)

    private static func states(_ row: String) -> [EntryState] {
        states(row, names: "NO ES SS SR FW TW CL CW LA LI SA", from: .none)
    }

    private static func sctpStates(_ row: String) -> [EntryState] {
        states(row, names: "NO I1 IN CS CR CW CO CE ES SS SR SA RJ CL", from: .sctpNone)
    }

    private static func states(_ row: String, names: String, from first: EntryState) -> [EntryState] {
        let names = names.split(separator: " ")
        return row.split(separator: " ").map { name in
            EntryState(rawValue: first.rawValue + UInt8(names.firstIndex(of: name)!))!
        }
    }
}
