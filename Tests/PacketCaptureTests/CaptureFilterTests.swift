import IPVSModel
import PacketCapture
import PacketDecoding
import Testing

struct CaptureFilterTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private static func service(
        _ identity: String, _ servers: [String], _ method: ForwardingMethod = .masquerading
    ) -> VirtualService {
        VirtualService(
            identity: VirtualServiceIdentity(identity)!, scheduler: .roundRobin,
            realServers: servers.map { RealServer(endpoint: Endpoint($0)!, forwardingMethod: method) })
    }

    private static let web = service("tcp/192.168.122.100:80", ["10.10.10.10:80", "10.10.10.20:8080"])

    static let services: [[VirtualService]] = [
        [], [web], [service("udp/192.168.122.100:53", ["10.10.10.10:53"])],
        [service("tcp/192.168.122.100:0", ["10.10.10.10:0"])],
        [service("tcp/[fd00:122::100]:80", ["[fd00:10::10]:80"])],
        [service("sctp/192.168.122.100:9000", ["10.10.10.10:9000"])],
        [service("fwmark/7", ["10.10.10.10:80"]), service("fwmark/7/ipv6", ["[fd00:10::10]:80"])],
        [service("tcp/192.168.122.100:80", ["10.10.10.10:80"], .tunnel)],
        [service("tcp/[fd00:122::100]:80", ["[fd00:10::10]:80", "10.10.10.10:80"], .tunnel)],
        [service("udp/192.168.122.100:53", ["10.10.10.10:53"], .directRouting)],
        [service("tcp/192.168.122.100:21", ["10.10.10.10:2121"])],
        (0..<300).map { service("tcp/192.168.\($0 / 200).\($0 % 200 + 1):443", ["10.0.0.1:443", "10.0.0.2:443"]) },
        (0..<128).map { service("tcp/192.168.0.\($0 + 1):443", ["10.0.0.1:443"]) },
    ]

    @Test(arguments: services, [UInt32(1), 113, 276, 101])
    func `libpcap compiles the filter for every kind of service and link`(
        services: [VirtualService], linkType: UInt32
    ) throws {
        let path = try folder.write(CaptureFile(linkType: linkType).bytes, "\(linkType).pcap")
        for (vip, dip) in [(true, false), (false, true), (true, true)] {
            for level in CaptureLevel.allCases {
                let filter = CaptureFilter(services: services, vip: vip, dip: dip, level: level)
                for expression in linkType == 1 ? filter.tagged : [filter.untagged, filter.byProtocol] {
                    var capture = try Capture.open(file: path, tap: .both)
                    try capture.setFilter(expression)
                }
            }
        }
    }

    @Test(arguments: [
        (true, false, [UInt32(1), 5]), (false, true, [UInt32(2), 3, 6]), (true, true, [UInt32(1), 2, 3, 5, 6]),
    ])
    func `each side sees its own packets, tagged or not`(vip: Bool, dip: Bool, expected: [UInt32]) throws {
        let tag: [UInt8] = [0x81, 0, 0, 5]
        let tagged = { (bytes: [UInt8]) in bytes[..<12] + tag + bytes[12...] }
        let packets = [
            CaptureFile.syn(1), CaptureFile.syn(2, to: "10.10.10.10"),
            CaptureFile.syn(3, to: "10.10.10.20", port: 144), CaptureFile.syn(4, port: 81),
            Array(tagged(CaptureFile.syn(5))), Array(tagged(CaptureFile.syn(6, to: "10.10.10.10"))),
            CaptureFile.syn(7, to: "10.10.10.40"),
        ].map { CaptureFile.Packet(time: .start, bytes: $0) }
        let path = try folder.write(CaptureFile(packets: packets).bytes)
        let web = Self.service("tcp/192.168.122.100:80", ["10.10.10.10:80", "10.10.10.20:144"])
        let filter = CaptureFilter(services: [web], vip: vip, dip: dip)
        #expect(try Reading(path, filter: filter.tagged[0]).sequences == expected)
    }

    @Test(arguments: [(UInt16(5_555), ["10.10.10.10:80"]), (UInt16(6_080), [])])
    func `a capture looks into GUE tunnels of the filter's services alone`(port: UInt16, found: [String]) throws {
        let inner = Frame.ipv4Packet("192.0.2.1", "192.168.122.100", 6, Frame.tcp(40_000, 80))
        let frame = Frame.ipv4("10.10.10.1", "10.10.10.10", 17, Frame.udp(50_000, port, [0, 4, 0, 0] + inner))
        let path = try folder.write(CaptureFile(packets: [CaptureFile.Packet(time: .start, bytes: frame)]).bytes)
        var web = Self.service("tcp/192.168.122.100:80", ["10.10.10.10:80"], .tunnel)
        web.realServers[0].tunnel = Tunnel(kind: .gue, port: 5_555)
        var capture = try Capture.open(file: path, tap: .dip)
        try capture.setFilter(CaptureFilter(services: [web], vip: false, dip: true))
        _ = try capture.fill(limit: 10)
        var destinations: [String] = []
        _ = capture.take(before: .max) { packets in
            for index in packets.indices { destinations.append(packets[index].destination.description) }
        }
        #expect(destinations == found)
    }

    @Test func `a filter of more terms than the limit tells packets by protocol alone`() {
        let many = (0...CaptureFilter.mostTerms).map { Self.service("tcp/10.1.\($0 / 100).\($0 % 100):80", []) }
        let tooMany = CaptureFilter(services: many, vip: true, dip: false)
        #expect(tooMany.untagged == tooMany.byProtocol)
        let enough = CaptureFilter(services: many.dropLast(), vip: true, dip: false)
        #expect(enough.untagged != enough.byProtocol)
    }

    @Test func `the same services in another order give the same filter`() {
        let services = Array(Self.services[Self.services.count - 1])
        let one = CaptureFilter(services: services, vip: true, dip: true)
        #expect(one == CaptureFilter(services: services.reversed(), vip: true, dip: true))
        #expect(one != CaptureFilter(services: Array(services.dropLast()), vip: true, dip: true))
    }

    @Test func `a filter that does not compile is an error with libpcap's words`() throws {
        let path = try folder.write(CaptureFile().bytes)
        let problem = try #require(throws: CaptureError.self) { try Reading(path, filter: "host host host") }
        #expect(problem.function == "pcap_compile")
        #expect(problem.detail.contains("syntax error"))
    }
}
