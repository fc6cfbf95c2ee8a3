import IPVSModel
import Testing

@Suite struct IdentityTextTests {
    @Test(arguments: [
        "tcp/192.168.122.100:80", "udp/[fd00::1]:53", "sctp/10.0.0.1:9000", "ip_51/10.0.0.1:0", "fwmark/7",
        "fwmark/4294967295", "fwmark/7/ipv6",
    ])
    func `a virtual service reads back as it was printed`(text: String) throws {
        #expect(try #require(VirtualServiceIdentity(text)).description == text)
    }

    @Test(arguments: [
        "", "tcp", "tcp/", "/192.168.122.100:80", "192.168.122.100:80", "tcp/192.168.122.100",
        "http/192.168.122.100:80",
        "fwmark", "fwmark/", "fwmark/x", "fwmark/-1", "fwmark/+7", "fwmark/4294967296", "fwmark/7/ipv4",
        "fwmark/7/ipv6/",
        "tcp/192.168.122.100:80/",
    ])
    func `text that is no virtual service is refused`(text: String) {
        #expect(VirtualServiceIdentity(text) == nil)
    }

    @Test func `the two services of one mark are different`() {
        #expect(VirtualServiceIdentity("fwmark/7") != VirtualServiceIdentity("fwmark/7/ipv6"))
    }

    @Test(arguments: [
        ("TCP", "tcp", 6 as UInt8), ("UDP", "udp", 17), ("SCTP", "sctp", 132), ("ICMP", "icmp", 1),
        ("ICMPv6", "icmpv6", 58),
        ("IP", "ip", 0), ("IP_51", "ip_51", 51), ("IP_50", "ip_50", 50),
    ])
    func `a protocol has the kernel's name and its own`(kernelName: String, name: String, number: UInt8) throws {
        let transport = TransportProtocol(rawValue: number)
        #expect(transport.kernelName == kernelName)
        #expect(transport.description == name)
        #expect(TransportProtocol(kernelName) == transport)
        #expect(TransportProtocol(name) == transport)
    }

    @Test(arguments: ["", "tcp6", "IP_", "IP_256", "IP_-1", "IP_+51", "6"])
    func `text that is no protocol is refused`(text: String) {
        #expect(TransportProtocol(text) == nil)
    }

    @Test(arguments: [
        ("TCP", "192.168.122.1:0", true), ("TCP", "192.168.122.1:55988", false), ("IP", "192.168.122.1:0", true),
        ("ICMP", "192.168.122.1:0", false),
    ])
    func `an entry without client port is a template, except for ICMP`(
        transport: String, client: String, isTemplate: Bool
    ) throws {
        let endpoint = try #require(Endpoint("10.0.0.1:80"))
        let entry = ConnectionEntry(
            transportProtocol: try #require(TransportProtocol(transport)), client: try #require(Endpoint(client)),
            virtual: endpoint, realServer: endpoint, state: .none, expiresIn: 0)
        #expect(entry.isTemplate == isTemplate)
    }
}
