import IPVSModel
import PacketDecoding
import Testing

/// A mix of headers that can be decoded, and what is to come of it: a packet of the client's to the virtual service
/// unless it says otherwise.
struct HeaderMix: Sendable, CustomTestStringConvertible {
    var name: String
    var linkType: LinkType
    var bytes: [UInt8]
    /// The bytes needed to decode it: everything up to the ports and, for TCP and SCTP, what tells the state.
    var needed: Int
    var source: Endpoint
    var destination: Endpoint
    var transport: TransportProtocol
    /// What IPVS counts as bytes.
    var ipLength: UInt32
    var payloadLength: UInt32
    var sequence: UInt32
    var acknowledgement: UInt32
    var flags: TCPFlags
    var marks: PacketSummary.Marks = []

    var testDescription: String { name }

    private init(
        _ name: String, _ linkType: LinkType = .ethernet, _ transport: TransportProtocol = .tcp, isIPv4: Bool = true,
        needed: Int, ipLength: UInt32, payloadLength: UInt32 = 3, _ bytes: [UInt8]
    ) {
        let isTCP = transport == .tcp
        self.name = name
        self.linkType = linkType
        self.bytes = bytes
        self.needed = needed
        self.transport = transport
        self.ipLength = ipLength
        self.payloadLength = payloadLength
        source = Endpoint(isIPv4 ? "192.168.122.1:40000" : "[fd00:122::1]:40000")!
        destination = Endpoint(
            (isIPv4 ? "192.168.122.100" : "[fd00:122::100]") + (transport == .udp ? ":53" : ":80"))!
        // A datagram is told from the next one by its identification, which IPv6 lacks.
        sequence = isTCP ? 0x0102_0304 : transport == .udp && isIPv4 ? 0xabcd : 0
        acknowledgement = isTCP ? 0x0506_0708 : 0
        flags = isTCP ? [.psh, .ack] : transport == .sctp ? .syn : []
    }

    static let all = plain + ipOptions + sctp + errors + tunnels
}

extension HeaderMix {
    private static let tcp4 = Wire.ipv4(6, Wire.tcp())
    private static let tcp6 = Wire.ipv6(6, Wire.tcp())
    private static let udp4 = Wire.ipv4(17, Wire.udp())
    private static let udp6 = Wire.ipv6(17, Wire.udp())

    /// Every link type, with and without VLAN tags.
    private static let plain: [Self] = [
        HeaderMix("ethernet ipv4 tcp", needed: 54, ipLength: 43, Wire.ethernet(0x0800, tcp4)),
        HeaderMix(
            "ethernet ipv4 udp", .ethernet, .udp, needed: 42, ipLength: 30, payloadLength: 2,
            Wire.ethernet(0x0800, udp4)),
        HeaderMix(
            "802.1Q ipv4 tcp", needed: 58, ipLength: 43, Wire.ethernet(0x0800, tags: [(0x8100, 5)], tcp4)),
        HeaderMix(
            "802.1ad 802.1Q ipv4 tcp", needed: 62, ipLength: 43,
            Wire.ethernet(0x0800, tags: [(0x88a8, 100), (0x8100, 5)], tcp4)),
        HeaderMix(
            "old QinQ ipv6 tcp", isIPv4: false, needed: 82, ipLength: 63,
            Wire.ethernet(0x86dd, tags: [(0x9100, 100), (0x8100, 5)], tcp6)),
        HeaderMix("cooked v1 ipv4 tcp", .linuxCookedV1, needed: 56, ipLength: 43, Wire.cookedV1(0x0800, tcp4)),
        HeaderMix(
            "cooked v1 802.1Q ipv6 tcp", .linuxCookedV1, isIPv4: false, needed: 80, ipLength: 63,
            Wire.cookedV1(0x8100, Wire.word(5) + Wire.word(0x86dd) + tcp6)),
        HeaderMix("cooked v2 ipv4 tcp", .linuxCookedV2, needed: 60, ipLength: 43, Wire.cookedV2(0x0800, tcp4)),
        HeaderMix(
            "cooked v2 ipv6 udp", .linuxCookedV2, .udp, isIPv4: false, needed: 68, ipLength: 50, payloadLength: 2,
            Wire.cookedV2(0x86dd, udp6)),
        HeaderMix("raw 12 ipv4 tcp", .rawIP, needed: 40, ipLength: 43, tcp4),
        HeaderMix("raw 101 ipv6 tcp", .rawIPInFile, isIPv4: false, needed: 60, ipLength: 63, tcp6),
        HeaderMix("raw 228 ipv4 tcp", .ipv4, needed: 40, ipLength: 43, tcp4),
        HeaderMix("raw 229 ipv6 tcp", .ipv6, isIPv4: false, needed: 60, ipLength: 63, tcp6),
    ]

