/// How the director passes packets on to a real server.
///
/// - Source: `IP_VS_CONN_F_MASQ` … `IP_VS_CONN_F_BYPASS` in `<linux/ip_vs.h>`; the text is ipvsadm's.
public enum ForwardingMethod: String, Sendable, Hashable, Codable, CaseIterable {
    /// VS/NAT: the destination address is rewritten, and replies pass the director.
    case masquerading = "Masq"
    /// The real server is the director itself.
    case local = "Local"
    /// VS/TUN: the packet travels inside another.
    case tunnel = "Tunnel"
    /// VS/DR: only the MAC address changes.
    case directRouting = "Route"
    /// The packet goes to its original destination (`cache_bypass`).
    case bypass = "Bypass"
}
