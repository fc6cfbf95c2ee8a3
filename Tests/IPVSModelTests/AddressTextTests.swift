import IPVSModel
import Testing

@Suite struct AddressTextTests {
    @Test(arguments: [
        ("192.168.122.100", "192.168.122.100"), ("0.0.0.0", "0.0.0.0"), ("255.255.255.255", "255.255.255.255"),
        // RFC 5952, sections 4.1 to 4.3: leading zeros, the longest run, the first of equals, lower case.
        ("2001:0db8:0000:0000:0001:0000:0000:0001", "2001:db8::1:0:0:1"), ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("2001:DB8::1", "2001:db8::1"), ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
        ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"), ("::", "::"), ("::1", "::1"), ("1::", "1::"), ("0:7::", "0:7::"),
        ("fd00:122::", "fd00:122::"), ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"),
        // An embedded IPv4 tail, and the mapped form, which is the IPv4 address.
        ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"), ("::ffff:192.0.2.33", "192.0.2.33"),
    ])
    func `an address is printed in its one canonical form`(text: String, canonical: String) throws {
        let address = try #require(IPAddress(text))
        #expect(address.description == canonical)
        #expect(IPAddress(canonical) == address)
    }

    @Test(arguments: [
        "", ".", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.-4", "1.2.3.+4", "1.2.3.4 ", " 1.2.3.4", "1..2.3",
        "localhost",
        ":", ":::", "1:::2", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "12345::", "g::", "1:2:3:4:5:6:7:8::",
        "::1.2.3", "1.2.3.4::", "fe80::1%eth0", "[::1]", "::+1", "::-0", "1:2:3:4:5:6:7:1.2.3.4",
    ])
    func `text that is no address is refused`(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test func `the bits of an IPv4 address are in host order`() {
        let address = IPAddress(ipv4: 0xC0A8_7A64)
        #expect(address.description == "192.168.122.100")
        #expect(address.ipv4Bits == 0xC0A8_7A64)
        #expect(address.isIPv4)
    }

    @Test(arguments: ["192.168.122.100:80", "0.0.0.7:0", "[fd00:122::100]:65535", "[::]:0"])
    func `an endpoint reads back as it was printed`(text: String) throws {
        #expect(try #require(Endpoint(text)).description == text)
    }

    @Test(arguments: [
        "", ":", "80", "1.2.3.4", "1.2.3.4:", "1.2.3.4:65536", "1.2.3.4:-1", "1.2.3.4:+80", "1.2.3.4:http",
        "[1.2.3.4]:80", "fd00::1:80",
        "[fd00::1]", "[fd00::1:80", "fd00::1]:80", "[fd00::1]80", "www.tianyun.com:80",
    ])
    func `text that is no endpoint is refused`(text: String) {
        #expect(Endpoint(text) == nil)
    }

    @Test func `addresses are ordered as numbers, not as text`() throws {
        let addresses = try ["10.10.10.30", "10.10.10.9", "192.168.122.100", "10.10.10.10"].map {
            try #require(IPAddress($0))
        }
        #expect(
            addresses.sorted().map(\.description) == ["10.10.10.9", "10.10.10.10", "10.10.10.30", "192.168.122.100"])
    }
}
