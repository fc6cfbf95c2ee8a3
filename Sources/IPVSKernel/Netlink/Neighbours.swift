internal import CNetlink
internal import Glibc
package import IPVSModel

/// The kernel's neighbours: which link address an address on one of its links has.
///
/// No privilege is needed to read them.
package enum Neighbours {
    /// How often a reading is begun anew when the neighbours changed under it.
    private static let attempts = 4

    /// Reads the neighbours of both families in this network namespace.
    package static func read() throws(KernelError) -> [IPAddress: LinkAddress] {
        let socket = try NetlinkSocket.connect(NETLINK_ROUTE, subject: .neighbours)
        var request = [UInt8](repeating: 0, count: MemoryLayout<ndmsg>.size)
        request[0] = UInt8(AF_UNSPEC)
        var attempt = 1
        while true {
            do throws(KernelError) {
                return try table(try socket.request(type: Int32(RTM_GETNEIGH), isDump: true, payload: request))
            } catch  where error.code == .interrupted && attempt < attempts {
                attempt += 1
            }
        }
    }

    /// The neighbours in the payloads of `RTM_NEWNEIGH` messages. An address that two links have counts once, the first
    /// time.
    package static func table(_ messages: [[UInt8]]) throws(KernelError) -> [IPAddress: LinkAddress] {
        var neighbours: [IPAddress: LinkAddress] = [:]
        for message in messages {
            guard let (address, link) = try neighbour(message), neighbours[address] == nil else { continue }
            neighbours[address] = link
        }
        return neighbours
    }

    /// States in which the kernel sends to the link address it knows.
    private static let usableStates = UInt16(
        NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT)

    /// - Parameter message: `struct ndmsg` and attributes.
    /// - Returns: `nil` for a neighbour that is not reached by a link address of Ethernet.
    private static func neighbour(
        _ message: [UInt8]
    ) throws(KernelError) -> (address: IPAddress, link: LinkAddress)? {
        // Family: u8, padding: 3 bytes, interface: s32, state: u16, flags: u8, type: u8, numbers in host order.
        guard message.count >= MemoryLayout<ndmsg>.size else {
            throw .netlinkReply("a message has no header", reading: .neighbours)
        }
        let family = Int32(message[0])
        let state = NetlinkAttributes.load(UInt16.self, from: message[8...]) ?? 0
        guard family == AF_INET || family == AF_INET6, state & usableStates != 0 else { return nil }
        let attributes = try NetlinkAttributes(
            decoding: message[MemoryLayout<ndmsg>.size...], reading: .neighbours)
        guard let link = attributes.bytes(UInt16(NDA_LLADDR)), link.count == Int(ETH_ALEN),
            let destination = attributes.bytes(UInt16(NDA_DST)),
            let address = IPAddress(networkOrder: destination, isIPv6: family == AF_INET6)
        else { return nil }
        return (address, LinkAddress(bits: link.reduce(0) { $0 << 8 | UInt64($1) }))
    }
}
