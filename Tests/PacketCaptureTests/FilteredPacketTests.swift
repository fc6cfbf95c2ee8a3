import IPVSModel
import PacketCapture
import PacketDecoding
import Testing

/// Which packets reach us, told packet by packet.
struct FilteredPacketTests {
    /// Which capture the filter is for.
    enum Side: Sendable {
        case vip, dip
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var service: VirtualService
        var side: Side
        var level = CaptureLevel.full
        var passes: [[UInt8]]
        var stays: [[UInt8]]
    }

    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private static func service(
        _ identity: String, _ servers: [String], _ method: ForwardingMethod = .masquerading,
        flags: VirtualService.Flags = [], tunnel: Tunnel? = nil
    ) -> VirtualService {
        VirtualService(
            identity: VirtualServiceIdentity(identity)!, scheduler: .roundRobin, flags: flags,
            realServers: servers.map { RealServer(endpoint: Endpoint($0)!, forwardingMethod: method, tunnel: tunnel) })
    }

    private static let (client, vip, server, other) = ("192.0.2.1", "192.168.122.100", "10.10.10.10", "198.51.100.9")
    private static let (client6, vip6, server6) = ("fd00:2::1", "fd00:122::100", "fd00:10::10")
    private static let web = service("tcp/192.168.122.100:80", ["10.10.10.10:8080"])
    private static let web6 = service("tcp/[fd00:122::100]:80", ["[fd00:10::10]:80"])

    private static func tcp(_ source: String, _ destination: String, _ port: UInt16, flags: UInt8 = 2) -> [UInt8] {
        source.contains(":")
            ? Frame.ipv6(source, destination, 6, Frame.tcp(40_000, port, flags: flags))
            : Frame.ipv4(source, destination, 6, Frame.tcp(40_000, port, flags: flags))
    }

