import IPVSKernel
import IPVSModel
import Testing

@Suite struct IPVSAdmListingTests {
    private static let listing = """
        Every 0.5s: ipvsadm -Ln -c                            Tue Dec 29 06:41:15 2015

        IPVS connection entries
        pro expire state       source             virtual            destination
        TCP 00:32  SYN_RECV    192.168.122.1:55989 192.168.122.100:80 10.10.10.10:80
        TCP 00:42  SYN_RECV    192.168.122.1:55991 192.168.122.100:80 10.10.10.20:80
        TCP 00:41  SYN_RECV    192.168.122.1:55990 192.168.122.100:80 10.10.10.30:80
        TCP 00:29  SYN_RECV    192.168.122.1:55988 192.168.122.100:80 10.10.10.20:80
        TCP 00:59  SYN_RECV    192.168.122.1:55993 192.168.122.100:80 10.10.10.30:80
        TCP 00:42  SYN_RECV    192.168.122.1:55992 192.168.122.100:80 10.10.10.10:80

        """

    private func check(_ text: String) throws {
        let entries = try IPVSAdmListing.parse(text, source: "F")
        #expect(entries.map(\.client.port) == [55989, 55991, 55990, 55988, 55993, 55992])
        #expect(entries.map(\.realServer.address.ipv4Bits).map { $0 & 255 } == [10, 20, 30, 20, 30, 10])
        #expect(entries.map(\.expiresIn) == [32, 42, 41, 29, 59, 42])
        #expect(entries.allSatisfy { $0.state == .synReceived && $0.transportProtocol == .tcp })
        #expect(entries.allSatisfy { $0.virtual.description == "192.168.122.100:80" })
    }

    @Test func `a listing under the header of watch is read`() throws {
        try check(Self.listing)
    }

    @Test func `line ends of Windows change nothing`() throws {
        try check(Self.listing.replacing("\n", with: "\r\n"))
    }

    @Test func `indentation changes nothing`() throws {
        try check(Self.listing.split(separator: "\n").map { "\t  \($0)\n" }.joined())
    }

    @Test func `a prompt before the title and a rule at the end change nothing`() throws {
        try check(
            "[root@director1 ~]# watch -n.5 'ipvsadm -Ln -c'\n" + Self.listing + String(repeating: "=", count: 65))
    }

    @Test func `rows without any title are read`() throws {
        try check(Self.listing.split(separator: "\n").dropFirst(3).joined(separator: "\n"))
    }

    @Test func `minutes may have many digits, addresses may be IPv6, and the persistence engine comes last`() throws {
        let entries = try IPVSAdmListing.parse(
            """
            TCP 1440:01 ASSURED     [fd00:122::]:0     [fd00:122::100]:8080 [fd00:10::30]:80
            UDP 00:59  NONE        192.168.122.1:0    192.168.122.100:5060 10.10.10.30:5060 sip                abc 123
            IP  00:49  NONE        [fd00:122::1]:0    [0:7::]:0          [fd00:10::30]:0
            IP_51 00:01 ERR!        192.168.122.1:0    192.168.122.100:0  10.10.10.30:0
            """, source: "F")
        #expect(entries.map(\.expiresIn) == [86401, 59, 49, 1])
        #expect(entries[0].client.description == "[fd00:122::]:0")
        #expect(entries[1].persistenceEngine == "sip")
        #expect(entries[1].persistenceData == "abc 123")
        #expect(entries[2].virtual.description == "[0:7::]:0")
        #expect(entries[3].transportProtocol.rawValue == 51)
    }

    @Test(arguments: ["Lnc", "Lnc--persistent-conn"])
    func `what ipvsadm printed on a real director is read`(name: String) throws {
        let entries = try IPVSAdmListing.read(path: Fixture.path("ipvsadm-1.31/\(name)"))
        let table = try ConnectionTable.read(path: Fixture.path("linux-6.1/ip_vs_conn"))
        #expect(entries.map(\.client) == table.entries.map(\.client))
        #expect(entries.map(\.virtual) == table.entries.map(\.virtual))
        #expect(entries.map(\.realServer) == table.entries.map(\.realServer))
        #expect(entries.map(\.state) == table.entries.map(\.state))
        if name == "Lnc--persistent-conn" {
            #expect(entries.map(\.persistenceData) == table.entries.map(\.persistenceData))
        }
    }

    @Test(arguments: [
        (
            "ABC 00:32  SYN_RECV    1.2.3.4:5 1.2.3.4:80 10.10.10.10:80",
            "expected a protocol such as TCP, found \"ABC\""
        ),
        (
            "TCP 0:32   SYN_RECV    1.2.3.4:5 1.2.3.4:80 10.10.10.10:80",
            "expected the expiry as minutes and seconds such as 00:32, found \"0:32\""
        ),
        (
            "TCP 00:60  SYN_RECV    1.2.3.4:5 1.2.3.4:80 10.10.10.10:80",
            "expected the expiry as minutes and seconds such as 00:32, found \"00:60\""
        ),
        ("TCP", "expected the expiry as minutes and seconds such as 00:32, found the end of the line"),
        ("TCP 00:32  1.2.3.4:5 1.2.3.4:80 10.10.10.10:80", "expected a state such as SYN_RECV, found \"1.2.3.4:5\""),
        (
            "TCP 00:32  SYN_RECV    client:5 1.2.3.4:80 10.10.10.10:80",
            "expected an address and port in numbers such as 192.168.122.1:55989 (list with -n), found \"client:5\""
        ),
        (
            "TCP 00:32  SYN_RECV    1.2.3.4:5 1.2.3.4:80",
            "expected an address and port in numbers such as 192.168.122.1:55989 (list with -n), found the end of the line"
        ),
        ("IPVS connection entries", "a second listing begins; judge one listing at a time"),
        (
            "  -> 10.10.10.10:80               Masq    1      0          1",
            "expected a protocol such as TCP, found \"->\""
        ),
    ])
    func `a bad line is named, with what was expected there`(line: String, problem: String) {
        #expect {
            try IPVSAdmListing.parse(Self.listing + line, source: "F")
        } throws: {
            ($0 as? KernelError)?.code == .malformed && "\($0)" == "cannot read F, line 11: \(problem)"
        }
    }

    @Test(arguments: [
        "", "\n\n",
        "IPVS connection entries\npro expire state       source             virtual            destination\n",
    ])
    func `a listing without entries is an error`(text: String) {
        #expect {
            try IPVSAdmListing.parse(text, source: "standard input")
        } throws: {
            "\($0)" == "cannot read standard input: it holds no connection entry; save the output of: ipvsadm -Lnc"
        }
    }
}
