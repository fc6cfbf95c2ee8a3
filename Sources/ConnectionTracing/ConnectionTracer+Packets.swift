import IPVSModel
package import PacketDecoding

extension ConnectionTracer {
    /// How many packets are looked up together, so that memory is fetched while others are worked on.
    private static let batch = 32

    /// What a packet is about, found before its connection is.
    struct Lookup: BitwiseCopyable {
        var client = ClientKey(high: 0, low: 0, port: 0, transport: 0)
        var hash: UInt32 = 0
        /// The virtual service's index on the VIP side, the real server endpoint's on the DIP side.
        var index: UInt16 = 0
        var isRelevant = false
        var isDIPSide = false
        /// Towards the real server.
        var isIn = false
    }

    /// Traces packets of one side, oldest first. Nothing is allocated but for connections that begin or end.
    package mutating func process(_ packets: Span<PacketSummary>) {
        var lookups = InlineArray<32, Lookup>(repeating: Lookup())
        var start = 0
        while start < packets.count {
            let count = min(Self.batch, packets.count - start)
            for offset in 0..<count {
                lookups[offset] = lookup(packets[start + offset])
                flows.prefetchSlot(lookups[offset].hash)
            }
            for offset in 0..<count {
                flows.prefetchCandidate(lookups[offset].hash, dipSide: lookups[offset].isDIPSide)
            }
            for offset in 0..<count where lookups[offset].isRelevant {
                trace(packets[start + offset], lookups[offset])
            }
            start += count
        }
    }

    /// Tells side and direction by which address is whose, and hashes the client's.
    @inline(__always)
    private mutating func lookup(_ packet: PacketSummary) -> Lookup {
        var result = Lookup()
        var match = endpoints.match(
            packet.destinationHigh, packet.destinationLow, port: packet.destinationPort, transport: packet.transport)
        result.isIn = match.role != .none
        if !result.isIn {
            match = endpoints.match(
                packet.sourceHigh, packet.sourceLow, port: packet.sourcePort, transport: packet.transport)
        }
        result.isDIPSide = match.role == .realServer
        result.index = match.index
        guard match.role != .none, packet.tap == .both || (packet.tap == .dip) == result.isDIPSide else {
            foreignPackets += 1
            return result
        }
        result.isRelevant = true
        if packet.time > lastPacket { lastPacket = packet.time }
        result.client =
            result.isIn
            ? ClientKey(
                high: packet.sourceHigh, low: packet.sourceLow, port: packet.sourcePort, transport: packet.transport)
            : ClientKey(
                high: packet.destinationHigh, low: packet.destinationLow, port: packet.destinationPort,
                transport: packet.transport)
        result.hash = result.client.hash(seed)
        return result
    }

    @inline(__always)
    private mutating func trace(_ packet: PacketSummary, _ lookup: Lookup) {
        var number = lookup.isDIPSide ? findOnDIPSide(packet, lookup) : findOnVIPSide(lookup)
        let opens = lookup.isIn && packet.flags.intersection([.syn, .ack]) == .syn
        if number == FlowTable.none || opens {
            number = begin(number, packet, lookup)
            guard number != FlowTable.none else { return }
        }
        if lookup.isDIPSide, flows[number].endpoint == FlowRecord.unknown { bind(number, to: lookup.index) }
        let wasOver = flows[number].isOver
        Self.update(&flows[number], packet, lookup, kernelTable)
        let realServer = flows[number].realServer
        if realServer != FlowRecord.unknown {
            if lookup.isDIPSide != lookup.isIn {
                count(packet, lookup, on: Int(realServer))
            } else if !lookup.isDIPSide {
                realServers[Int(realServer)].translated.outPackets &+= 1
                realServers[Int(realServer)].translated.outBytes &+= UInt64(packet.ipLength)
            }
            if lookup.isDIPSide, packet.flags.contains(.syn), !lookup.isIn { noteConnect(number, packet) }
        }
        if !wasOver, flows[number].isOver { noteEnd(number) }
    }

    /// The kernel counts incoming packets as they enter on the VIP side, outgoing ones as they enter on the DIP side.
    @inline(__always)
    private mutating func count(_ packet: PacketSummary, _ lookup: Lookup, on realServer: Int) {
        if lookup.isIn {
            realServers[realServer].captured.inPackets &+= 1
            realServers[realServer].captured.inBytes &+= UInt64(packet.ipLength)
        } else {
            realServers[realServer].captured.outPackets &+= 1
            realServers[realServer].captured.outBytes &+= UInt64(packet.ipLength)
        }
    }

    @inline(__always)
    private func findOnVIPSide(_ lookup: Lookup) -> UInt32 {
        flows.find(lookup.hash) { record, _ in
            record.service == lookup.index && record.belongs(to: lookup.client)
        }
    }

    /// The connection to this real server; else one whose real server is not known yet and could be this one.
    @inline(__always)
    private func findOnDIPSide(_ packet: PacketSummary, _ lookup: Lookup) -> UInt32 {
        guard !hasSharedRealServers else { return findOnSharedRealServer(packet, lookup) }
        return flows.find(lookup.hash) { record, _ in
            record.belongs(to: lookup.client)
                && (record.endpoint == lookup.index
                    || record.endpoint == FlowRecord.unknown && couldServe(record, packet, lookup))
        }
    }

