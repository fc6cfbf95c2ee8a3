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
        self =
            isIn
            ? ClientKey(
                high: packet.sourceHigh, low: packet.sourceLow, port: packet.sourcePort, transport: packet.transport)
            : ClientKey(
                high: packet.destinationHigh, low: packet.destinationLow, port: packet.destinationPort,
                transport: packet.transport)
    }

    /// The same of a packet that stays where it is.
    @inline(__always)
    init(_ packets: Span<PacketSummary>, _ index: Int, isIn: Bool) {
        self.init(
            high: isIn ? packets[index].sourceHigh : packets[index].destinationHigh,
            low: isIn ? packets[index].sourceLow : packets[index].destinationLow,
            port: isIn ? packets[index].sourcePort : packets[index].destinationPort,
            transport: packets[index].transport)
    }

    var endpoint: Endpoint { Endpoint(address: IPAddress(high: high, low: low), port: port) }

    /// Two rounds of multiply-and-fold; `seed` keeps clients from choosing collisions.
    @inline(__always)
    package func hash(_ seed: UInt64) -> UInt32 {
        let first = (low ^ UInt64(port) << 48 ^ seed).multipliedFullWidth(
            by: high ^ UInt64(transport) << 56 ^ 0x9E37_79B9_7F4A_7C15)
        let folded = (first.high ^ first.low ^ seed).multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
        return UInt32(truncatingIfNeeded: folded.high ^ folded.low)
    }
}
