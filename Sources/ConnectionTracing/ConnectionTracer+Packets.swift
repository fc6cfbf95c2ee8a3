import IPVSModel
package import PacketDecoding

/// What every packet does.
extension ConnectionTracer {
    /// How many packets are looked up together, so that memory is fetched while others are worked on.
    private static let batch = 32

    /// What a packet is about, found before its connection is.
    struct Lookup: BitwiseCopyable {
        /// Of the client's address, port and protocol.
        var hash: UInt32 = 0
        /// The record it probably belongs to; ``FlowTable/none`` if there is none of its hash.
        var candidate = FlowTable.none
        /// The address and port that clients turn to, an index into the topology's list; `unknown` where only the real
        /// server's is in the packet.
        var virtual = FlowRecord.unknown
        /// On the DIP side the real server endpoint's index.
        var endpoint = FlowRecord.unknown
        private var marks: UInt32 = 0

        var isRelevant: Bool {
            get { marks & 1 != 0 }
            set { marks = newValue ? marks | 1 : marks & ~1 }
        }

        var isDIPSide: Bool {
            get { marks & 2 != 0 }
            set { marks = newValue ? marks | 2 : marks & ~2 }
        }

        /// Towards the real server.
        var isIn: Bool {
            get { marks & 4 != 0 }
            set { marks = newValue ? marks | 4 : marks & ~4 }
        }
    }

    /// Traces packets, oldest first. Nothing is allocated but for connections that begin or end.
    package mutating func process(_ packets: Span<PacketSummary>) {
        var lookups = InlineArray<32, Lookup>(repeating: Lookup())
        var start = 0
        while start < packets.count {
            let generation = topology.generation
            let count = min(Self.batch, packets.count - start)
            for offset in 0..<count {
                lookups[offset] = lookup(packets[start + offset])
                flows.prefetchSlot(lookups[offset].hash)
            }
            for offset in 0..<count where lookups[offset].isRelevant {
                lookups[offset].candidate = flows.candidate(
                    lookups[offset].hash, dipSide: lookups[offset].isDIPSide)
            }
            for offset in 0..<count {
                // An address was learned since.
                if topology.generation != generation { lookups[offset] = lookup(packets[start + offset]) }
                if lookups[offset].isRelevant {
                    trace(packets[start + offset], lookups[offset])
                } else {
                    passOver(packets[start + offset])
                }
            }
            start += count
        }
    }

    /// Tells side and direction by which address is whose, and hashes the client's.
    @inline(__always)
    mutating func lookup(_ packet: PacketSummary) -> Lookup {
        var result = Lookup()
        var match = topology.table.match(
            packet.destinationHigh, packet.destinationLow, port: packet.destinationPort, transport: packet.transport)
        result.isIn = match.role != .none
        if !result.isIn {
            match = topology.table.match(
                packet.sourceHigh, packet.sourceLow, port: packet.sourcePort, transport: packet.transport)
        }
        guard match.role != .none else { return result }
        if match.role == .realServer {
            result.isDIPSide = true
            result.endpoint = match.index
        } else {
            result.virtual = match.index
            if topology.hasDirectRouting, result.isIn, packet.tap != .vip { lookUpLink(packet, &result) }
        }
        guard packet.tap == .both || (packet.tap == .dip) == result.isDIPSide else { return result }
        result.isRelevant = true
        if packet.time > lastPacket { lastPacket = packet.time }
        result.hash = ClientKey(packet, isIn: result.isIn).hash(seed)
        return result
    }

    /// With direct routing a packet leaves as it came, to the MAC address of its real server.
    @inline(never)
    private mutating func lookUpLink(_ packet: PacketSummary, _ result: inout Lookup) {
        let service = topology.virtuals[Int(result.virtual)].service
        guard let endpoint = topology.endpoint(atLink: packet.linkDestination, of: service, packet.transport) else {
            return
        }
        result.isDIPSide = true
        result.endpoint = endpoint
    }

