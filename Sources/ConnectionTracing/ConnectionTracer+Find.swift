import PacketDecoding

/// Which connection a packet belongs to.
///
/// Whatever a packet passes through here is `mutating`, also where it changes nothing: a tracer that is only lent would
/// be copied, all of it, for every packet.
extension ConnectionTracer {
    @inline(__always)
    mutating func find(_ packets: Span<PacketSummary>, _ index: Int, _ lookup: Lookup) -> UInt32 {
        let candidate = lookup.candidate
        guard candidate != FlowTable.none else { return search(packets[index], lookup) }
        if topology.hasSharedServers, lookup.isDIPSide { return search(packets[index], lookup) }
        let isIt =
            flows[candidate].ends[lookup.leg.side] == lookup.end
            && flows[candidate].belongs(to: ClientKey(packets, index, isIn: lookup.isIn))
        return isIt ? candidate : search(packets[index], lookup)
    }

    /// The same without a candidate.
    @inline(never)
    mutating func search(_ packet: PacketSummary, _ lookup: Lookup) -> UInt32 {
        let client = ClientKey(packet, isIn: lookup.isIn)
        guard lookup.isDIPSide else { return flows.find(client, lookup.hash, virtual: lookup.virtual) }
        guard !topology.hasSharedServers else { return searchSharedServer(packet, lookup) }
        let number = flows.find(client, lookup.hash, endpoint: lookup.endpoint)
        guard number != FlowTable.none, flows[number].endpoint == FlowRecord.unknown else { return number }
        return couldServe(flows[number], packet, lookup) ? number : searchSharedServer(packet, lookup)
    }

    /// The same where a client may use one port for two services that share a real server: a packet from the client
    /// belongs to the connection whose numbers it continues, one from the real server to the newest, as in the kernel.
    private mutating func searchSharedServer(_ packet: PacketSummary, _ lookup: Lookup) -> UInt32 {
        var best = FlowTable.none
        var distance = UInt32.max
        var id = Int64.min
        let client = ClientKey(packet, isIn: lookup.isIn)
        var position: UInt32?
        while let number = flows.next(client, lookup.hash, after: &position) {
            let record = flows[number]
            guard lookup.virtual == FlowRecord.unknown || record.virtual == lookup.virtual,
                record.endpoint == lookup.endpoint
                    || record.endpoint == FlowRecord.unknown && couldServe(record, packet, lookup)
            else { continue }
            let own = packet.sequence &- record.start[0]
            if best == FlowTable.none || (lookup.isIn && packet.transport == 6 ? own < distance : record.id > id) {
                (best, distance, id) = (number, own, record.id)
            }
        }
        return best
    }

    /// Whether a connection whose real server is unknown may be the one this DIP-side packet belongs to.
    ///
    /// A packet that lags behind the connection which had the client's port before has a sequence number from before
    /// this one's first.
    private mutating func couldServe(_ record: FlowRecord, _ packet: PacketSummary, _ lookup: Lookup) -> Bool {
        guard topology.endpoints[Int(lookup.endpoint)].services.contains(record.service),
            topology.endpoints[Int(lookup.endpoint)].isData == record.marks.contains(.ftpData)
        else { return false }
        guard record.transport == 6, record.vip.syn != 0, !packet.marks.contains(.icmpError) else { return true }
        if !lookup.isIn, !packet.flags.contains(.ack) { return false }
        let distance = (lookup.isIn ? packet.sequence : packet.acknowledgement) &- record.start[0]
        return distance < 1 << 28
    }

    /// The virtual service and address of a packet: on the DIP side the only one its real server serves.
    mutating func virtual(of lookup: Lookup) -> UInt16? {
        guard lookup.virtual == FlowRecord.unknown else { return lookup.virtual }
        let candidates = topology.endpoints[Int(lookup.endpoint)].services
        return candidates.count == 1 ? topology.services[Int(candidates[0])].virtual : nil
    }

    /// Whether the table has any connection of a packet's client port.
    mutating func isClientKnown(_ packet: PacketSummary, _ lookup: Lookup) -> Bool {
        var position: UInt32?
        return flows.next(ClientKey(packet, isIn: lookup.isIn), lookup.hash, after: &position) != nil
    }
}
