package import IPVSModel
package import PacketDecoding

/// Tells packets apart by their client, so that several tracers may each trace a part of the clients.
///
/// Both sides of a connection share the client's address and port; which end is the client is known from the virtual
/// services and real servers.
package struct ClientSharder: Sendable {
    let endpoints: EndpointTable

    /// - Returns: A number below `count`, the same for all packets of a client's port.
    package func shard(of packet: PacketSummary, count: Int) -> Int {
        let isIn =
            endpoints.match(
                packet.destinationHigh, packet.destinationLow, port: packet.destinationPort,
                transport: packet.transport
            ).role != .none
        return isIn
            ? Self.shard(packet.sourceHigh, packet.sourceLow, packet.sourcePort, count)
            : Self.shard(packet.destinationHigh, packet.destinationLow, packet.destinationPort, count)
    }

    /// - Returns: The shard of the packets of an entry of the kernel's table.
    package func shard(of entry: ConnectionEntry, count: Int) -> Int {
        Self.shard(entry.client.address.high, entry.client.address.low, entry.client.port, count)
    }

    @inline(__always)
    private static func shard(_ high: UInt64, _ low: UInt64, _ port: UInt16, _ count: Int) -> Int {
        let product = (low ^ UInt64(port) << 48 ^ 0x9E37_79B9_7F4A_7C15)
            .multipliedFullWidth(by: high ^ 0xD6E8_FEB8_6659_FD93)
        return Int((product.high ^ product.low).multipliedFullWidth(by: UInt64(count)).high)
    }
}

extension ConnectionTracer {
    /// Deals out packets as this tracer's configuration says.
    package func makeSharder() -> ClientSharder { ClientSharder(endpoints: endpoints) }
}
