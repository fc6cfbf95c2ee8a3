/// Why a packet could not be decoded. Each is counted by its ``reason``, and the packet is passed over.
public enum DecodingError: Error, Sendable, Hashable {
    /// The captured bytes end inside this header.
    case truncated(Header)
    /// A field of this header contradicts the others.
    case malformed(Header)
    /// The frame carries something other than IP, for example ARP.
    case notIP
    /// The IP packet carries a protocol that is not decoded.
    case unsupportedProtocol
    /// A fragment other than the first, whose first was not seen: it has no ports.
    case laterFragment
    /// The capture's link-layer type is not decoded.
    case unsupportedLinkType

    /// A protocol header.
    public enum Header: String, Sendable, Hashable, CaseIterable {
        case ethernet, vlan
        case linuxCooked = "linux_cooked"
        case ipv4, ipv6, tcp, udp, sctp, icmp, gre, gue
    }

    /// Snake case, for metric labels and messages: `truncated_tcp`, `not_ip`.
    public var reason: String {
        switch self {
        case .truncated(let header): "truncated_\(header.rawValue)"
        case .malformed(let header): "malformed_\(header.rawValue)"
        case .notIP: "not_ip"
        case .unsupportedProtocol: "unsupported_protocol"
        case .laterFragment: "later_fragment"
        case .unsupportedLinkType: "unsupported_link_type"
        }
    }

    /// Every error there is, in the order in which they are counted.
    public static let all: [Self] =
        Header.allCases.map(Self.truncated) + Header.allCases.map(Self.malformed)
        + [.notIP, .unsupportedProtocol, .laterFragment, .unsupportedLinkType]
}