    @inline(__always)
    mutating func trace(_ packet: PacketSummary, _ lookup: Lookup) {
        if !packet.marks.isDisjoint(with: [.icmpError, .laterFragment]) { return traceAddition(packet, lookup) }
        if topology.hasOnePacket, packet.transport != 6, isOnePacket(lookup) { return traceOnePacket(packet, lookup) }
        var number = find(packet, lookup)
        if number != FlowTable.none, isGone(flows[number], at: packet.time) {
            expire(number)
            number = FlowTable.none
        }
        let opens = lookup.isIn && packet.flags.intersection([.syn, .ack]) == .syn
        if number == FlowTable.none || opens {
            number = begin(number, packet, lookup)
            guard number != FlowTable.none else { return }
        }
        apply(packet, lookup, to: number)
    }

    /// Everything a packet changes in its connection and in what is counted.
    @inline(__always)
    mutating func apply(_ packet: PacketSummary, _ lookup: Lookup, to number: UInt32) {
        if flows[number].marks.contains(.adopted) { awaken(number, packet) }
        if lookup.isDIPSide, flows[number].endpoint == FlowRecord.unknown { bind(number, to: lookup.endpoint) }
        let change = Self.update(&flows[number], packet, lookup, stateTable)
        let server = flows[number].realServer
        if server != FlowRecord.unknown {
            let server = Int(server)
            // The kernel counts incoming packets as they enter on the VIP side, outgoing ones as they enter on the DIP
            // side.
            if lookup.isDIPSide != lookup.isIn {
                if lookup.isIn {
                    traffic[server].inPackets &+= 1
                    traffic[server].inBytes &+= UInt64(packet.ipLength)
                } else {
                    traffic[server].outPackets &+= 1
                    traffic[server].outBytes &+= UInt64(packet.ipLength)
                }
            } else if !lookup.isDIPSide {
                traffic[server].translatedPackets &+= 1
                traffic[server].translatedBytes &+= UInt64(packet.ipLength)
            }
            if change.isActivated || change.isDeactivated {
                traffic[server].active &+= change.isActivated ? 1 : -1
                traffic[server].inactive &+= change.isActivated ? -1 : 1
            }
        }
        if change.isEnded { noteEnd(number) }
        if packet.flags.contains(.syn) || packet.flags.contains(.rst) { noteHandshake(number, packet, lookup) }
    }

    /// What a packet changed that others want to know.
    struct Change {
        var isEnded = false
        var isActivated = false
        var isDeactivated = false
    }

    @inline(__always)
    private static func update(
        _ record: inout FlowRecord, _ packet: PacketSummary, _ lookup: Lookup, _ stateTable: borrowing EntryStateTable
    ) -> Change {
        var change = Change()
        if packet.time > record.last { record.last = packet.time }
        record.marks.remove(.written)
        let wasOver = record.isOver
        // The VIP side alone drives the kernel's state: a reply that the director does not forward never reaches IPVS.
        if !lookup.isDIPSide {
            record.grace = 0
            if !lookup.isIn { record.marks.remove(.inputOnly) }
            let direction: EntryStateTable.Direction =
                lookup.isIn ? record.marks.contains(.inputOnly) ? .inputOnly : .input : .output
            let old = record.state
            let new = stateTable.next(old, flags: packet.flags, direction)
            if new != old {
                record.state = new
                change.isActivated = !old.isActive && new.isActive
                change.isDeactivated = old.isActive && !new.isActive
                if new == .established || new == .sctpEstablished { record.marks.insert(.established) }
            }
        }
        if !packet.flags.isDisjoint(with: [.fin, .rst]) {
            if packet.flags.contains(.rst) {
                noteReset(&record, lookup, wasOver: wasOver)
            } else {
                record.marks.insert(lookup.isIn ? .finIn : .finOut)
            }
        }
        let ticks = record.ticks(at: packet.time)
        let isOver = record.isOver
        change.isEnded = isOver && !wasOver
        if lookup.isIn {
            if record.vip.inPackets == 0, record.dip.inPackets == 0 { record.vip.start = packet.sequence }
        } else {
            if record.vip.outPackets == 0, record.dip.outPackets == 0 { record.dip.start = packet.sequence }
        }
        if lookup.isDIPSide {
            _ = update(&record.dip, packet, isIn: lookup.isIn, ticks, isOver: isOver)
        } else {
            if packet.transport == 17, !lookup.isIn { record.marks.insert(.established) }
            if update(&record.vip, packet, isIn: lookup.isIn, ticks, isOver: isOver) == .wrapped {
                if lookup.isIn { record.inWraps &+= 1 } else { record.outWraps &+= 1 }
            }
        }
        return change
    }