    /// Options, extension headers, first fragments, and lengths that are not the true ones.
    private static let ipOptions: [Self] = {
        let hopByHop: (UInt8, [UInt8]) = (0, [0, 1, 4, 0, 0, 0, 0])
        let routing: (UInt8, [UInt8]) = (43, [2] + Array(repeating: 0, count: 22))
        let firstFragment: (UInt8, [UInt8]) = (44, [0, 0, 1, 0, 0, 0, 7])
        let authentication: (UInt8, [UInt8]) = (51, [4] + Array(repeating: 0, count: 22))
        let options: (UInt8, [UInt8]) = (60, [0, 1, 4, 0, 0, 0, 0])
        let eight = [UInt8](repeating: 1, count: 8)
        return [
            HeaderMix(
                "ipv4 options tcp options", needed: 62, ipLength: 55,
                Wire.ethernet(
                    0x0800,
                    Wire.ipv4(6, options: [7, 7, 4, 0, 0, 0, 0, 0], Wire.tcp(options: [2, 4, 5, 0xb4])))),
            HeaderMix(
                "ipv4 first fragment", .ethernet, .udp, needed: 42, ipLength: 36, payloadLength: 8,
                Wire.ethernet(0x0800, Wire.ipv4(17, fragment: 0x2000, Wire.udp(eight)))),
            HeaderMix(
                "ipv6 first fragment", .ethernet, .udp, isIPv4: false, needed: 70, ipLength: 56, payloadLength: 8,
                Wire.ethernet(0x86dd, Wire.ipv6(17, extensions: [firstFragment], Wire.udp(eight)))),
            HeaderMix(
                "ipv4 padded to 60 bytes", needed: 54, ipLength: 40, payloadLength: 0,
                Wire.ethernet(0x0800, Wire.ipv4(6, Wire.tcp([])) + [0, 0, 0, 0, 0, 0])),
            HeaderMix(
                "ipv4 super-packet of length 0", needed: 54, ipLength: 43,
                Wire.ethernet(0x0800, Wire.ipv4(6, totalLength: 0, Wire.tcp()))),
            HeaderMix(
                "ipv6 jumbogram of length 0", isIPv4: false, needed: 82, ipLength: 71,
                Wire.ethernet(
                    0x86dd, Wire.ipv6(6, extensions: [(0, [0, 0xc2, 4, 0, 1, 0, 0])], payloadLength: 0, Wire.tcp()))),
            HeaderMix(
                "ipv6 chain of every extension", isIPv4: false, needed: 154, ipLength: 135,
                Wire.ethernet(
                    0x86dd,
                    Wire.ipv6(
                        6, extensions: [hopByHop, options, routing, firstFragment, authentication, options], Wire.tcp())
                )),
        ]
    }()

    /// `INIT`, which is what `SYN` is to TCP.
    private static let sctp: [Self] = {
        let start = Wire.sctp([(1, [UInt8](repeating: 0, count: 16))])
        return [
            HeaderMix(
                "ipv4 sctp", .ethernet, .sctp, needed: 50, ipLength: 52, payloadLength: 20,
                Wire.ethernet(0x0800, Wire.ipv4(132, start))),
            HeaderMix(
                "802.1Q ipv6 sctp", .ethernet, .sctp, isIPv4: false, needed: 74, ipLength: 72, payloadLength: 20,
                Wire.ethernet(0x86dd, tags: [(0x8100, 5)], Wire.ipv6(132, start))),
        ]
    }()

    /// Errors a router sent to the virtual service about its answers: they belong to the client's connection.
    private static let errors: [Self] = {
        let bodies: [(TransportProtocol, [UInt8])] = [
            (.tcp, Wire.tcp(from: 80, to: 40_000)), (.udp, Wire.udp(from: 53, to: 40_000)),
            (.sctp, Wire.sctp(from: 80, to: 40_000, [(0, [])])),
        ]
        return bodies.flatMap { transport, body in
            let (virtual4, client4) = ("192.168.122.100", "192.168.122.1")
            let (virtual6, client6) = ("fd00:122::100", "fd00:122::1")
            let embedded4 = Wire.ipv4(transport.rawValue, from: virtual4, to: client4, body)
            let embedded6 = Wire.ipv6(transport.rawValue, from: virtual6, to: client6, body)
            // An error need not hold more than 8 bytes behind the IP header.
            let cut4 = Array(embedded4.prefix(28))
            return [
                HeaderMix(
                    "icmp about \(transport)", .ethernet, transport, needed: 66, ipLength: 56, payloadLength: 0,
                    Wire.ethernet(
                        0x0800, Wire.ipv4(1, from: "192.168.122.254", to: virtual4, Wire.icmp(type: 3, code: 4, cut4)))
                ).error(0x0304),
                HeaderMix(
                    "icmpv6 about \(transport)", .ethernet, transport, isIPv4: false, needed: 106,
                    ipLength: UInt32(48 + embedded6.count), payloadLength: 0,
                    Wire.ethernet(
                        0x86dd,
                        Wire.ipv6(58, from: "fd00:122::fe", to: virtual6, Wire.icmp(type: 2, code: 0, embedded6)))
                ).error(0x0200),
            ]
        }
    }()

