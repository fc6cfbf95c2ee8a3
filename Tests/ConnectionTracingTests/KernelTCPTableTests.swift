import ConnectionTracing
import IPVSModel
import PacketDecoding
import Testing

struct KernelTCPTableTests {
    /// The kernel's `tcp_states` for VS/NAT, as observed packet by packet: state by state from NONE to SYNACK.
    private static let matrix: [(flags: TCPFlags, fromRealServer: Bool, next: String)] = [
        (.syn, false, "SR ES ES SR SR SR SR SR SR SR SR"), (.fin, false, "CL CW SS TW TW TW CL CW LA LI TW"),
        (.ack, false, "ES ES SS ES FW TW CL CW CL LI ES"), (.rst, false, "CL CL CL SR CL CL CL CL LA LI SR"),
        ([], false, "CL CL CL CL CL CL CL CL CL CL CL"), (.syn, true, "SS ES SS SR SS SS SS SS SS LI SR"),
        (.fin, true, "TW FW SS TW FW TW CL TW LA LI TW"), (.ack, true, "ES ES SS ES FW TW CL CW LA ES ES"),
        (.rst, true, "CL CL SS CL CL TW CL CL CL CL CL"), ([], true, "CL CL CL CL CL CL CL CL CL CL CL"),
    ]

    private static let short: [KernelTCPState: String] = [
        .none: "NO", .established: "ES", .synSent: "SS", .synReceived: "SR", .finWait: "FW", .timeWait: "TW",
        .close: "CL", .closeWait: "CW", .lastAck: "LA", .listen: "LI", .synAck: "SA",
    ]

    @Test(arguments: matrix.indices)
    func `each flag moves each state as the kernel does`(row: Int) {
        let (flags, fromRealServer, next) = Self.matrix[row]
        let table = KernelTCPTable()
        let moved = KernelTCPState.allCases.filter { $0 != .udp }.map {
            Self.short[table.next($0, flags: flags.rawValue, fromRealServer: fromRealServer)] ?? "?"
        }
        #expect(moved.joined(separator: " ") == next)
    }

    @Test func `RST wins over SYN, SYN over FIN, FIN over ACK, and PSH says nothing`() {
        let table = KernelTCPTable()
        let from = { (flags: TCPFlags) in table.next(.established, flags: flags.rawValue, fromRealServer: false) }
        #expect(from([.rst, .syn, .fin, .ack]) == .close)
        #expect(from([.syn, .fin, .ack]) == .established)
        #expect(from([.fin, .ack, .psh]) == .closeWait)
        #expect(from([.ack, .psh]) == .established)
        #expect(from(.psh) == .close)
    }

    @Test func `UDP has one state`() {
        for flags in 0...UInt8.max {
            #expect(KernelTCPTable().next(.udp, flags: flags, fromRealServer: flags % 2 == 0) == .udp)
        }
    }

    @Test func `timeouts are the kernel's, and three of them follow the configuration`() {
        let names = { (timeouts: KernelState.Timeouts) in KernelTCPState.allCases.map { $0.timeout(timeouts) } }
        #expect(names(KernelState.Timeouts()) == [2, 900, 120, 60, 120, 120, 10, 60, 30, 120, 120, 300])
        let changed = KernelState.Timeouts(tcp: 1, tcpFin: 5, udp: 7)
        #expect(names(changed) == [2, 1, 120, 60, 5, 120, 10, 60, 30, 120, 120, 7])
    }

    @Test(arguments: KernelTCPState.allCases)
    func `a state is found by the name the kernel prints`(state: KernelTCPState) {
        #expect(KernelTCPState(state.connectionState) == state)
    }

    @Test func `a state of another protocol has no counterpart`() {
        #expect(KernelTCPState(ConnectionState(rawValue: "COOKIE")) == nil)
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
        let states = stage.finish().map(\.state.rawValue)
        #expect(states == ["SYN_RECV", "SYN_SENT"])
    }
}
