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
        guard topology.isPlain else {
            for index in packets.indices {
                lookups[index] = lookup(packets, index)
                flows.prefetchSlot(lookups[index].hash)
            }
            return
        }
        // The same where nothing depends on more than addresses and ports.
        let table = topology.table
        var latest = lastPacket
        for index in packets.indices {
            let match = table.match(packets, index)
            let leg = Leg(isDIPSide: match.isRealServer, isIn: match.isDestination)
            let tap = packets[index].tap
            let isRelevant = match.isKnown && (tap == .both || tap.rawValue == leg.rawValue >> 1)
            latest = isRelevant ? max(latest, packets[index].time) : latest
            let isOrdinary = packets[index].marks.isDisjoint(with: [.icmpError, .laterFragment])
            let hash = ClientKey(packets, index, isIn: leg.isIn).hash(seed)
            flows.prefetchSlot(hash)
            lookups[index] = Lookup(
                hash: hash, virtual: match.virtual, endpoint: match.endpoint, leg: leg,
                kind: !isRelevant ? .foreign : isOrdinary ? .ordinary : .unusual)
        }
        lastPacket = latest
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
            let number: UInt32
            switch lookups[index].kind {
            case .ordinary: number = place(packets, index, lookups[index])
            case .placed: number = lookups[index].candidate
            case .unusual:
                traceUnusual(packets, index, lookups[index])
                continue
            case .foreign:
                passOver(packets, index)
                continue
            }
            guard number != FlowTable.none else { continue }
            let leg = lookups[index].leg
            if !flows[number].marks.isDisjoint(with: [.adopted, .unbound]) {
                prepare(number, packets, index, lookups[index])
            }
            let change =
                packets[index].transport == 6
                ? Self.update(&flows[number], packets, index, leg, stateTable, isTCP: true)
                : Self.updateOther(&flows[number], packets, index, leg, stateTable)
            let server = flows[number].realServer
            if server != FlowRecord.unknown {
                traffic[Int(server)].count(leg, bytes: UInt64(packets[index].ipLength), activated: change.activated)
                if topology.asksForEntries, change.activated != 0 {
                    noteActivity(of: number, at: packets[index].time, activated: change.activated)
                }
            }
            if change.isEnded { noteEnd(number) }
            if !packets[index].flags.isDisjoint(with: [.syn, .rst]) { noteHandshake(number, packets[index], leg) }
        }
    }

    /// What a connection needs before its first packet, or its first one on the DIP side, is added.
    @inline(never)
    private mutating func prepare(
        _ number: UInt32, _ packets: Span<PacketSummary>, _ index: Int, _ lookup: Lookup
    ) {
        if flows[number].marks.contains(.adopted) { awaken(number, packets[index]) }
        if flows[number].endpoint == FlowRecord.unknown, lookup.isDIPSide { bind(number, to: lookup.endpoint) }
    }

    /// The connection of a packet, which begins with it if need be.
    @inline(__always)
    private mutating func place(_ packets: Span<PacketSummary>, _ index: Int, _ lookup: Lookup) -> UInt32 {
        var number = find(packets, index, lookup)
        if number != FlowTable.none, isGone(number, at: packets[index].time) {
            expire(number)
            number = FlowTable.none
        }
        let opens = packets[index].flags.intersection([.syn, .ack]) == .syn && lookup.isIn
        return number == FlowTable.none || opens ? begin(number, packets[index], lookup) : number
    }

    /// Traces a packet that does not wait its turn, or of which it is not known yet whether it is its connection's own.
    @inline(never)
    mutating func traceUnusual(_ packets: Span<PacketSummary>, _ index: Int, _ lookup: Lookup) {
        if !packets[index].marks.isDisjoint(with: [.icmpError, .laterFragment]) {
            traceAddition(packets[index], lookup)
        } else if topology.hasOnePacket, packets[index].transport != 6, isOnePacket(lookup) {
            traceOnePacket(packets, index, lookup)
        } else {
            traceAlone(packets, index, lookup, as: .ordinary)
        }
    }

    /// Adds a packet to a connection that was found in an unusual way.
    @inline(never)
    mutating func add(_ packets: Span<PacketSummary>, _ index: Int, _ lookup: Lookup, to number: UInt32) {
        var lookup = lookup
        lookup.candidate = number
        traceAlone(packets, index, lookup, as: .placed)
    }

    private mutating func traceAlone(
        _ packets: Span<PacketSummary>, _ index: Int, _ lookup: Lookup, as kind: Lookup.Kind
    ) {
        var lookup = lookup
        lookup.kind = kind
        var lookups = Lookups(repeating: lookup)
        trace(packets.extracting(index..<index + 1), &lookups, topology.generation)
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
        let leg = Leg(isDIPSide: match.isRealServer, isIn: match.isDestination)
        guard tap == .both || tap.rawValue == leg.rawValue >> 1 else { return Lookup() }
        return lookup(packets, index, match.virtual, match.endpoint, leg)
    }

    @inline(__always)
    private mutating func lookup(
        _ packets: Span<PacketSummary>, _ index: Int, _ virtual: UInt16, _ endpoint: UInt16, _ leg: Leg
    ) -> Lookup {
        lastPacket = max(lastPacket, packets[index].time)
        let isOrdinary =
            packets[index].marks.isDisjoint(with: [.icmpError, .laterFragment])
            && !(topology.hasOnePacket && packets[index].transport != 6)
        return Lookup(
            hash: ClientKey(packets, index, isIn: leg.isIn).hash(seed), virtual: virtual, endpoint: endpoint, leg: leg,
            kind: isOrdinary ? .ordinary : .unusual)
    }

    /// With direct routing a packet leaves as it came, to the MAC address of its real server.
    @inline(never)
    private mutating func linkEndpoint(of packet: PacketSummary, _ virtual: UInt16) -> UInt16? {
        let service = topology.virtuals[Int(virtual)].service
        return topology.endpoint(atLink: packet.linkDestination, of: service, packet.transport)
    }

    /// What a packet changed that others want to know.
    struct Change {
        var isEnded: Bool
        /// 1 if the kernel counts the entry as active from now on, -1 if as inactive, 0 if nothing changed.
        var activated: Int32
    }

    @inline(never)
    private static func updateOther(
        _ record: inout FlowRecord, _ packets: Span<PacketSummary>, _ index: Int, _ leg: Leg,
        _ stateTable: borrowing EntryStateTable
    ) -> Change {
        update(&record, packets, index, leg, stateTable, isTCP: false)
    }

    /// Nearly without branches: what a packet is to its connection changes from one to the next, so that a branch is
    /// guessed wrong more often than not, and costs more than what it saves.
    @inline(always)
    private static func update(
        _ record: inout FlowRecord, _ packets: Span<PacketSummary>, _ index: Int, _ leg: Leg,
        _ stateTable: borrowing EntryStateTable, isTCP: Bool
    ) -> Change {
        let (time, flags) = (packets[index].time, packets[index].flags)
        let (sequence, length) = (packets[index].sequence, packets[index].payloadLength)
        let ipLength = UInt64(packets[index].ipLength)
        let (own, direction, inward, outward) = (leg.number, leg.direction, leg.number & 2, leg.number | 1)
        let ticks = record.ticks(at: time)
        record.last = max(record.last, time)

        var marks = record.marks
        record.start[direction] = marks.hasBegun(direction) == 0 ? sequence : record.start[direction]
        let wasOver = marks.contains(.over)
        // The VIP side alone drives the kernel's state: a reply that the director does not forward never reaches IPVS.
        let step = stateTable.step(from: record.state, flags, leg, isInputOnly: marks.isInputOnly)
        record.state = step.state
        marks.subtract(step.forgotten)
        marks.formUnion(step.learned)
        if flags.contains(.rst) {
            noteReset(&marks, leg, wasOver: wasOver, isSentOn: record.lanes[2].packets > 0)
        }
        let isOver = bit(marks.isOver)
        record.marks = marks.union(.over(isOver))

        let isFirst = bit(record.lanes[own].packets == 0)
        let next = record.lanes[own].next
        // Without sequence numbers everything is new, and counts on from what came before.
        let begin = isTCP ? sequence : next
        let end = begin &+ length &+ (isTCP ? bit(!flags.isDisjoint(with: [.syn, .fin])) : 0)
        // Repeated is what carries sequence numbers, and none beyond the furthest.
        let isNew = isTCP ? isFirst | bit(Int32(bitPattern: end &- next) > 0) : 1
        let isRepeated = (isNew ^ 1) & bit(end != begin) & bit(record.lanes[own].repeated < .max)
        let isWrapped = isNew & bit(end < (isFirst != 0 ? begin : next))
        record.lanes[own].repeated &+= UInt16(truncatingIfNeeded: isRepeated)
        record.lanes[own].wraps &+= UInt16(truncatingIfNeeded: isWrapped)
        record.lanes[own].next = isNew != 0 ? end : next
        record.lanes[own].packets &+= 1
        record.lanes[own].bytes &+= ipLength

        let opens = bit(flags.contains(.syn)) | (isTCP ? 0 : bit(packets[index].transport == 17))
        record.lanes[own].opening = first(record.lanes[own].opening, ticks, if: opens)
        record.lanes[own].payload = first(record.lanes[own].payload, ticks, if: bit(length > 0))
        let isAcknowledged =
            bit(leg.isIn) & bit(flags.contains(.ack)) & bit(record.lanes[outward].opening != 0)
        record.lanes[inward].milestone = first(record.lanes[inward].milestone, ticks, if: isAcknowledged)
        record.lanes[outward].milestone = first(record.lanes[outward].milestone, ticks, if: isOver)
        return Change(isEnded: isOver != 0 && !wasOver, activated: Int32(step.activated))
    }

    /// 1 if something holds, else 0: what the processor can reckon with instead of guessing.
    @inline(__always)
    private static func bit(_ holds: Bool) -> UInt32 { holds ? 1 : 0 }

    /// `ticks` if it is the first time that something holds.
    @inline(__always)
    private static func first(_ known: UInt32, _ ticks: UInt32, if holds: UInt32) -> UInt32 {
        bit(known == 0) & holds != 0 ? ticks : known
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
