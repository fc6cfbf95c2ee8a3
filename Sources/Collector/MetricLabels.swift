package import IPVSModel

extension VirtualServiceIdentity {
    /// `local_address`, `local_port`, `proto`, `local_mark`, as node_exporter writes them. Of a mark's two services,
    /// which node_exporter does not tell apart, the IPv6 one has the address `::`.
    package var labels: [String] {
        switch self {
        case .endpoint(let transport, let endpoint):
            return [endpoint.address.description, String(endpoint.port), transport.kernelName, ""]
        case .firewallMark(let mark, let isIPv6):
            let digits = String(mark, radix: 16, uppercase: true)
            return [isIPv6 ? "::" : "", "0", "FWM", String(repeating: "0", count: 8 - digits.count) + digits]
        }
    }
}

extension Endpoint {
    /// `remote_address` and `remote_port` of a real server.
    package var labels: [String] { [address.description, String(port)] }
}
