/// The protocol IPVS balances, by its IP protocol number.
public struct TransportProtocol: RawRepresentable, Hashable, Sendable, Comparable, BitwiseCopyable {
    /// The IANA protocol number.
    public let rawValue: UInt8

    @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static let tcp = Self(rawValue: 6)
    public static let udp = Self(rawValue: 17)
    public static let sctp = Self(rawValue: 132)
    public static let icmp = Self(rawValue: 1)
    public static let icmpv6 = Self(rawValue: 58)

    /// What the kernel calls `IP`: the pseudo protocol of firewall-mark templates.
    public static let ip = Self(rawValue: 0)

    public static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }

    static let names: [(Self, String)] = [
        (.tcp, "tcp"), (.udp, "udp"), (.sctp, "sctp"), (.icmp, "icmp"), (.icmpv6, "icmpv6"), (.ip, "ip"),
    ]
}

extension TransportProtocol: LosslessStringConvertible {
    /// Lower case: `tcp`, `udp`, `sctp`; `ip_51` for a number without a name.
    public var description: String {
        Self.names.first { $0.0 == self }?.1 ?? "ip_\(rawValue)"
    }

    /// The spelling of `/proc/net/ip_vs_conn` and ipvsadm: `TCP`, `ICMPv6`, `IP_51`.
    public var kernelName: String { self == .icmpv6 ? "ICMPv6" : description.uppercased() }

    /// Reads either spelling, in any case.
    public init?(_ description: String) {
        let lowered = description.lowercased()
        if let known = Self.names.first(where: { $0.1 == lowered }) {
            self = known.0
        } else if lowered.hasPrefix("ip_"), let number = UInt8(plain: lowered.dropFirst(3)) {
            self.init(rawValue: number)
        } else {
            return nil
        }
    }
}

extension TransportProtocol: Codable {
    public init(from decoder: any Decoder) throws {
        self = try decoder.decodeText("a protocol such as tcp")
    }

    public func encode(to encoder: any Encoder) throws {
        try encoder.encodeText(self)
    }
}
