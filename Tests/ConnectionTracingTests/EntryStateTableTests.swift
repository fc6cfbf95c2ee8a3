import ConnectionTracing
import IPVSModel
import PacketDecoding
import Testing

struct EntryStateTableTests {
    /// The kernel's `tcp_states`, as observed packet by packet: state by state from NONE to SYNACK.
    private static let matrix: [(flags: TCPFlags, EntryStateTable.Direction, next: String)] = [
        (.syn, .input, "SR ES ES SR SR SR SR SR SR SR SR"), (.fin, .input, "CL CW SS TW TW TW CL CW LA LI TW"),
        (.ack, .input, "ES ES SS ES FW TW CL CW CL LI ES"), (.rst, .input, "CL CL CL SR CL CL CL CL LA LI SR"),
        ([], .input, "CL CL CL CL CL CL CL CL CL CL CL"), (.syn, .output, "SS ES SS SR SS SS SS SS SS LI SR"),
        (.fin, .output, "TW FW SS TW FW TW CL TW LA LI TW"), (.ack, .output, "ES ES SS ES FW TW CL CW LA ES ES"),
        (.rst, .output, "CL CL SS CL CL TW CL CL CL CL CL"), ([], .output, "CL CL CL CL CL CL CL CL CL CL CL"),
        (.syn, .inputOnly, "SR ES ES SR SR SR SR SR SR SR SR"),
        (.fin, .inputOnly, "CL FW SS TW FW TW CL CW LA LI TW"),
        (.ack, .inputOnly, "ES ES SS ES FW TW CL CW CL LI ES"),
        (.rst, .inputOnly, "CL CL CL SR CL CL CL CL LA LI CL"),
    ]

    private static let short: [EntryState: String] = [
        .none: "NO", .established: "ES", .synSent: "SS", .synReceived: "SR", .finWait: "FW", .timeWait: "TW",
        .close: "CL", .closeWait: "CW", .lastAck: "LA", .listen: "LI", .synAck: "SA",
    ]

    private static let tcpStates = EntryState.allCases.prefix { $0 != .udp }
    private static let sctpStates = EntryState.allCases.drop { $0 != .sctpNone }

    @Test(arguments: matrix.indices)
    func `each flag moves each state as the kernel does`(row: Int) {
        let (flags, direction, next) = Self.matrix[row]
        let table = EntryStateTable()
        let moved = Self.tcpStates.map { Self.short[table.next($0, flags: flags, direction)] ?? "?" }
        #expect(moved.joined(separator: " ") == next)
    }

    @Test func `a kernel that defends itself believes a client only after the real server's next ACK`() {
        let table = EntryStateTable(isDefending: true)
        var states: [EntryState] = []
        var state = EntryState.none
        for (flags, direction) in [
            (TCPFlags.syn, EntryStateTable.Direction.input), ([.syn, .ack], .output), (.ack, .input), (.ack, .output),
        ] {
            state = table.next(state, flags: flags, direction)
            states.append(state)
        }
        #expect(states == [.synReceived, .synAck, .synAck, .established])
    }

    @Test func `RST wins over SYN, SYN over FIN, FIN over ACK, and PSH says nothing`() {
        let table = EntryStateTable()
        let from = { (flags: TCPFlags) in table.next(.established, flags: flags, .input) }
        #expect(from([.rst, .syn, .fin, .ack]) == .close)
        #expect(from([.syn, .fin, .ack]) == .established)
        #expect(from([.fin, .ack, .psh]) == .closeWait)
        #expect(from([.ack, .psh]) == .established)
        #expect(from(.psh) == .close)
    }

    @Test(arguments: EntryStateTable.Direction.allCases)
    func `UDP has one state`(direction: EntryStateTable.Direction) {
        for flags in 0...UInt8.max {
            #expect(EntryStateTable().next(.udp, flags: TCPFlags(rawValue: flags), direction) == .udp)
        }
    }

    @Test func `an SCTP association goes from INIT to CLOSED as the kernel has it`() {
        let table = EntryStateTable()
        let life: [(SCTPEvent, EntryStateTable.Direction, String)] = [
            (.`init`, .input, "INIT1"), (.initAck, .output, "C-SENT"), (.cookieEcho, .input, "C-REPLIED"),
            (.cookieAck, .output, "ESTABLISHED"), (.data, .input, "ESTABLISHED"), (.data, .output, "ESTABLISHED"),
            (.shutdown, .input, "S-RECEIVED"), (.shutdownAck, .output, "S-ACK-SENT"),
            (.shutdownComplete, .input, "CLOSED"),
        ]
        var state = EntryState.sctpNone
        for (event, direction, name) in life {
            state = table.next(state, flags: event.flags, direction)
            #expect(state.connectionState.rawValue == name)
        }
        #expect(table.next(.sctpInit1, flags: SCTPEvent.abort.flags, .output) == .sctpRejected)
        #expect(table.next(.sctpEstablished, flags: SCTPEvent.abort.flags, .input) == .sctpClosed)
    }

    @Test(arguments: SCTPEvent.allCases)
    func `an event of SCTP keeps its meaning, and never leaves the states of SCTP`(event: SCTPEvent) {
        #expect(SCTPEvent(flags: event.flags) == event)
        let table = EntryStateTable()
        for direction in EntryStateTable.Direction.allCases {
            for state in Self.sctpStates {
                #expect(Self.sctpStates.contains(table.next(state, flags: event.flags, direction)))
            }
        }
    }

    @Test func `timeouts are the kernel's, and three of them follow the configuration`() {
        let timeouts = { (settings: KernelState.Timeouts) in EntryState.allCases.map { $0.timeout(settings) } }
        let sctp: [Int64] = [2, 4, 61, 61, 61, 61, 61, 61, 900, 61, 61, 61, 4, 61]
        #expect(
            timeouts(KernelState.Timeouts()) == [2, 900, 120, 60, 120, 120, 10, 60, 30, 120, 120, 300] + sctp)
        let changed = KernelState.Timeouts(tcp: 1, tcpFin: 5, udp: 7)
        #expect(timeouts(changed) == [2, 1, 120, 60, 5, 120, 10, 60, 30, 120, 120, 7] + sctp)
    }

    @Test func `a state is found by the name the kernel prints for its protocol`() {
        for state in Self.tcpStates { #expect(EntryState(state.connectionState, .tcp) == state) }
        for state in Self.sctpStates { #expect(EntryState(state.connectionState, .sctp) == state) }
        #expect(EntryState(EntryState.udp.connectionState, .udp) == .udp)
        #expect(EntryState(ConnectionState(rawValue: "COOKIE"), .tcp) == nil)
        #expect(EntryState(ConnectionState(rawValue: "SYN_RECV"), .sctp) == nil)
    }

    @Test func `active are the states that the kernel counts as such`() {
        let active = EntryState.allCases.filter(\.isActive)
        #expect(active == [.established, .synSent, .synReceived, .synAck, .sctpEstablished])
    }

    @Test func `a client's reset in SYN_RECV leaves it there, and a late SYN-ACK makes SYN_SENT`() {
        var stage = Stage()
        var one = Conversation("192.168.122.1:1")
        stage.client(&one, .syn)
        stage.client(&one, .rst)
        var two = Conversation("192.168.122.1:2")
        stage.client(&two, .syn)
        stage.server(&two, .rst)
        stage.server(&two, [.syn, .ack])
        let states = stage.finish().map(\.state.connectionState.rawValue)
        #expect(states == ["SYN_RECV", "SYN_SENT"])
    }
}
