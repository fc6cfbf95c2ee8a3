import FoundationEssentials
import IPVSKernel
import IPVSModel
import Testing

@Suite struct ConnectionTableTests {
    private static let title = "Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\n"

    private func table(_ rows: String...) -> ConnectionTable {
        ConnectionTable.parse(Array((Self.title + rows.map { $0 + "\n" }.joined()).utf8))
    }

    @Test(arguments: [
        (
            "TCP C0A87A01 C878 C0A87A64 0050 0A0A0A14 0050 TIME_WAIT       118",
            "TCP 192.168.122.1:51320 192.168.122.100:80 10.10.10.20:80 TIME_WAIT 118"
        ),
        (
            "SCTP C0A87A01 9C44 C0A87A64 2328 0A0A0A1E 2328 REJECTED          3",
            "SCTP 192.168.122.1:40004 192.168.122.100:9000 10.10.10.30:9000 REJECTED 3"
        ),
        (
            "UDP C0A87A01 9C41 C0A87A64 0035 0A0A0A1E 14E9 UDP             299",
            "UDP 192.168.122.1:40001 192.168.122.100:53 10.10.10.30:5353 UDP 299"
        ),
        (
            "TCP C0A87A01 0000 C0A87A64 1F90 0A0A0A1E 0050 ASSURED          75",
            "TCP 192.168.122.1:0 192.168.122.100:8080 10.10.10.30:80 ASSURED 75"
        ),
        (
            "IP  C0A87A01 0000 00000007 0000 0A0A0A1E 0000 NONE             49",
            "IP 192.168.122.1:0 0.0.0.7:0 10.10.10.30:0 NONE 49"
        ),
        (
            "IP  fd00:0122:0000:0000:0000:0000:0000:0001 0000 0000:0007:0000:0000:0000:0000:0000:0000 0000 "
                + "fd00:0010:0000:0000:0000:0000:0000:0030 0000 NONE             49",
            "IP [fd00:122::1]:0 [0:7::]:0 [fd00:10::30]:0 NONE 49"
        ),
        (
            "TCP AC100009 0000 C0A87A64 FFFF 0A0A0A14 FFFF ASSURED          29",
            "TCP 172.16.0.9:0 192.168.122.100:65535 10.10.10.20:65535 ASSURED 29"
        ),
        // An IPv4 client whose real server is reached through an IPv6 tunnel.
        (
            "TCP C0A87A01 C878 C0A87A64 0050 fd00:0010:0000:0000:0000:0000:0000:0030 0050 ESTABLISHED     900",
            "TCP 192.168.122.1:51320 192.168.122.100:80 [fd00:10::30]:80 ESTABLISHED 900"
        ),
        (
            "IP_51 C0A87A01 0000 C0A87A64 0000 0A0A0A14 0000 ERR!          60",
            "IP_51 192.168.122.1:0 192.168.122.100:0 10.10.10.20:0 ERR! 60"
        ),
        (
            "ICMP C0A87A01 0000 C0A87A64 0000 0A0A0A14 0000 A_STATE_OF_SOME_LATER_KERNEL   4294967",
            "ICMP 192.168.122.1:0 192.168.122.100:0 10.10.10.20:0 A_STATE_OF_SOME_LATER_KERNEL 4294967"
        ),
        (
            "ICMPv6 fd00:0122:0000:0000:0000:0000:0000:0001 0000 fd00:0122:0000:0000:0000:0000:0000:0100 0000 "
                + "fd00:0010:0000:0000:0000:0000:0000:0030 0000 NONE 0\r",
            "ICMPv6 [fd00:122::1]:0 [fd00:122::100]:0 [fd00:10::30]:0 NONE 0"
        ),
    ])
    func `a row means what ipvsadm shows`(row: String, meaning: String) throws {
        let table = table(row)
        let entry = try #require(table.entries.first)
        #expect(
            "\(entry.transportProtocol.kernelName) \(entry.client) \(entry.virtual) \(entry.realServer) \(entry.state) "
                + "\(entry.expiresIn)" == meaning)
        #expect(entry.persistenceEngine == nil)
        #expect(table.entries.count == 1)
        #expect(table.statistics.malformed == 0)
    }

    @Test(arguments: ["abc123def456@192.168.122.1", "a call id with blanks", ""])
    func `what follows the expiry is the persistence engine and its data`(data: String) throws {
        let table = table("UDP C0A87A01 0000 C0A87A64 13C4 0A0A0A1E 13C4 NONE             59 sip \(data)")
        let entry = try #require(table.entries.first)
        #expect(entry.expiresIn == 59)
        #expect(entry.persistenceEngine == "sip")
        #expect(entry.persistenceData == data)
    }

    @Test(arguments: [
        ("XYZ C0A87A01 C878 C0A87A64 0050 0A0A0A14 0050 TIME_WAIT 118", MalformedLine.Reason.badProtocol),
        ("TCP C0A87A0 C878 C0A87A64 0050 0A0A0A14 0050 TIME_WAIT 118", .badAddress),
        ("TCP C0A87AG1 C878 C0A87A64 0050 0A0A0A14 0050 TIME_WAIT 118", .badAddress),
        ("TCP C0A87A01 C878 C0A87A6O 0050 0A0A0A14 0050 TIME_WAIT 118", .badAddress),
        ("TCP fd00:0122:0000:0000:0000:0000:0000-0001 C878 C0A87A64 0050 0A0A0A14 0050 NONE 118", .badAddress),
        ("TCP fd00::1 C878 C0A87A64 0050 0A0A0A14 0050 TIME_WAIT 118", .badAddress),
        ("TCP C0A87A01 C87 C0A87A64 0050 0A0A0A14 0050 TIME_WAIT 118", .badPort),
        ("TCP C0A87A01 C8780 C0A87A64 0050 0A0A0A14 0050 TIME_WAIT 118", .badPort),
        ("TCP C0A87A01 C878 C0A87A64 005@ 0A0A0A14 0050 TIME_WAIT 118", .badPort),
        ("TCP C0A87A01 C878 C0A87A64 0050 0A0A0A14 0050", .badState),
        ("TCP C0A87A01 C878 C0A87A64 0050 0A0A0A14 0050 TIME_WAIT", .badExpiry),
        ("TCP C0A87A01 C878 C0A87A64 0050 0A0A0A14 0050 TIME_WAIT 01:58", .badExpiry),
        ("TCP C0A87A01 C878 C0A87A64 0050 0A0A0A14 0050 TIME_WAIT -1", .badExpiry),
        ("TCP C0A87A01 C878 C0A87A64 0050 0A0A0A14 0050 TIME_WAIT 1234567890", .badExpiry),
    ])
    func `a line not understood is counted with its reason, and its neighbours are read`(
        line: String, reason: MalformedLine.Reason
    ) {
        let good = "TCP C0A87A01 000%d C0A87A64 0050 0A0A0A14 0050 TIME_WAIT       118"
        let table = table(
            good.replacing("%d", with: "1"), line, good.replacing("%d", with: "2"))
        #expect(table.statistics.malformedExamples.map(\.description) == ["line 3: \(reason.rawValue)"])
        #expect(table.statistics.malformed == 1)
        #expect(table.entries.map(\.client.port) == [1, 2])
    }

    @Test func `every digit has its value in either case, and no other byte has one`() {
        for byte in UInt8(0x21)...0x7e {
            let digit = String(decoding: [byte], as: UTF8.self)
            let row = "TCP C0A87A0\(digit) 0001 C0A87A64 0050 0A0A0A14 005\(digit) TIME_WAIT       118"
            let entries = table(row).entries
            let value = UInt8(digit, radix: 16)
            #expect(entries.first.map { UInt8($0.client.address.ipv4Bits & 0xff) } == value, "digit \(digit)")
            #expect(entries.first.map { UInt8($0.realServer.port & 0xff) } == value.map { 0x50 + $0 }, "digit \(digit)")
        }
    }

    @Test func `the first of several rows of one connection stays`() {
        let table = table(
            "TCP C0A87A01 C878 C0A87A64 0050 0A0A0A14 0050 SYN_RECV         60",
            "TCP C0A87A01 C878 C0A87A64 0050 0A0A0A1E 0050 TIME_WAIT         0",
            "TCP C0A87A01 C878 C0A87A64 0050 0A0A0A14 0050 TIME_WAIT         0",
            "UDP C0A87A01 C878 C0A87A64 0050 0A0A0A14 0050 UDP              60")
        #expect(table.entries.map(\.state.rawValue) == ["SYN_RECV", "TIME_WAIT", "UDP"])
        #expect(table.statistics.duplicates == 1)
        #expect(table.statistics.rows == 4)
    }

    @Test func `a listing cut anywhere is read up to the last whole line`() throws {
        let listing = Array(try Fixture.text("linux-6.1/ip_vs_conn").utf8)
        let whole = ConnectionTable.parse(listing)
        #expect(whole.entries.count == 44)
        for length in 0...listing.count {
            let cut = ConnectionTable.parse(Array(listing.prefix(length)))
            #expect(cut.entries == Array(whole.entries.prefix(cut.entries.count)))
            let isWhole = length == 0 || listing[length - 1] == UInt8(ascii: "\n")
            #expect(cut.statistics.malformedExamples.map(\.reason) == (isWhole ? [] : [.cutShort]))
        }
    }

    @Test func `a file larger than the buffer is read without losing or breaking a row`() throws {
        let rows = (0..<6_000).map { number in
            let port = String(0x10000 + number, radix: 16, uppercase: true).dropFirst()
            return number % 7 == 0
                ? "UDP fd00:0122:0000:0000:0000:0000:0000:0001 \(port) fd00:0122:0000:0000:0000:0000:0000:0100 0035 "
                    + "fd00:0010:0000:0000:0000:0000:0000:0030 0035 UDP             299\n"
                : "TCP C0A87A01 \(port) C0A87A64 0050 0A0A0A14 0050 \(number % 3 == 0 ? "SYN_RECV " : "TIME_WAIT")       118\n"
        }
        try withFile((Self.title + rows.joined()).utf8) { path in
            let table = try ConnectionTable.read(path: path)
            #expect(table.entries.map(\.client.port) == (0..<6_000).map { UInt16($0) })
            #expect(table.statistics.rows == 6_000)
            #expect(table.statistics.malformed == 0)
        }
    }

    @Test func `a line longer than the buffer is counted once, and the next is read`() throws {
        let row = "TCP C0A87A01 C878 C0A87A64 0050 0A0A0A14 0050 TIME_WAIT       118\n"
        try withFile((row + String(repeating: "x", count: 200_000) + "\n" + row).utf8) { path in
            let table = try ConnectionTable.read(path: path)
            #expect(table.statistics.malformedExamples.map(\.description) == ["line 2: the line is too long"])
            #expect(table.statistics.rows == 2)
        }
    }

    @Test func `a reading that takes too long is given up and says so`() throws {
        let path = Fixture.path("linux-6.1/ip_vs_conn")
        let cutOff = try ConnectionTable.read(path: path, atMost: .zero)
        #expect(cutOff.statistics.isCutOff)
        #expect(cutOff.rows.isEmpty)
        let whole = try ConnectionTable.read(path: path, atMost: .seconds(60))
        #expect(!whole.statistics.isCutOff)
        #expect(whole.rows.count == 44)
    }

    @Test func `no more than a few malformed lines are kept`() {
        let table = ConnectionTable.parse(Array(String(repeating: "what is this\n", count: 1_000).utf8))
        #expect(table.statistics.malformed == 1_000)
        #expect(table.statistics.malformedExamples.count == 8)
    }

    @Test func `the table with origins holds the same entries, all local on a master`() throws {
        let origins = try ConnectionOrigins.read(path: Fixture.path("linux-6.1/ip_vs_conn_sync"))
        let table = try ConnectionTable.read(path: Fixture.path("linux-6.1/ip_vs_conn"))
        // This file does not show the persistence engine.
        #expect(origins.entries.map(\.entry.client) == table.entries.map(\.client))
        #expect(origins.entries.map(\.entry.state) == table.entries.map(\.state))
        #expect(origins.entries.allSatisfy { $0.origin == .local })
        #expect(origins.statistics.malformed == 0)
    }

    @Test func `entries that a backup learned are told apart`() throws {
        let origins = try ConnectionOrigins.read(path: Fixture.path("linux-6.1/ip_vs_conn_sync_backup"))
        #expect(origins.entries.count == 7)
        #expect(origins.entries.allSatisfy { $0.origin == .synchronized })
    }

    @Test func `a table without origins is not taken for one with`() throws {
        let origins = try ConnectionOrigins.read(path: Fixture.path("linux-6.1/ip_vs_conn"))
        #expect(origins.entries.isEmpty)
        #expect(origins.statistics.malformedExamples.first?.reason == .badOrigin)
    }

    @Test func `a missing file says what to do`() {
        #expect {
            try ConnectionTable.read(path: "/nowhere/ip_vs_conn")
        } throws: { error in
            (error as? KernelError)?.code == .fileNotFound
                && "\(error)" == "cannot read /nowhere/ip_vs_conn: no such file; check the path"
        }
        #expect {
            try ConnectionTable.read(path: "/proc/self/net/ip_vs_conn_of_no_kernel")
        } throws: { error in
            (error as? KernelError)?.code == .moduleNotLoaded
                && "\(error)".hasSuffix("load the module with: modprobe ip_vs")
        }
    }
}
