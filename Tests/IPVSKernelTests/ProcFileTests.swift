import FoundationEssentials
import IPVSKernel
import IPVSModel
import Testing

@Suite struct ProcFileTests {
    @Test func `the totals are hexadecimal`() throws {
        let totals = try LiveTotals.read(path: Fixture.path("linux-6.1/ip_vs_stats_percpu"))
        let expected = TrafficCounters(
            connections: 0x2f, inPackets: 0xdb, outPackets: 0x9e, inBytes: 0x31d7, outBytes: 0x16b8d)
        #expect(totals.live == expected)
        #expect(totals.folded == expected)
    }

    private static let twoProcessors = """
               Total Incoming Outgoing         Incoming         Outgoing
        CPU    Conns  Packets  Packets            Bytes            Bytes
          0        2       1A        1               10              100
          1 FFFFFFFF        1        1                1                1
          ~        1        2        3                4                5

             Conns/s   Pkts/s   Pkts/s          Bytes/s          Bytes/s
                   9        9        9                9                9

        """

    @Test func `live totals are the sum over the processors, which the folded ones may lag behind`() throws {
        let totals = try LiveTotals.parse(Self.twoProcessors, source: "test")
        #expect(
            totals.live
                == TrafficCounters(
                    connections: 0x1_0000_0001, inPackets: 0x1b, outPackets: 2, inBytes: 0x11, outBytes: 0x101))
        #expect(
            totals.folded == TrafficCounters(connections: 1, inPackets: 2, outPackets: 3, inBytes: 4, outBytes: 5))
    }

    @Test(arguments: [
        ("", "cannot read F: the row of totals (\"~\") is missing; is this ip_vs_stats_percpu?"),
        (
            "  0        2       1A        1               10              XYZ\n",
            "cannot read F, line 1: expected a CPU and five hexadecimal numbers"
        ),
    ])
    func `totals not understood are an error`(text: String, message: String) {
        #expect { try LiveTotals.parse(text, source: "F") } throws: { "\($0)" == message }
    }

    @Test func `the unprivileged listing agrees with netlink in all that it shows`() throws {
        let table = try ServiceTable.read(path: Fixture.path("linux-6.1/ip_vs"))
        #expect(table.version == "1.2.1")
        #expect(table.connectionTableSize == 4096)
        // What /proc does not show, taken away from what netlink tells. Scheduler flags and `hashed` go too.
        let expected = try NetlinkMessageTests.realServices().map { full in
            var service = VirtualService(
                identity: full.identity, scheduler: full.scheduler,
                flags: full.flags.intersection([.persistent, .onePacket]),
                persistencePrefixLength: full.persistencePrefixLength)
            // The family of a mark without real servers is not told.
            if full.identity == VirtualServiceIdentity("fwmark/9/ipv6") {
                service.identity = .firewallMark(9, isIPv6: false)
            }
            if case .firewallMark(_, isIPv6: false) = full.identity { service.persistencePrefixLength = 32 }
            service.realServers = full.realServers.map {
                RealServer(
                    endpoint: $0.endpoint, forwardingMethod: $0.forwardingMethod, weight: $0.weight,
                    activeConnections: $0.activeConnections, inactiveConnections: $0.inactiveConnections)
            }
            return service
        }
        #expect(table.virtualServices.count == 18)
        for (service, expected) in zip(table.virtualServices, expected) { #expect(service == expected) }
    }

    private static let title = "IP Virtual Server version 1.2.1 (size=4096)\n"

    @Test(arguments: [
        ("", "line 1: expected \"IP Virtual Server version 1.2.1 (size=4096)\""),
        ("Pro FromIP   FPrt\n", "line 1: expected \"IP Virtual Server version 1.2.1 (size=4096)\""),
        (title + "TCP  C0A87A64 rr\n", "line 2: expected a virtual service such as \"TCP  C0A87A64:0050 rr\""),
        (
            title + "TCP  C0A87A64:0050 rr what\n",
            "line 2: expected a virtual service such as \"TCP  C0A87A64:0050 rr\""
        ),
        (
            title + "  -> 0A0A0A0A:0050 Masq 1 0 0\n",
            "line 2: expected a real server such as \"-> 0A0A0A0A:0050 Masq 1 0 0\""
        ),
        (
            title + "TCP  C0A87A64:0050 rr\n  -> 0A0A0A0A:0050 Masq 1 0\n",
            "line 3: expected a real server such as \"-> 0A0A0A0A:0050 Masq 1 0 0\""
        ),
    ])
    func `a listing not understood names the line`(text: String, message: String) {
        #expect { try ServiceTable.parse(text, source: "F") } throws: { "\($0)" == "cannot read F, " + message }
    }

    @Test func `a real server's weight may be 65535, and a method may be any`() throws {
        let methods = ForwardingMethod.allCases.map { "  -> 0A0A0A0A:0050      \($0.rawValue) 65535 4294967295 7\n" }
        let table = try ServiceTable.parse(
            Self.title + "FWM  00000007 rr ops persistent 5000 FFFFFF00\n" + methods.joined(), source: "F")
        let service = try #require(table.virtualServices.first)
        #expect(service.identity == .firewallMark(7, isIPv6: false))
        #expect(service.flags == [.onePacket, .persistent])
        #expect(service.persistencePrefixLength == 24)
        // In jiffies, whose length nobody knows here.
        #expect(service.persistenceTimeout == 0)
        #expect(service.realServers.map(\.forwardingMethod) == ForwardingMethod.allCases)
        #expect(service.realServers.allSatisfy { $0.weight == 65535 && $0.activeConnections == 4_294_967_295 })
    }

    @Test func `settings are read by full name, without the line's end`() throws {
        let root = FileManager.default.temporaryDirectory.path + "/ipvscope-test-\(UInt64.random(in: 0...UInt64.max))"
        try FileManager.default.createDirectory(
            atPath: root + "/net/ipv4/vs", withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: root) }
        try Data("1\n".utf8).write(to: URL(filePath: root + "/net/ipv4/ip_forward"))
        try Data("0\n".utf8).write(to: URL(filePath: root + "/net/ipv4/vs/conn_reuse_mode"))
        try Data("3\t50\n".utf8).write(to: URL(filePath: root + "/net/ipv4/vs/sync_threshold"))
        #expect(
            Sysctls.read(root: root) == [
                "net.ipv4.ip_forward": "1", "net.ipv4.vs.conn_reuse_mode": "0", "net.ipv4.vs.sync_threshold": "3 50",
            ])
        #expect(Sysctls.read(root: "/nowhere") == [:])
    }
}
