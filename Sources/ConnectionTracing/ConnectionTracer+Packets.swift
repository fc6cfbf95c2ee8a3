import IPVSModel
package import PacketDecoding

/// What every packet does.
///
/// A packet is named by its place among the others and stays where it is: what is handed on by value is copied, all of
/// it, before anybody knows how much of it will be looked at.
extension ConnectionTracer {
    /// How many packets are looked up together, so that memory is fetched while others are worked on.
    private static let batch = 32

    /// Traces packets, oldest first. Nothing is allocated but for connections that begin or end.
    package mutating func process(_ packets: Span<PacketSummary>) {
        var lookups = Lookups(repeating: Lookup())
        var start = 0
        while start < packets.count {
            let batch = packets.extracting(start..<min(start + Self.batch, packets.count))
            let generation = topology.generation
            lookUp(batch, &lookups)
            findCandidates(batch.count, &lookups)
            trace(batch, &lookups, generation)
            start += Self.batch
        }
    }

    typealias Lookups = InlineArray<32, Lookup>

    // Each a function of its own, so that what it needs fits into the processor's registers.

    @inline(never)
    private mutating func lookUp(_ packets: Span<PacketSummary>, _ lookups: inout Lookups) {
        for index in packets.indices {
            lookups[index] = lookup(packets, index)
            flows.prefetchSlot(lookups[index].hash)
        }
    }

    @inline(never)
    private mutating func findCandidates(_ count: Int, _ lookups: inout Lookups) {
        for index in 0..<count where lookups[index].isRelevant {
            lookups[index].candidate = flows.candidate(lookups[index].hash, side: lookups[index].leg.side)
        }
    }

    @inline(never)
    private mutating func trace(_ packets: Span<PacketSummary>, _ lookups: inout Lookups, _ generation: Int) {
        for index in packets.indices {
            // An address was learned since.
            if topology.generation != generation { lookups[index] = lookup(packets, index) }
            if lookups[index].isRelevant {
                trace(packets, index, lookups[index])
            } else {
                passOver(packets, index)
            }
        }
    }

    /// Tells side and direction by which address is whose, and hashes the client's.
    @inline(__always)
    mutating func lookup(_ packets: Span<PacketSummary>, _ index: Int) -> Lookup {
        let match = topology.table.match(packets, index)
        guard match.isKnown else { return Lookup() }
        let tap = packets[index].tap
        if topology.hasDirectRouting, match.isDestination, !match.isRealServer, tap != .vip,
            let endpoint = linkEndpoint(of: packets[index], match.virtual)
        {
            return lookup(packets, index, match.virtual, endpoint, .dipIn)
        }
        guard tap == .both || (tap == .dip) == match.isRealServer else { return Lookup() }
        let leg = Leg(isDIPSide: match.isRealServer, isIn: match.isDestination)
        return lookup(packets, index, match.virtual, match.endpoint, leg)
    }

    @inline(__always)
    private mutating func lookup(
        _ packets: Span<PacketSummary>, _ index: Int, _ virtual: UInt16, _ endpoint: UInt16, _ leg: Leg
    ) -> Lookup {
        lastPacket = max(lastPacket, packets[index].time)
        return Lookup(
            hash: ClientKey(packets, index, isIn: leg.isIn).hash(seed), virtual: virtual, endpoint: endpoint, leg: leg,
            isRelevant: true)
    }

    /// With direct routing a packet leaves as it came, to the MAC address of its real server.
    @inline(never)
    private mutating func linkEndpoint(of packet: PacketSummary, _ virtual: UInt16) -> UInt16? {
        let service = topology.virtuals[Int(virtual)].service
        return topology.endpoint(atLink: packet.linkDestination, of: service, packet.transport)
    }

    @inline(__always)
    mutating func trace(_ packets: Span<PacketSummary>, _ index: Int, _ lookup: Lookup) {
        if !packets[index].marks.isDisjoint(with: [.icmpError, .laterFragment]) {
            return traceAddition(packets[index], lookup)
        }
        if topology.hasOnePacket, packets[index].transport != 6, isOnePacket(lookup) {
            return traceOnePacket(packets, index, lookup)
        }
        var number = find(packets, index, lookup)
        if number != FlowTable.none, isGone(flows[number], at: packets[index].time) {
            expire(number)
            number = FlowTable.none
        }
        let opens = lookup.isIn && packets[index].flags.intersection([.syn, .ack]) == .syn
        if number == FlowTable.none || opens {
            number = begin(number, packets[index], lookup)
            guard number != FlowTable.none else { return }
        }
        apply(packets, index, lookup.leg, lookup.endpoint, to: number)
    }

    /// Everything a packet changes in its connection and in what is counted.
    @inline(__always)
    private mutating func apply(
        _ packets: Span<PacketSummary>, _ index: Int, _ leg: Leg, _ endpoint: UInt16, to number: UInt32
    ) {
        if flows[number].marks.contains(.adopted) { awaken(number, packets[index]) }
        if flows[number].endpoint == FlowRecord.unknown, leg.isDIPSide { bind(number, to: endpoint) }
        let change = Self.update(&flows[number], packets, index, leg, stateTable)
        let server = flows[number].realServer
        if server != FlowRecord.unknown {
            traffic[Int(server)].count(leg, bytes: UInt64(packets[index].ipLength))
            if change.isActivated || change.isDeactivated {
                traffic[Int(server)].active &+= change.isActivated ? 1 : -1
                traffic[Int(server)].inactive &+= change.isActivated ? -1 : 1
            }
        }
        if change.isEnded { noteEnd(number) }
        if !packets[index].flags.isDisjoint(with: [.syn, .rst]) { noteHandshake(number, packets[index], leg) }
    }

