import IPVSModel
import PacketDecoding

/// What both sides of a connection share, and what the flow table finds it by.
package struct ClientKey: BitwiseCopyable {
    var high: UInt64 = 0
    var low: UInt64 = 0
    var port: UInt16 = 0
    var transport: UInt8 = 0

    @inline(__always)
    package init(high: UInt64, low: UInt64, port: UInt16, transport: UInt8) {
        self.high = high
        self.low = low
        self.port = port
        self.transport = transport
    }

    init(_ client: Endpoint, _ transport: TransportProtocol) {
        self.init(
            high: client.address.high, low: client.address.low, port: client.port, transport: transport.rawValue)
    }

    /// The client of a packet that goes towards the real server, or comes from it.
    @inline(__always)
    init(_ packet: PacketSummary, isIn: Bool) {
        let end = isIn ? 0 : 1
        self.init(
            high: packet.addresses[end].high, low: packet.addresses[end].low, port: packet.ports[end],
            transport: packet.transport)
    }

    /// The same of a packet that stays where it is.
    @inline(__always)
    init(_ packets: Span<PacketSummary>, _ index: Int, isIn: Bool) {
        let end = isIn ? 0 : 1
        self.init(
            high: packets[index].addresses[end].high, low: packets[index].addresses[end].low,
            port: packets[index].ports[end], transport: packets[index].transport)
    }

    var endpoint: Endpoint { Endpoint(address: IPAddress(high: high, low: low), port: port) }

    /// Multiply, fold and multiply; `seed`, of which both factors have a part that nobody knows, keeps clients from choosing
    /// collisions.
    @inline(__always)
    package func hash(_ seed: UInt64) -> UInt32 {
        let product = (low ^ UInt64(port) << 48 ^ seed).multipliedFullWidth(
            by: high ^ UInt64(transport) << 56 ^ (seed >> 29 | seed << 35))
        // Neighbours are a step apart until they are multiplied once more.
        let mixed = (product.high ^ product.low) &* 0xD6E8_FEB8_6659_FD93
        return UInt32(truncatingIfNeeded: mixed >> 32)
    }
}
