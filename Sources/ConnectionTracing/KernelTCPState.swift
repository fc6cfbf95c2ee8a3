package import IPVSModel

/// The kernel's own state of a TCP entry, kept beside ours.
///
/// - Source: `IP_VS_TCP_S_NONE` … in `<net/ip_vs.h>`; UDP entries have the one state ``udp``.
package enum KernelTCPState: UInt8, Sendable, BitwiseCopyable, CaseIterable {
    case none, established, synSent, synReceived, finWait, timeWait, close, closeWait, lastAck, listen, synAck
    case udp

    /// The name that `/proc/net/ip_vs_conn` prints.
    package var connectionState: ConnectionState { Self.names[Int(rawValue)] }

    private static let names =
        [
            "NONE", "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT", "TIME_WAIT", "CLOSE", "CLOSE_WAIT", "LAST_ACK",
            "LISTEN", "SYNACK", "UDP",
        ].map(ConnectionState.init(rawValue:))

    private static let byName = Dictionary(uniqueKeysWithValues: allCases.map { ($0.connectionState, $0) })

    /// - Parameter state: A state by the kernel's name; `nil` comes back for a name of another protocol.
    package init?(_ state: ConnectionState) {
        guard let known = Self.byName[state] else { return nil }
        self = known
    }

    /// How long an entry lives in this state after its last packet.
    ///
    /// - Unit: seconds.
    /// - Source: `tcp_timeouts`, `udp_timeouts` in `net/netfilter/ipvs/ip_vs_proto_{tcp,udp}.c`; three of them are
    ///   what `ipvsadm --set` changes.
    package func timeout(_ timeouts: KernelState.Timeouts) -> Int64 {
        switch self {
        case .none: 2
        case .established: Int64(timeouts.tcp)
        case .synSent, .timeWait, .listen, .synAck: 120
        case .synReceived, .closeWait: 60
        case .finWait: Int64(timeouts.tcpFin)
        case .close: 10
        case .lastAck: 30
        case .udp: Int64(timeouts.udp)
        }
    }

    /// Whether a SYN finds this entry spent, so that it is scheduled anew (`conn_reuse_mode` 1, the default).
    ///
    /// - Source: `is_new_conn_expected` in `net/netfilter/ipvs/ip_vs_core.c`.
    var isReschedulable: Bool { self == .timeWait || self == .close }
}

/// The kernel's TCP state table for VS/NAT.
///
/// - Source: `tcp_states` in `net/netfilter/ipvs/ip_vs_proto_tcp.c`. Of the flags RST wins over SYN, FIN and ACK, in
///   this order; a segment with none of them closes the entry.
package struct KernelTCPTable {
    /// Rows in the order of the flag classes below, for each direction; columns in the order of the states.
    private let table: InlineArray<110, UInt8>

    private static let columns = 11

    package init() {
        let names = ["NO", "ES", "SS", "SR", "FW", "TW", "CL", "CW", "LA", "LI", "SA"]
        let rows = [
            // Client to director: SYN, FIN, ACK, RST, none.
            "SR ES ES SR SR SR SR SR SR SR SR", "CL CW SS TW TW TW CL CW LA LI TW",
            "ES ES SS ES FW TW CL CW CL LI ES", "CL CL CL SR CL CL CL CL LA LI SR",
            "CL CL CL CL CL CL CL CL CL CL CL",
            // Real server to director.
            "SS ES SS SR SS SS SS SS SS LI SR", "TW FW SS TW FW TW CL TW LA LI TW",
            "ES ES SS ES FW TW CL CW LA ES ES", "CL CL SS CL CL TW CL CL CL CL CL",
            "CL CL CL CL CL CL CL CL CL CL CL",
        ]
        let cells = rows.flatMap { row in row.split(separator: " ").map { UInt8(names.firstIndex(of: String($0))!) } }
        table = InlineArray { cells[$0] }
    }

    @inline(__always)
    package func next(_ state: KernelTCPState, flags: UInt8, fromRealServer: Bool) -> KernelTCPState {
        guard state != .udp else { return .udp }
        var row = 4
        if flags & 0x04 != 0 {
            row = 3
        } else if flags & 0x02 != 0 {
            row = 0
        } else if flags & 0x01 != 0 {
            row = 1
        } else if flags & 0x10 != 0 {
            row = 2
        }
        let index = ((fromRealServer ? 5 : 0) + row) * Self.columns + Int(state.rawValue)
        return KernelTCPState(rawValue: table[index]) ?? .none
    }
}
