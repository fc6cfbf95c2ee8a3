import IPVSModel

/// The parts of a kernel filter, kept apart by what a capture level asks of them.
struct FilterTerms {
    /// Packets that are told by a port, of any of some addresses.
    private struct Port: Hashable, Comparable {
        var transport: TransportProtocol
        /// 0 for any.
        var number: UInt16
        var isIPv4: Bool

        private var order: (TransportProtocol, UInt16, Int) { (transport, number, isIPv4 ? 0 : 1) }

        static func < (lhs: Self, rhs: Self) -> Bool { lhs.order < rhs.order }
    }

    private var ports: [Port: Set<IPAddress>] = [:]
    /// Addresses that tunnels lead to, with the port of GUE; 0 for those of other kinds.
    private var tunnels: Set<Endpoint> = []
    /// Whether packets between any addresses may concern a service.
    private var takesAnyAddress = false
    private var takesAnyTunnel = false

    /// What passes where addresses cannot tell.
    static var byProtocol: Self {
        var terms = Self()
        terms.takesAnyAddress = true
        terms.takesAnyTunnel = true
        return terms
    }

    /// How many choices there are.
    var count: Int { ports.values.reduce(0) { $0 + $1.count } + tunnels.count + (takesAnyAddress ? 1 : 0) }

    private var concernsIPv6: Bool {
        takesAnyAddress || ports.keys.contains { !$0.isIPv4 } || tunnels.contains { !$0.address.isIPv4 }
    }

    mutating func add(virtual identity: VirtualServiceIdentity) {
        switch identity {
        case .endpoint(let transport, let endpoint):
            add(transport, endpoint.address, port: identity.isFTP ? 0 : endpoint.port)
        case .firewallMark: takesAnyAddress = true
        }
    }

    mutating func add(_ server: RealServer, of service: VirtualService) {
        let (address, port) = (server.endpoint.address, server.endpoint.port)
        for transport in service.identity.transportProtocol.map({ [$0] }) ?? [.tcp, .udp, .sctp] {
            add(transport, address, port: service.takesAnyPort ? 0 : port)
        }
        if server.forwardingMethod == .tunnel { tunnels.insert(Endpoint(address: address, port: server.guePort ?? 0)) }
    }

    private mutating func add(_ transport: TransportProtocol, _ address: IPAddress, port: UInt16) {
        ports[Port(transport: transport, number: port, isIPv4: address.isIPv4), default: []].insert(address)
    }

    func expression(_ level: CaptureLevel) -> String {
        var parts: [String] = []
        if takesAnyAddress {
            parts += level == .full ? ["tcp"] : [Self.controls(.tcp4), "(tcp and \(Self.controls(.tcp6)))"]
            parts += ["udp", "sctp"]
        }
        if takesAnyTunnel {
            parts += ["ip", "ip6"].map { family in Self.any([4, 41, 47].map { "\(family) proto \($0)" }) }
        }
        for (port, addresses) in ports.sorted(by: { $0.key < $1.key }) {
            parts.append(Self.expression(port, addresses.sorted(), level))
        }
        parts += tunnels.sorted().map { Self.tunnel(to: $0, level) }
        // The rest of a TCP segment says nothing that its first fragment does not.
        parts.append(level == .full ? Self.laterFragment : "(\(Self.laterFragment) and ip[9] != 6)")
        if concernsIPv6 { parts.append(Self.hidden6) }
        parts += [Self.icmpError, Self.icmp6Error]
        return parts.joined(separator: " or ")
    }

    /// One comparison for the port, and one for each address and direction: what the kernel runs is short.
    private static func expression(_ port: Port, _ addresses: [IPAddress], _ level: CaptureLevel) -> String {
        let family = port.isIPv4 ? "ip" : "ip6"
        let hosts = any(["src", "dst"].flatMap { end in addresses.map { "\(family) \(end) host \($0)" } })
        let number = port.number == 0 ? "" : " port \(port.number)"
        switch port.transport {
        case .tcp where level == .handshake:
            return "(tcp\(number) and \(controls(port.isIPv4 ? .tcp4 : .tcp6)) and \(hosts))"
        case .tcp, .udp, .sctp: return "(\(port.transport)\(number) and \(hosts))"
        default: return "(\(family) proto \(port.transport.rawValue) and \(hosts))"
        }
    }

    private static func any(_ terms: [String]) -> String { "(\(terms.joined(separator: " or ")))" }

    /// Where a TCP header's flags are.
    private enum Flags: String {
        case tcp4 = "tcp[13]"
        /// libpcap's `tcp[…]` is IPv4's alone.
        case tcp6 = "ip6[53]"
    }

    /// SYN, FIN or RST.
    private static func controls(_ flags: Flags) -> String {
        let isSet = "\(flags.rawValue) & 7 != 0"
        return flags == .tcp4 ? isSet : "ip6[6] = 6 and \(isSet)"
    }

    /// Of whatever host: there are few, and naming the hosts again would double the program.
    private static let laterFragment = "ip[6:2] & 0x1fff != 0"

    /// A transport header behind a hop-by-hop, routing, fragment, authentication, destination options, mobility, HIP or
    /// shim6 header, where the kernel's filter cannot look. Every link has multicast listener reports, which are ICMPv6.
    private static let hidden6 =
        "(" + any([0, 43, 44, 51, 60, 135, 139, 140].map { "ip6[6] = \($0)" }) + " and ip6[40] != 58)"

    /// Unreachable, quench, redirect, time exceeded, parameter problem: sent by any router, about any packet.
    private static let icmpError = any([3, 4, 5, 11, 12].map { "icmp[0] = \($0)" })

    /// Unreachable, too big, time exceeded, parameter problem.
    private static let icmp6Error = "(ip6[6] = 58 and ip6[40] >= 1 and ip6[40] <= 4)"

    /// What the director sends to a real server through a tunnel of whatever kind. Segments can be left out of IP in IP
    /// only: GRE and GUE pass whole.
    private static func tunnel(to server: Endpoint, _ level: CaptureLevel) -> String {
        // The director adds no options to the outer header.
        let (ip, inner) = server.address.isIPv4 ? ("ip", 20) : ("ip6", 40)
        var (ipv4, ipv6) = ("\(ip) proto 4", "\(ip) proto 41")
        if level == .handshake {
            let flags = "\(ip)[(\(ip)[\(inner)] & 15) * 4 + \(inner + 13)]"
            ipv4 = "(\(ipv4) and (\(ip)[\(inner + 9)] != 6 or \(flags) & 7 != 0))"
            ipv6 = "(\(ipv6) and (\(ip)[\(inner + 6)] != 6 or \(ip)[\(inner + 53)] & 7 != 0))"
        }
        let gue = server.port == 0 ? [] : ["udp dst port \(server.port)"]
        return "(\(ip) dst host \(server.address) and \(any([ipv4, ipv6, "\(ip) proto 47"] + gue)))"
    }
}

extension VirtualService {
    /// Whether connections may reach other ports of a real server than its own.
    ///
    /// - Source: `ip_vs_sched_persist` in `net/netfilter/ipvs/ip_vs_core.c`: the port stays what the client asked for.
    fileprivate var takesAnyPort: Bool {
        switch identity {
        case .endpoint(_, let endpoint): endpoint.port == 0 || identity.isFTP
        case .firewallMark: flags.contains(.persistent)
        }
    }
}

extension RealServer {
    /// The UDP port that packets to this server travel to, if its tunnel is GUE.
    var guePort: UInt16? {
        guard forwardingMethod == .tunnel, let tunnel, tunnel.kind == .gue else { return nil }
        return tunnel.port
    }
}
