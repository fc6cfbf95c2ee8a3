package import IPVSModel
package import PacketDecoding

/// Tells packets apart by their client, so that several tracers may each trace a part of the clients.
///
/// Both sides of a connection share the client's address and port; which end is the client is known from the virtual
/// services and real servers. With persistence a client's connections hang together, and so may its neighbours'.
package struct ClientSharder: Sendable {
    let endpoints: EndpointTable
    /// Where FTP's data connections may be; `nil` if there is no FTP.
    let dataEndpoints: EndpointTable?
    /// Where firewall marks are, addresses are learned while packets are traced: one tracer does it all.
    let hasMarks: Bool
    /// How much of the address decides; `nil` is all of it and the port.
    let prefixLength: UInt8?

    /// Deals out packets, many at once: several threads that each ask for every packet would wait for one another,
    /// since all of them count who looks at the same table.
    ///
    /// - Parameter shards: Receives for each packet a number below `count`, the same for all of a client's port.
    package func deal(_ packets: Span<PacketSummary>, count: Int, into shards: inout MutableSpan<UInt8>) {
        for index in packets.indices {
            shards[index] = hasMarks ? 0 : UInt8(truncatingIfNeeded: shard(of: packets, index, count))
        }
    }

    @inline(__always)
    private func shard(of packets: Span<PacketSummary>, _ index: Int, _ count: Int) -> Int {
        let client = ClientKey(packets, index, isIn: isIn(packets, index))
        return shard(client.high, client.low, client.port, count)
    }

    /// Whether a packet goes towards a real server, if it is one of a connection at all.
    @inline(always)
    private func isIn(_ packets: Span<PacketSummary>, _ index: Int) -> Bool {
        // As a rule the ports tell.
        if dataEndpoints == nil, let isIn = endpoints.isDestinationByPort(packets, index) { return isIn }
        let match = endpoints.match(packets, index)
        return match.isKnown ? match.isDestination : isData(packets[index])
    }

    /// Whether a packet may be one of a data connection towards the real server.
    private func isData(_ packet: PacketSummary) -> Bool {
        dataEndpoints?.match(packet.destinationHigh, packet.destinationLow, port: 0, transport: packet.transport)
            .isKnown
            ?? false
    }

    /// - Returns: The shard of the packets of an entry of the kernel's table.
    package func shard(of entry: ConnectionEntry, count: Int) -> Int {
        hasMarks ? 0 : shard(entry.client.address.high, entry.client.address.low, entry.client.port, count)
    }

    @inline(__always)
    private func shard(_ high: UInt64, _ low: UInt64, _ port: UInt16, _ count: Int) -> Int {
        guard let prefixLength else { return Self.hash(high, low ^ UInt64(port) << 48, count) }
        let network = IPAddress(high: high, low: low).masked(to: prefixLength)
        return Self.hash(network.high, network.low, count)
    }

    @inline(__always)
    private static func hash(_ high: UInt64, _ low: UInt64, _ count: Int) -> Int {
        let product = (low ^ 0x9E37_79B9_7F4A_7C15).multipliedFullWidth(by: high ^ 0xD6E8_FEB8_6659_FD93)
        return Int((product.high ^ product.low).multipliedFullWidth(by: UInt64(count)).high)
    }
}

extension ConnectionTracer {
    /// Deals out packets as this tracer's configuration says.
    package func makeSharder() -> ClientSharder {
        ClientSharder(
            endpoints: topology.table, dataEndpoints: topology.hasFTP ? topology.dataTable : nil,
            hasMarks: topology.hasMarks, prefixLength: topology.clientPrefixLength)
    }
}
