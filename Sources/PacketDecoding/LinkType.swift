/// What a capture's packets begin with.
///
/// - Source: <https://www.tcpdump.org/linktypes.html>; the raw values are those of capture files and of
///   `pcap_datalink` on Linux.
@frozen
public enum LinkType: Int32, Sendable, CaseIterable {
    case ethernet = 1
    /// An IP packet without a link header, as `pcap_datalink` numbers it on Linux.
    case rawIP = 12
    /// The same as capture files number it.
    case rawIPInFile = 101
    case linuxCookedV1 = 113
    case ipv4 = 228
    case ipv6 = 229
    case linuxCookedV2 = 276
}
