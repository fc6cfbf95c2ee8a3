package import IPVSModel

/// What a capture takes of the given virtual services: the kernel filter that passes it, and where to look for more.
///
/// It is never narrower than what the tracer understands: later fragments, ICMP errors of any router, what travels to a
/// real server inside a tunnel, and packets to the virtual address itself where direct routing leaves it in place.
package struct CaptureFilter: Sendable, Hashable {
    /// Above this many terms compiling costs more than the filter saves.
    package static let mostTerms = 128

    /// For links without VLAN tags, in the language of pcap-filter(7).
    package let untagged: String
    /// By protocol alone, whatever the addresses: short.
    package let byProtocol: String
    /// UDP ports of real servers whose datagrams hold packets: generic UDP encapsulation.
    package let tunnelPorts: [UInt16]

    /// - Parameters:
    ///   - services: The virtual services to follow.
    ///   - vip: Whether the capture shows the VIP side.
    ///   - dip: Whether the capture shows the DIP side.
    ///   - level: How much of the services' traffic passes.
    package init(services: [VirtualService], vip: Bool, dip: Bool, level: CaptureLevel = .full) {
        var terms = FilterTerms()
        for service in services {
            let keepsAddress = service.realServers.contains { $0.forwardingMethod.keepsVirtualAddress }
            if vip || (dip && keepsAddress) { terms.add(virtual: service.identity) }
            guard dip else { continue }
            for server in service.realServers { terms.add(server, of: service) }
        }
        tunnelPorts = dip ? services.tunnelPorts : []
        byProtocol = FilterTerms.byProtocol.expression(level)
        untagged = terms.count == 0 || terms.count > Self.mostTerms ? byProtocol : terms.expression(level)
    }

    /// For links with VLAN tags, one or two: the most selective expression first, the shortest last, for kernels that
    /// refuse a long one.
    ///
    /// libpcap compiles them for Ethernet alone.
    package var tagged: [String] {
        [Self.tagged(untagged, untagged), Self.tagged(untagged, byProtocol), Self.tagged(byProtocol, byProtocol)]
    }

    private static func tagged(_ expression: String, _ behindTags: String) -> String {
        // `vlan` shifts what follows it, so the tagged alternatives come last.
        "(\(expression)) or (vlan and ((\(behindTags)) or (vlan and (\(behindTags)))))"
    }
}

extension [VirtualService] {
    /// The UDP ports of all real servers with a GUE tunnel, in order.
    package var tunnelPorts: [UInt16] { Set<UInt16>(flatMap(\.realServers).compactMap(\.guePort)).sorted() }
}

extension ForwardingMethod {
    /// Whether packets leave on the DIP side with the virtual address as their destination.
    fileprivate var keepsVirtualAddress: Bool {
        switch self {
        case .directRouting, .local, .bypass: true
        case .masquerading, .tunnel: false
        }
    }
}
