package import IPVSModel

/// The kernel filter that passes what concerns the given virtual services.
package struct CaptureFilter: Sendable, Hashable {
    /// Above this many terms a filter costs the kernel more than it saves, and may not compile.
    package static let mostTerms = 128

    /// For links without VLAN tags, in the language of pcap-filter(7).
    package let untagged: String

    /// The same for tagged packets too; libpcap compiles it for Ethernet alone.
    package var expression: String {
        // `vlan` shifts what follows it, so the tagged alternative comes last.
        "(\(untagged)) or (vlan and (\(untagged)))"
    }

    /// - Parameters:
    ///   - services: The virtual services to follow.
    ///   - vip: Whether the capture shows the VIP side.
    ///   - dip: Whether the capture shows the DIP side.
    package init(services: [VirtualService], vip: Bool, dip: Bool) {
        var terms: Set<String> = []
        for service in services {
            if vip, case .endpoint(let transport, let endpoint) = service.identity {
                terms.insert(Self.term(transport, endpoint))
            }
            if dip {
                let transport = service.identity.transportProtocol
                for server in service.realServers { terms.insert(Self.term(transport, server.endpoint)) }
            }
        }
        untagged =
            terms.isEmpty || terms.count > Self.mostTerms ? "(tcp or udp)" : terms.sorted().joined(separator: " or ")
    }

    private static func term(_ transport: TransportProtocol?, _ endpoint: Endpoint) -> String {
        let host = "host \(endpoint.address)"
        guard let transport, transport == .tcp || transport == .udp else { return "(\(host))" }
        return endpoint.port == 0 ? "(\(transport) and \(host))" : "(\(transport) port \(endpoint.port) and \(host))"
    }
}
