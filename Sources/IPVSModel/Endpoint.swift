/// An IP address and a transport port.
public struct Endpoint: Hashable, Sendable, BitwiseCopyable {
    public let address: IPAddress

    /// The port in host order; 0 stands for "any port" in a virtual service and for a template's client.
    public let port: UInt16

    @inlinable
    public init(address: IPAddress, port: UInt16) {
        self.address = address
        self.port = port
    }
}

extension Endpoint: Comparable {
    public static func < (lhs: Self, rhs: Self) -> Bool { (lhs.address, lhs.port) < (rhs.address, rhs.port) }
}

extension Endpoint: LosslessStringConvertible {
    /// `a.b.c.d:port` or `[v6]:port`, as ipvsadm writes it.
    public var description: String { address.isIPv4 ? "\(address):\(port)" : "[\(address)]:\(port)" }

    /// Reads `a.b.c.d:port` or `[v6]:port`.
    public init?(_ description: String) {
        guard let colon = description.lastIndex(of: ":"),
            let port = UInt16(plain: description[description.index(after: colon)...])
        else { return nil }
        var host = description[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
            guard host.contains(":") else { return nil }
        } else if host.contains(":") {
            return nil
        }
        guard let address = IPAddress(String(host)) else { return nil }
        self.init(address: address, port: port)
    }
}

extension Endpoint: Codable {
    public init(from decoder: any Decoder) throws {
        self = try decoder.decodeText("an address and port such as 192.168.122.100:80")
    }

    public func encode(to encoder: any Encoder) throws {
        try encoder.encodeText(self)
    }
}
