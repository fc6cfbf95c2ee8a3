/// How packets to a real server are wrapped.
///
/// - Source: `IPVS_DEST_ATTR_TUN_TYPE`, `…_TUN_PORT` and `…_TUN_FLAGS` in `<linux/ip_vs.h>`.
public struct Tunnel: Hashable, Sendable, Codable {
    public var kind: Kind
    /// The UDP port on the real server that takes the packets; 0 unless the tunnel is GUE.
    public var port: UInt16
    public var flags: Flags

    public init(kind: Kind = .ipip, port: UInt16 = 0, flags: Flags = []) {
        self.kind = kind
        self.port = port
        self.flags = flags
    }

    /// The outer headers; the text is ipvsadm's.
    public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        /// IP in IP, of either family.
        case ipip
        /// Generic UDP encapsulation.
        case gue
        /// Generic routing encapsulation.
        case gre
    }

    /// - Source: `IP_VS_TUNNEL_ENCAP_FLAG_…` in `<linux/ip_vs.h>`.
    public struct Flags: OptionSet, Hashable, Sendable, Codable {
        public let rawValue: UInt16
        public init(rawValue: UInt16) { self.rawValue = rawValue }

        /// The outer header carries a checksum.
        public static let checksum = Self(rawValue: 0x1)
        /// The inner checksum is left to the receiver (GUE only).
        public static let remoteChecksum = Self(rawValue: 0x2)
    }
}