    private func error(_ number: UInt32) -> Self {
        var mix = self
        mix.sequence = number
        mix.acknowledgement = 0
        mix.flags = []
        mix.marks.insert(.icmpError)
        return mix
    }

    /// Tunnels from the director to a real server: the far end takes the place of the virtual service's address.
    private static let tunnels: [Self] = {
        let (director4, server4) = ("10.10.10.1", "10.10.10.20")
        let (director6, server6) = ("fd00:10::1", "fd00:10::20")
        let outer4 = { (transport: UInt8, payload: [UInt8]) in
            Wire.ethernet(0x0800, Wire.ipv4(transport, from: director4, to: server4, payload))
        }
        let outer6 = { (transport: UInt8, payload: [UInt8]) in
            Wire.ethernet(0x86dd, Wire.ipv6(transport, from: director6, to: server6, payload))
        }
        let options: [UInt8] = [0, 0, 0, 1, 0, 0, 0, 2]
        let inTags = Wire.ethernet(
            0x0800, tags: [(0x88a8, 100), (0x8100, 5)], Wire.ipv4(4, from: director4, to: server4, tcp4))
        let answer = Wire.ipv4(6, from: "192.168.122.100", to: "192.168.122.1", Wire.tcp(from: 80, to: 40_000))
        let clientsError = Wire.ipv4(1, Wire.icmp(type: 3, code: 4, answer))
        let firstFragment = Wire.ipv4(17, fragment: 0x2000, Wire.udp([UInt8](repeating: 1, count: 8)))
        // Of each, the bytes before the inner packet and where it goes.
        let named: [(String, [UInt8], Int, String)] = [
            ("ipip", outer4(4, tcp4), 34, server4),
            ("ipip ipv6", outer4(41, tcp6), 34, server4),
            ("ipv6 ipip", outer6(4, tcp4), 54, server6),
            ("ipv6 ipip ipv6", outer6(41, tcp6), 54, server6),
            ("gre", outer4(47, Wire.gre(0x0800, tcp4)), 38, server4),
            ("gre ipv6", outer4(47, Wire.gre(0x86dd, tcp6)), 38, server4),
            ("gre checksum", outer4(47, Wire.gre(0x0800, flags: 0x8000, tcp4)), 42, server4),
            ("gre key", outer4(47, Wire.gre(0x0800, flags: 0x2000, tcp4)), 42, server4),
            ("gre sequence", outer4(47, Wire.gre(0x0800, flags: 0x1000, tcp4)), 42, server4),
            ("ipv6 gre checksum key sequence", outer6(47, Wire.gre(0x0800, flags: 0xb000, tcp4)), 70, server6),
            ("gue", outer4(17, Wire.gue(4, tcp4)), 46, server4),
            ("gue ipv6", outer4(17, Wire.gue(41, tcp6)), 46, server4),
            ("gue options", outer4(17, Wire.gue(4, options: options, tcp4)), 54, server4),
            ("gue variant 1", outer4(17, Wire.directGUE(tcp4)), 42, server4),
            ("ipv6 gue variant 1 ipv6", outer6(17, Wire.directGUE(tcp6)), 62, server6),
            ("802.1ad 802.1Q ipip", inTags, 42, server4),
        ]
        let tcp = named.map { name, bytes, before, server in
            let isIPv4 = !name.hasSuffix(" ipv6")
            return HeaderMix(
                "\(name) tcp", isIPv4: isIPv4, needed: before + (isIPv4 ? 40 : 60), ipLength: isIPv4 ? 43 : 63, bytes
            ).tunnelled(to: server)
        }
        var error = HeaderMix("ipip icmp", needed: 86, ipLength: 71, payloadLength: 0, outer4(4, clientsError))
            .error(0x0304)
        // It belongs to the connection it is about, so its destination is the virtual service's.
        error.marks.insert(.tunnelled)
        return tcp + [
            error,
            HeaderMix("ipip udp", .ethernet, .udp, needed: 62, ipLength: 30, payloadLength: 2, outer4(4, udp4))
                .tunnelled(to: server4),
            HeaderMix(
                "ipip sctp", .ethernet, .sctp, needed: 70, ipLength: 36, payloadLength: 4,
                outer4(4, Wire.ipv4(132, Wire.sctp([(1, [])])))
            ).tunnelled(to: server4),
            HeaderMix(
                "ipip ipv4 first fragment", .ethernet, .udp, needed: 62, ipLength: 36, payloadLength: 8,
                outer4(4, firstFragment)
            ).tunnelled(to: server4),
        ]
    }()

    private func tunnelled(to server: String) -> Self {
        var mix = self
        mix.destination = Endpoint(address: IPAddress(server)!, port: destination.port)
        mix.marks.insert(.tunnelled)
        return mix
    }
}
