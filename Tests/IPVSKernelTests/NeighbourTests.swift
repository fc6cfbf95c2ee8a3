import FoundationEssentials
import IPVSKernel
import IPVSModel
import Testing

@Suite struct NeighbourTests {
    /// `AF_INET` and `AF_INET6`.
    private static let ipv4: UInt8 = 2
    private static let ipv6: UInt8 = 10
    /// `NUD_REACHABLE`.
    private static let reachable: UInt16 = 0x02
    /// `NDA_DST` and `NDA_LLADDR`.
    private static let destination: UInt16 = 1
    private static let linkAddress: UInt16 = 2

    /// An `RTM_NEWNEIGH` message's payload.
    private static func message(
        family: UInt8 = ipv4, state: UInt16 = reachable, address: [UInt8] = [10, 10, 10, 20],
        link: [UInt8] = [0x02, 0x42, 0x0a, 0x0a, 0x0a, 0x14]
    ) -> [UInt8] {
        var attributes = NetlinkAttributeWriter()
        attributes.append(destination, address)
        attributes.append(linkAddress, link)
        // NDA_CACHEINFO and NDA_PROBES follow in a real one.
        attributes.append(3, [UInt8](repeating: 7, count: 16))
        attributes.append(4, UInt32(1))
        let state = UInt16(littleEndian: state)
        return [family, 0, 0, 0, 3, 0, 0, 0, UInt8(state & 0xff), UInt8(state >> 8), 0, 1] + attributes.bytes
    }

    @Test func `a neighbour of either family is read`() throws {
        let table = try Neighbours.table([
            Self.message(),
            Self.message(
                family: Self.ipv6, address: [0xfd, 0, 0, 0x10] + [UInt8](repeating: 0, count: 11) + [0x30],
                link: [0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0xfa]),
        ])
        #expect(
            table == [
                try #require(IPAddress("10.10.10.20")): try #require(LinkAddress("02:42:0a:0a:0a:14")),
                try #require(IPAddress("fd00:10::30")): try #require(LinkAddress("ff:fe:fd:fc:fb:fa")),
            ])
    }

    @Test(arguments: [
        (0x02 as UInt16, true), (0x04, true), (0x08, true), (0x10, true), (0x80, true),  // REACHABLE … PERMANENT
        (0x00, false), (0x01, false), (0x20, false), (0x40, false),  // NONE, INCOMPLETE, FAILED, NOARP
    ])
    func `only a neighbour that packets can be sent to counts`(state: UInt16, counts: Bool) throws {
        #expect(try Neighbours.table([Self.message(state: state)]).count == (counts ? 1 : 0))
    }

    @Test func `what is no address of Ethernet or of IP is passed over`() throws {
        let table = try Neighbours.table([
            Self.message(link: []), Self.message(link: [1, 2, 3, 4]),
            Self.message(link: [UInt8](repeating: 1, count: 20)),
            Self.message(family: 7), Self.message(family: Self.ipv6), Self.message(address: [10, 10, 10]),
        ])
        #expect(table.isEmpty)
    }

    @Test func `an address that two links have counts the first time`() throws {
        let table = try Neighbours.table([Self.message(), Self.message(link: [1, 2, 3, 4, 5, 6])])
        #expect(table.values.map(\.description) == ["02:42:0a:0a:0a:14"])
    }

    @Test func `a message cut anywhere answers, and never traps`() throws {
        let whole = Self.message()
        let understood = whole.indices.filter { (try? Neighbours.table([Array(whole.prefix($0))]))?.count == 1 }
        // Behind the link address, perhaps without its padding, and behind what follows.
        #expect(understood == [30, 31, 32, 52])
        #expect {
            try Neighbours.table([Array(whole.prefix(11))])
        } throws: {
            "\($0)".hasPrefix("cannot read the neighbours by netlink: a message has no header; ")
        }
    }

    @Test func `the running kernel tells anybody the neighbours that it lists as complete`() throws {
        let table = try Neighbours.read()
        // IP address, type of hardware, flags (2: complete), hardware address, mask, device
        let rows = try String(contentsOfFile: "/proc/net/arp", encoding: .utf8).split(separator: "\n").dropFirst()
            .map { $0.split(separator: " ").map(String.init) }
        for row in rows where row[1] == "0x1" && row[2] == "0x2" {
            #expect(table[try #require(IPAddress(row[0]))] == LinkAddress(row[3]))
        }
    }
}