    /// The same where a client may use one port for two services that share a real server: a packet from the client
    /// belongs to the connection whose numbers it continues, one from the real server to the newest, as in the kernel.
    @inline(never)
    private func findOnSharedRealServer(_ packet: PacketSummary, _ lookup: Lookup) -> UInt32 {
        var best = FlowTable.none
        var distance = UInt32.max
        var id = Int64.min
        _ = flows.find(lookup.hash) { record, number in
            guard record.belongs(to: lookup.client),
                record.endpoint == lookup.index
                    || record.endpoint == FlowRecord.unknown && couldServe(record, packet, lookup)
            else { return false }
            let own = packet.sequence &- record.vip.extra
            if best == FlowTable.none || (lookup.isIn && packet.transport == 6 ? own < distance : record.id > id) {
                (best, distance, id) = (number, own, record.id)
            }
            return false
        }
        return best
    }

    /// Whether a connection whose real server is unknown may be the one this DIP-side packet belongs to.
    ///
    /// A packet that lags behind the connection which had the client's port before has a sequence number from before
    /// this one's first.
    @inline(never)
    private func couldServe(_ record: borrowing FlowRecord, _ packet: PacketSummary, _ lookup: Lookup) -> Bool {
        guard endpointList[Int(lookup.index)].services.contains(record.service) else { return false }
        guard record.transport == 6, record.vip.syn != 0 else { return true }
        if !lookup.isIn, !packet.flags.contains(.ack) { return false }
        let distance = (lookup.isIn ? packet.sequence : packet.acknowledgement) &- record.vip.extra
        return distance < 1 << 28
    }

    /// Everything a packet changes in its connection.
    @inline(__always)
    private static func update(
        _ record: inout FlowRecord, _ packet: PacketSummary, _ lookup: Lookup, _ kernelTable: KernelTCPTable
    ) {
        if packet.time > record.last { record.last = packet.time }
        record.marks.remove(.written)
        // The VIP side alone drives the kernel's state: a reply that the director does not forward never reaches IPVS.
        if !lookup.isDIPSide {
            record.kernelState = kernelTable.next(
                record.kernelState, flags: packet.flags.rawValue, fromRealServer: !lookup.isIn)
        }
        if !packet.flags.isDisjoint(with: [.fin, .rst]) {
            if packet.flags.contains(.rst) {
                // What comes after the end did not end it.
                if !record.isOver { record.marks.insert(lookup.isIn ? .resetByClient : .resetByRealServer) }
            } else {
                record.marks.insert(lookup.isIn ? .finIn : .finOut)
            }
        }
        let ticks = record.ticks(at: packet.time)
        let isOver = record.isOver
        if lookup.isDIPSide {
            update(&record.dip, packet, isIn: lookup.isIn, ticks, isOver: isOver)
        } else {
            update(&record.vip, packet, isIn: lookup.isIn, ticks, isOver: isOver)
        }
    }

    @inline(__always)
    private static func update(
        _ side: inout FlowSide, _ packet: PacketSummary, isIn: Bool, _ ticks: UInt32, isOver: Bool
    ) {
        let isTCP = packet.transport == 6
        if isIn {
            if isTCP, isRepeated(packet, after: &side.inNext, isFirst: side.inPackets == 0), side.inRepeated < .max {
                side.inRepeated += 1
            }
            side.inPackets &+= 1
            side.inBytes &+= UInt64(packet.ipLength)
            if side.syn == 0, !isTCP || packet.flags.contains(.syn) { side.syn = ticks }
            if side.ack == 0, side.synAck != 0, packet.flags.contains(.ack) { side.ack = ticks }
            if side.firstRequest == 0, packet.payloadLength > 0 { side.firstRequest = ticks }
        } else {
            if isTCP, isRepeated(packet, after: &side.outNext, isFirst: side.outPackets == 0), side.outRepeated < .max {
                side.outRepeated += 1
            }
            side.outPackets &+= 1
            side.outBytes &+= UInt64(packet.ipLength)
            if side.synAck == 0, !isTCP || packet.flags.contains(.syn) { side.synAck = ticks }
            if side.firstResponse == 0, packet.payloadLength > 0 { side.firstResponse = ticks }
        }
        if isOver, side.end == 0 { side.end = ticks }
    }

    /// Whether a segment carries sequence numbers, and none beyond `next`, which it moves on.
    @inline(__always)
    private static func isRepeated(_ packet: PacketSummary, after next: inout UInt32, isFirst: Bool) -> Bool {
        let end = packet.sequence &+ packet.payloadLength &+ (packet.flags.isDisjoint(with: [.syn, .fin]) ? 0 : 1)
        guard !isFirst, Int32(bitPattern: end &- next) <= 0 else {
            next = end
            return false
        }
        return end != packet.sequence
    }
}
