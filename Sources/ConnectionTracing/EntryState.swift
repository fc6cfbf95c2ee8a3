package import IPVSModel

/// The kernel's own state of an entry, kept beside ours.
///
/// - Source: `IP_VS_TCP_S_NONE` … and `IP_VS_SCTP_S_NONE` … in `<net/ip_vs.h>`; UDP entries have one state.
package enum EntryState: UInt8, Sendable, BitwiseCopyable, CaseIterable {
    // TCP, in the kernel's order.
    case none, established, synSent, synReceived, finWait, timeWait, close, closeWait, lastAck, listen, synAck
    case udp
    // SCTP, in the kernel's order.
    case sctpNone, sctpInit1, sctpInit, sctpCookieSent, sctpCookieReplied, sctpCookieWait, sctpCookie
    case sctpCookieEchoed, sctpEstablished, sctpShutdownSent, sctpShutdownReceived, sctpShutdownAckSent, sctpRejected
    case sctpClosed

    /// The name that `/proc/net/ip_vs_conn` prints.
    package var connectionState: ConnectionState { Self.names[Int(rawValue)] }

    private static let names =
        [
            "NONE", "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT", "TIME_WAIT", "CLOSE", "CLOSE_WAIT", "LAST_ACK",
            "LISTEN", "SYNACK", "UDP", "NONE", "INIT1", "INIT", "C-SENT", "C-REPLIED", "C-WAIT", "COOKIE", "C-ECHOED",
            "ESTABLISHED", "S-SENT", "S-RECEIVED", "S-ACK-SENT", "REJECTED", "CLOSED",
        ].map(ConnectionState.init(rawValue:))

    private static let tcpByName = named(allCases.prefix { $0 != .sctpNone })
    private static let sctpByName = named(allCases.drop { $0 != .sctpNone })

    private static func named(_ states: some Sequence<Self>) -> [ConnectionState: Self] {
        Dictionary(uniqueKeysWithValues: states.map { ($0.connectionState, $0) })
    }

    /// - Parameter state: A state by the kernel's name; `nil` comes back for a name of another protocol.
    package init?(_ state: ConnectionState, _ transport: TransportProtocol) {
        guard let known = (transport == .sctp ? Self.sctpByName : Self.tcpByName)[state] else { return nil }
        self = known
    }

    /// How long an entry lives in this state after its last packet.
    ///
    /// - Unit: seconds.
    /// - Source: `tcp_timeouts`, `udp_timeouts`, `sctp_timeouts` in `net/netfilter/ipvs/ip_vs_proto_{tcp,udp,sctp}.c`;
    ///   three of them are what `ipvsadm --set` changes.
    package func timeout(_ timeouts: KernelState.Timeouts) -> Int64 {
        switch self {
        case .none, .sctpNone: 2
        case .established: Int64(timeouts.tcp)
        case .synSent, .timeWait, .listen, .synAck: 120
        case .synReceived, .closeWait: 60
        case .finWait: Int64(timeouts.tcpFin)
        case .close: 10
        case .lastAck: 30
        case .udp: Int64(timeouts.udp)
        case .sctpInit1, .sctpRejected: 4
        case .sctpEstablished: 900
        case .sctpInit, .sctpCookieSent, .sctpCookieReplied, .sctpCookieWait, .sctpCookie, .sctpCookieEchoed,
            .sctpShutdownSent, .sctpShutdownReceived, .sctpShutdownAckSent, .sctpClosed:
            61
        }
    }

    /// Whether the kernel counts the entry among the active connections rather than the inactive ones.
    ///
    /// - Source: `tcp_state_active_table` in `ip_vs_proto_tcp.c`; `set_sctp_state` in `ip_vs_proto_sctp.c`.
    @inline(__always)
    package var isActive: Bool {
        // ESTABLISHED, SYN_SENT, SYN_RECV and SYNACK of TCP, ESTABLISHED of SCTP.
        let active: UInt32 = 1 << 1 | 1 << 2 | 1 << 3 | 1 << 10 | 1 << 20
        return active & 1 << UInt32(rawValue) != 0
    }

    /// Whether a SYN finds this entry spent, so that it is scheduled anew.
    ///
    /// - Parameters:
    ///   - mode: The sysctl `conn_reuse_mode`; 1 is the default.
    ///   - inputOnly: Whether the kernel saw no reply, as in direct routing.
    /// - Source: `is_new_conn_expected` in `net/netfilter/ipvs/ip_vs_core.c`.
    func isReschedulable(mode: Int, inputOnly: Bool) -> Bool {
        guard mode != 0 else { return false }
        return switch self {
        case .timeWait, .close, .sctpClosed: true
        case .finWait: mode & 2 != 0 && inputOnly
        default: false
        }
    }
}