    static let cases: [Case] = [
        Case(
            testDescription: "an SCTP service", service: service("sctp/192.168.122.100:9000", ["10.10.10.10:9000"]),
            side: .vip, passes: [Frame.ipv4(client, vip, 132, Frame.sctp(40_000, 9_000))],
            stays: [Frame.ipv4(client, vip, 132, Frame.sctp(40_000, 9_001)), tcp(client, vip, 9_000)]),
        Case(
            testDescription: "later fragments", service: web, side: .vip,
            passes: [
                Frame.ipv4(client, vip, 6, [1, 2, 3, 4, 5, 6, 7, 8], fragment: 3),
                Frame.ipv4(client, vip, 17, [1, 2, 3, 4, 5, 6, 7, 8], fragment: 0x2003, tags: 1),
            ],
            stays: [
                Frame.ipv4(client, vip, 17, Frame.udp(1, 2), fragment: 0x2000),
                Frame.ipv6(client6, vip6, 44, [6, 0, 0, 8, 0, 0, 0, 1] + Frame.tcp(4, 80)),
            ]),
        Case(
            testDescription: "IPv6 fragments and extension headers", service: web6, side: .vip,
            passes: [44, 0, 60].map { Frame.ipv6(client6, vip6, $0, [6, 0, 0, 8, 0, 0, 0, 1] + Frame.tcp(4, 80)) },
            stays: [
                Frame.ipv6(client6, vip6, 17, Frame.udp(4, 80)), Frame.ipv6(client6, vip6, 59, []),
                Frame.ipv6(client6, "ff02::16", 0, [58, 0, 5, 2, 0, 0, 1, 0] + Frame.icmp(143)),
            ]),
        Case(
            testDescription: "ICMP errors of any router", service: web, side: .dip,
            passes: [3, 4, 5, 11, 12].map { Frame.ipv4(other, client, 1, Frame.icmp($0)) },
            stays: [0, 8, 13].map { Frame.ipv4(other, client, 1, Frame.icmp($0)) }),
        Case(
            testDescription: "ICMPv6 errors of any router", service: web6, side: .vip,
            passes: [1, 2, 3, 4].map { Frame.ipv6(client6, server6, 58, Frame.icmp($0)) },
            stays: [128, 135, 136, 0].map { Frame.ipv6(client6, vip6, 58, Frame.icmp($0)) }),
        Case(
            testDescription: "a firewall mark's VIP side", service: service("fwmark/7", ["10.10.10.10:80"]), side: .vip,
            passes: [
                tcp(client, other, 4_711), Frame.ipv4(client, other, 17, Frame.udp(5, 6)),
                Frame.ipv4(client, other, 132, Frame.sctp(5, 6)), tcp(client6, vip6, 1),
            ], stays: [Frame.ipv4(client, other, 1, Frame.icmp(8)), Frame.ipv4(client, other, 47, [0, 0, 8, 0])]),
        Case(
            testDescription: "a firewall mark's DIP side", service: service("fwmark/7", ["10.10.10.10:80"]), side: .dip,
            passes: [tcp(client, server, 80), Frame.ipv4(server, client, 17, Frame.udp(80, 6))],
            stays: [tcp(client, other, 80), tcp(client, server, 81)]),
        Case(
            testDescription: "a persistent firewall mark's DIP side",
            service: service("fwmark/7", ["10.10.10.10:80"], flags: .persistent), side: .dip,
            passes: [tcp(client, server, 443)], stays: [tcp(client, other, 443)]),
        Case(
            testDescription: "a service of any port",
            service: service("tcp/192.168.122.100:0", ["10.10.10.10:0"], flags: .persistent), side: .vip,
            passes: [tcp(client, vip, 1), tcp(vip, client, 65_535)],
            stays: [tcp(client, other, 1), Frame.ipv4(client, vip, 17, Frame.udp(1, 2))]),
        Case(
            testDescription: "a tunnel to an IPv4 real server",
            service: service(web.identity.description, ["10.10.10.10:80"], .tunnel),
            side: .dip,
            passes: [4, 41, 47].map { Frame.ipv4("10.10.10.1", server, $0, [UInt8](repeating: 0, count: 40)) },
            stays: [
                Frame.ipv4("10.10.10.1", other, 4, [UInt8](repeating: 0, count: 40)),
                Frame.ipv4("10.10.10.1", server, 17, Frame.udp(50_000, 6_080)), tcp(client, vip, 80),
            ]),
        Case(
            testDescription: "a GUE tunnel to an IPv4 real server",
            service: service(
                web.identity.description, ["10.10.10.10:80"], .tunnel, tunnel: Tunnel(kind: .gue, port: 5_555)),
            side: .dip, passes: [Frame.ipv4("10.10.10.1", server, 17, Frame.udp(50_000, 5_555))],
            stays: [6_080, 53].map { Frame.ipv4("10.10.10.1", server, 17, Frame.udp(5_555, $0)) }),
        Case(
            testDescription: "a tunnel to an IPv6 real server",
            service: service(
                web6.identity.description, ["[fd00:10::10]:80"], .tunnel, tunnel: Tunnel(kind: .gue, port: 6_080)),
            side: .dip,
            passes: [4, 41, 47].map { Frame.ipv6("fd00:10::1", server6, $0, [UInt8](repeating: 0, count: 40)) } + [
                Frame.ipv6("fd00:10::1", server6, 17, Frame.udp(50_000, 6_080))
            ], stays: [Frame.ipv6("fd00:10::1", vip6, 41, [UInt8](repeating: 0, count: 40))]),
        Case(
            testDescription: "direct routing",
            service: service(web.identity.description, ["10.10.10.10:80"], .directRouting),
            side: .dip, passes: [tcp(client, vip, 80)], stays: [tcp(client, vip, 81)]),
        Case(
            testDescription: "masquerading, where the virtual address stays on its side", service: web, side: .dip,
            passes: [tcp(client, server, 8_080)], stays: [tcp(client, vip, 80), tcp(client, server, 80)]),
        Case(
            testDescription: "FTP's data connections", service: service("tcp/192.168.122.100:21", ["10.10.10.10:2121"]),
            side: .dip, passes: [tcp(client, server, 2_121), tcp(server, client, 1_024), tcp(client, server, 50_000)],
            stays: [Frame.ipv4(client, server, 17, Frame.udp(5, 50_000)), tcp(client, other, 2_121)]),
        Case(
            testDescription: "two VLAN tags", service: web, side: .vip,
            passes: (0...2).map { Frame.ipv4(client, vip, 6, Frame.tcp(5, 80), tags: $0) },
            stays: (0...2).map { Frame.ipv4(client, vip, 6, Frame.tcp(5, 81), tags: $0) }),
        Case(
            testDescription: "handshakes", service: web, side: .vip, level: .handshake,
            passes: [2, 0x12, 0x11, 0x14, 4].map { tcp(client, vip, 80, flags: $0) } + [
                Frame.ipv4(client, vip, 6, Frame.tcp(5, 80), tags: 2), Frame.ipv4(other, client, 1, Frame.icmp(3)),
            ],
            stays: [0x10, 0x18, 0].map { tcp(client, vip, 80, flags: $0) } + [
                tcp(client, vip, 81), Frame.ipv4(client, vip, 6, [1, 2, 3, 4, 5, 6, 7, 8], fragment: 3),
                Frame.ipv4(client, vip, 6, Frame.tcp(5, 80, flags: 0x10), tags: 1),
            ]),
        Case(
            testDescription: "handshakes of IPv6", service: web6, side: .dip, level: .handshake,
            passes: [2, 0x12, 0x11, 4].map { tcp(server6, client6, 80, flags: $0) },
            stays: [0x10, 0x18].map { tcp(client6, server6, 80, flags: $0) }),
        Case(
            testDescription: "a firewall mark's handshakes", service: service("fwmark/7", []), side: .vip,
            level: .handshake,
            passes: [
                tcp(client, other, 5), tcp(client6, vip6, 5, flags: 0x11),
                Frame.ipv4(client, other, 17, Frame.udp(5, 6)),
            ], stays: [tcp(client, other, 5, flags: 0x10), tcp(client6, vip6, 5, flags: 0x10)]),
        Case(
            testDescription: "UDP has no handshake", service: service("udp/192.168.122.100:53", ["10.10.10.10:53"]),
            side: .dip, level: .handshake,
            passes: [
                Frame.ipv4(client, server, 17, Frame.udp(5, 53)), Frame.ipv4(server, client, 17, Frame.udp(53, 5)),
                Frame.ipv4(client, server, 17, [1, 2, 3, 4, 5, 6, 7, 8], fragment: 3),
            ], stays: [Frame.ipv4(client, server, 17, Frame.udp(5, 54))]),
        Case(
            testDescription: "handshakes inside IP in IP",
            service: service(web.identity.description, ["10.10.10.10:80"], .tunnel), side: .dip, level: .handshake,
            passes: [
                Frame.ipv4("10.10.10.1", server, 4, Frame.ipv4Packet(client, vip, 6, Frame.tcp(5, 80))),
                Frame.ipv4(
                    "10.10.10.1", server, 4, Frame.ipv4Packet(client, vip, 17, Frame.udp(5, 80, [0, 0, 0, 0, 0, 0]))),
                Frame.ipv4("10.10.10.1", server, 41, Frame.ipv6Packet(client6, vip6, 6, Frame.tcp(5, 80, flags: 1))),
                Frame.ipv4("10.10.10.1", server, 47, [0, 0, 8, 0]),
            ],
            stays: [
                Frame.ipv4("10.10.10.1", server, 4, Frame.ipv4Packet(client, vip, 6, Frame.tcp(5, 80, flags: 0x10))),
                Frame.ipv4("10.10.10.1", server, 41, Frame.ipv6Packet(client6, vip6, 6, Frame.tcp(5, 80, flags: 0x18))),
            ]),
    ]

    private func passes(_ frame: [UInt8], _ expression: String) throws -> Bool {
        let path = try folder.write(CaptureFile(packets: [CaptureFile.Packet(time: .start, bytes: frame)]).bytes)
        var capture = try Capture.open(file: path, tap: .both)
        try capture.setFilter(expression)
        _ = try capture.fill(limit: 10)
        return capture.packetsRead == 1
    }

    @Test(arguments: cases)
    func `what concerns a service passes, and what does not stays behind`(_ example: Case) throws {
        let filter = CaptureFilter(
            services: [example.service], vip: example.side == .vip, dip: example.side == .dip, level: example.level)
        for frame in example.passes {
            for expression in filter.tagged { #expect(try passes(frame, expression), "\(frame)") }
        }
        for frame in example.stays { #expect(try !passes(frame, filter.tagged[0]), "\(frame)") }
    }
}