    /// Whose RST it is. What comes after the end did not end it.
    @inline(never)
    private static func noteReset(_ record: inout FlowRecord, _ lookup: Lookup, wasOver: Bool) {
        if lookup.isIn {
            if !wasOver { record.marks.insert(.resetByClient) }
        } else if lookup.isDIPSide {
            // Of the same time as the one on the VIP side, which came first: it was the real server's all the same.
            if !wasOver || record.marks.contains(.resetByDirector) { record.marks.insert(.resetByRealServer) }
            record.marks.remove(.resetByDirector)
        } else if !wasOver {
            // Where packets do reach the real server, its RST would have been seen on its way.
            let isSeen = record.dip.inPackets > 0 && !record.marks.contains(.inputOnly)
            record.marks.insert(isSeen ? .resetByDirector : .resetByRealServer)
        }
    }

    /// What a packet's place in its direction's stream is.
    private enum Progress {
        case new, repeated, wrapped
    }

    @inline(__always)
    private static func update(
        _ side: inout FlowSide, _ packet: PacketSummary, isIn: Bool, _ ticks: UInt32, isOver: Bool
    ) -> Progress {
        let progress: Progress
        let isUDP = packet.transport == 17
        if isIn {
            progress = Self.progress(of: packet, after: &side.inNext, isFirst: side.inPackets == 0)
            if progress == .repeated, side.inRepeated < .max { side.inRepeated += 1 }
            side.inPackets &+= 1
            side.inBytes &+= UInt64(packet.ipLength)
            if side.syn == 0, isUDP || packet.flags.contains(.syn) { side.syn = ticks }
            if side.ack == 0, side.synAck != 0, packet.flags.contains(.ack) { side.ack = ticks }
            if side.firstRequest == 0, packet.payloadLength > 0 { side.firstRequest = ticks }
        } else {
            progress = Self.progress(of: packet, after: &side.outNext, isFirst: side.outPackets == 0)
            if progress == .repeated, side.outRepeated < .max { side.outRepeated += 1 }
            side.outPackets &+= 1
            side.outBytes &+= UInt64(packet.ipLength)
            if side.synAck == 0, isUDP || packet.flags.contains(.syn) { side.synAck = ticks }
            if side.firstResponse == 0, packet.payloadLength > 0 { side.firstResponse = ticks }
        }
        if isOver, side.end == 0 { side.end = ticks }
        return progress
    }

    /// Moves `next` on to the end of a segment. Repeated is one that carries sequence numbers, and none beyond `next`.
    @inline(__always)
    private static func progress(of packet: PacketSummary, after next: inout UInt32, isFirst: Bool) -> Progress {
        let before = next
        guard packet.transport == 6 else {
            next = before &+ packet.payloadLength
            return next < before ? .wrapped : .new
        }
        let end = packet.sequence &+ packet.payloadLength &+ (packet.flags.isDisjoint(with: [.syn, .fin]) ? 0 : 1)
        guard !isFirst else {
            next = end
            return end < packet.sequence ? .wrapped : .new
        }
        guard Int32(bitPattern: end &- before) > 0 else { return end == packet.sequence ? .new : .repeated }
        next = end
        return end < before ? .wrapped : .new
    }
}