    /// The same for a packet that is rare.
    @inline(never)
    mutating func applyRare(_ packets: Span<PacketSummary>, _ index: Int, _ lookup: Lookup, to number: UInt32) {
        apply(packets, index, lookup.leg, lookup.endpoint, to: number)
    }

    /// What a packet changed that others want to know.
    struct Change {
        var isEnded = false
        var isActivated = false
        var isDeactivated = false
    }

    @inline(__always)
    private static func update(
        _ record: inout FlowRecord, _ packets: Span<PacketSummary>, _ index: Int, _ leg: Leg,
        _ stateTable: borrowing EntryStateTable
    ) -> Change {
        let (time, flags) = (packets[index].time, packets[index].flags)
        let (side, direction) = (leg.side, leg.direction)
        var change = Change()
        record.last = max(record.last, time)
        var marks = record.marks
        let wasOver = marks.isOver
        marks.remove(leg == .vipOut ? [.written, .inputOnly] : .written)
        if !leg.isDIPSide { record.grace = 0 }

        // The VIP side alone drives the kernel's state: a reply that the director does not forward never reaches IPVS.
        let old = record.state
        let new = stateTable.next(old, flags: flags, leg, isInputOnly: marks.contains(.inputOnly))
        if new != old {
            record.state = new
            change.isActivated = !old.isActive && new.isActive
            change.isDeactivated = old.isActive && !new.isActive
            if new == .established || new == .sctpEstablished { marks.insert(.established) }
        }
        if !flags.isDisjoint(with: [.fin, .rst]) {
            if flags.contains(.rst) {
                noteReset(&marks, leg, wasOver: wasOver, isSentOn: record.sides[1].packets[0] > 0)
            } else {
                marks.insert(.fin(direction))
            }
        }
        let isOver = marks.isOver
        change.isEnded = isOver && !wasOver

        let ticks = record.ticks(at: time)
        let isFirst = record.sides[side].packets[direction] == 0
        if isFirst, record.sides[1 - side].packets[direction] == 0 {
            record.sides[direction].start = packets[index].sequence
        }
        let isTCP = packets[index].transport == 6
        let length = packets[index].payloadLength
        let next = record.sides[side].next[direction]
        let end: UInt32
        let isNew: Bool
        if isTCP {
            let sequence = packets[index].sequence
            end = sequence &+ length &+ (flags.isDisjoint(with: [.syn, .fin]) ? 0 : 1)
            // Repeated is what carries sequence numbers, and none beyond the furthest.
            isNew = isFirst || Int32(bitPattern: end &- next) > 0
            if !isNew, end != sequence, record.sides[side].repeated[direction] < .max {
                record.sides[side].repeated[direction] += 1
            }
            if isNew, end < (isFirst ? sequence : next), !leg.isDIPSide { record.wraps[direction] &+= 1 }
        } else {
            end = next &+ length
            isNew = true
            if end < next, !leg.isDIPSide { record.wraps[direction] &+= 1 }
            if packets[index].transport == 17, leg == .vipOut { marks.insert(.established) }
        }
        record.marks = marks
        record.sides[side].next[direction] = isNew ? end : next
        record.sides[side].packets[direction] &+= 1
        record.sides[side].bytes[direction] &+= UInt64(packets[index].ipLength)
        if record.sides[side].opening[direction] == 0, flags.contains(.syn) || packets[index].transport == 17 {
            record.sides[side].opening[direction] = ticks
        }
        if record.sides[side].payload[direction] == 0, length > 0 { record.sides[side].payload[direction] = ticks }
        if record.sides[side].ack == 0, leg.isIn, flags.contains(.ack), record.sides[side].opening[1] != 0 {
            record.sides[side].ack = ticks
        }
        if isOver, record.sides[side].end == 0 { record.sides[side].end = ticks }
        return change
    }

    /// Whose an RST is. What comes after the end did not end it.
    ///
    /// - Parameter isSentOn: Whether anything of the client's was seen on its way to the real server.
    @inline(never)
    private static func noteReset(
        _ marks: inout FlowRecord.Marks, _ leg: Leg, wasOver: Bool, isSentOn: Bool
    ) {
        if leg.isIn {
            if !wasOver { marks.insert(.resetByClient) }
        } else if leg.isDIPSide {
            // Of the same time as the one on the VIP side, which came first: it was the real server's all the same.
            if !wasOver || marks.contains(.resetByDirector) { marks.insert(.resetByRealServer) }
            marks.remove(.resetByDirector)
        } else if !wasOver {
            // Where packets do reach the real server, its RST would have been seen on its way.
            marks.insert(isSentOn && !marks.contains(.inputOnly) ? .resetByDirector : .resetByRealServer)
        }
    }
}
