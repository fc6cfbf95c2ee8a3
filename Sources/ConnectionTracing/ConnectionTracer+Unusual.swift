import IPVSModel
import PacketDecoding

/// Packets that are not one connection's own: ICMP errors, later fragments, datagrams scheduled one by one, and those
/// of a firewall mark, whose address tells nothing.
extension ConnectionTracer {
    /// A packet that adds to a connection and never makes one.
    @inline(never)
    mutating func traceAddition(_ packet: PacketSummary, _ lookup: Lookup) {
        let number = search(packet, lookup)
        guard number != FlowTable.none else {
            if let virtual = virtual(of: lookup) {
                serviceCounts[Int(topology.virtuals[Int(virtual)].service)].unmatchedPackets += 1
            }
            return
        }
        if packet.marks.contains(.icmpError) {
            noteError(packet, lookup, on: number)
        } else {
            noteFragment(packet, lookup, on: number)
        }
    }

    /// The kernel puts a packet together before it counts it: what follows the first fragment are bytes alone.
    private mutating func noteFragment(_ packet: PacketSummary, _ lookup: Lookup, on number: UInt32) {
        let bytes = UInt64(packet.ipLength)
        flows[number].last = max(flows[number].last, packet.time)
        flows[number].marks.remove(.written)
        flows[number].lanes[lookup.leg.number].bytes += bytes
        if packet.transport == 17 {
            flows[number].lanes[lookup.leg.number].next &+= packet.payloadLength
        }
        let server = flows[number].realServer
        if server != FlowRecord.unknown { traffic[Int(server)].count(lookup.leg, 0, bytes: bytes) }
    }

    /// An ICMP error: the kernel counts it with its connection, but for most of the director's own. Neither state nor
    /// timer change.
    private mutating func noteError(_ packet: PacketSummary, _ lookup: Lookup, on number: UInt32) {
        let error = ICMPError(packet)
        let server = flows[number].realServer
        // The director says so of a packet that it had translated already, and counts its own error on its way back.
        let isCounted =
            error == .hostUnreachable && !lookup.isDIPSide && !lookup.isIn
            && !flows[number].marks.contains(.serverError)
        if server != FlowRecord.unknown {
            let server = Int(server)
            let bytes = UInt64(packet.ipLength)
            traffic[server].count(lookup.leg, bytes: bytes)
            if isCounted { traffic[server].count(.dipOut, bytes: bytes) }
        } else if isCounted {
            ownErrors[number, default: (0, 0)].packets += 1
            ownErrors[number, default: (0, 0)].bytes += UInt64(packet.ipLength)
        }
        guard !lookup.isIn else { return }
        if lookup.isDIPSide {
            flows[number].marks.insert(.serverError)
        } else if !flows[number].marks.contains(.serverError) {
            noteDirectorError(error, packet, on: number)
        }
    }

    /// Why the director did not send a packet on, in its own words.
    private mutating func noteDirectorError(_ error: ICMPError, _ packet: PacketSummary, on number: UInt32) {
        let mark: FlowRecord.Marks
        let kind: TraceEvent.Kind
        let detail: String
        switch error {
        case .hostUnreachable:
            (mark, kind, detail) = (.unreachable, .notTransmitted, "the real server does not answer ARP or is down")
        case .hopsExceeded: (mark, kind, detail) = (.hopsExceeded, .notTransmitted, "its time to live ran out")
        case .tooBig: (mark, kind, detail) = (.tooBig, .notTransmitted, "a packet is too big for the DIP side's link")
        case .portUnreachable where flows[number].isUnforwarded:
            (mark, kind, detail) = (.rejected, .noRealServer, "no real server was available")
        case .portUnreachable, .other: return
        }
        guard !flows[number].marks.contains(mark) else { return }
        flows[number].marks.insert(mark)
        flows[number].marks.remove(.written)
        report(kind, of: flows[number], at: packet.time, detail)
    }

    // MARK: Datagrams

    /// Whether a packet is of a service that schedules every datagram for itself.
    mutating func isOnePacket(_ lookup: Lookup) -> Bool {
        guard let virtual = virtual(of: lookup) else { return false }
        return topology.services[Int(topology.virtuals[Int(virtual)].service)].isOnePacket
    }

    /// One-packet scheduling: a datagram is a connection, which is over once it was sent on. Replies are no business of
    /// IPVS's then.
    @inline(never)
    mutating func traceOnePacket(_ packets: Span<PacketSummary>, _ index: Int, _ lookup: Lookup) {
        guard lookup.isIn, let virtual = virtual(of: lookup) else { return }
        let packet = packets[index]
        guard lookup.isDIPSide else {
            let number = create(packet, lookup, virtual: virtual, marks: [])
            if number != FlowTable.none { add(packets, index, lookup, to: number) }
            return
        }
        let number = oldestUnforwarded(packet, lookup)
        guard number != FlowTable.none else {
            serviceCounts[Int(topology.virtuals[Int(virtual)].service)].unmatchedPackets += 1
            return
        }
        add(packets, index, lookup, to: number)
        retire(number, outcomeIfOpen: .expired)
    }

    /// The datagram of a client that waits longest to be sent on: of IPv4 the one with the same identification.
    private mutating func oldestUnforwarded(_ packet: PacketSummary, _ lookup: Lookup) -> UInt32 {
        var best = FlowTable.none
        var first = Int64.max
        let client = ClientKey(packet, isIn: lookup.isIn)
        var position: UInt32?
        while let number = flows.next(client, lookup.hash, after: &position) {
            let record = flows[number]
            if record.endpoint == FlowRecord.unknown, record.start[0] == packet.sequence, record.first < first {
                (best, first) = (number, record.first)
            }
        }
        return best
    }

    // MARK: Firewall marks

    /// A packet of no known address or of no interest.
    @inline(never)
    mutating func passOver(_ packets: Span<PacketSummary>, _ index: Int) {
        if topology.hasFTP, packets[index].transport == 6, traceData(packets, index) { return }
        if topology.hasMarks, packets[index].tap != .dip {
            strangers.keep(packets[index])
        }
        foreignPackets += 1
    }

    /// Finds the packet on the VIP side that a packet towards a firewall mark's real server was, and learns that the
    /// address it was sent to is that mark's.
    ///
    /// - Returns: Whether there was one, so that its connection is in the table now.
    mutating func adoptStranger(_ packet: PacketSummary, _ lookup: Lookup) -> Bool {
        guard let stranger = strangers.origin(of: packet),
            let service = topology.endpoints[Int(lookup.endpoint)].services.first(where: {
                topology.services[Int($0)].isMark
            })
        else { return false }
        _ = topology.learn(stranger.destination, stranger.transport, of: service)
        let earlier = strangers.take(of: stranger.destination, stranger.transport)
        for index in earlier.indices {
            foreignPackets -= 1
            let lookup = self.lookup(earlier.span, index)
            if lookup.isRelevant { traceUnusual(earlier.span, index, lookup) }
        }
        return true
    }
}

/// The latest packets on the VIP side of which no address is known.
struct Strangers {
    private var packets: [PacketSummary] = []
    private var next = 0
    private static let most = 256

    mutating func keep(_ packet: PacketSummary) {
        if packets.count < Self.most {
            packets.append(packet)
        } else {
            packets[next] = packet
            next = (next + 1) % Self.most
        }
    }

    /// The packet that left as `packet`: translation keeps the client and the sequence number.
    func origin(of packet: PacketSummary) -> PacketSummary? {
        packets.last {
            $0.sourceLow == packet.sourceLow && $0.sourceHigh == packet.sourceHigh
                && $0.sourcePort == packet.sourcePort && $0.transport == packet.transport
                && $0.sequence == packet.sequence
        }
    }

    /// Takes out all packets to and from an address, oldest first.
    mutating func take(of endpoint: Endpoint, _ transport: UInt8) -> [PacketSummary] {
        let isTaken = { (packet: PacketSummary) in
            packet.transport == transport && (packet.destination == endpoint || packet.source == endpoint)
        }
        let inOrder = packets[next...] + packets[..<next]
        packets = inOrder.filter { !isTaken($0) }
        next = 0
        return inOrder.filter(isTaken)
    }
}

/// What an ICMP error says, of either family.
enum ICMPError {
    case hostUnreachable, portUnreachable, hopsExceeded, tooBig, other

    init(_ packet: PacketSummary) {
        let isIPv4 = packet.sourceHigh == 0 && packet.sourceLow >> 32 == 0xffff
        self =
            switch (packet.sequence >> 8, packet.sequence & 0xff) {
            case (3, 1) where isIPv4, (1, 3) where !isIPv4: .hostUnreachable
            case (3, 3) where isIPv4, (1, 4) where !isIPv4: .portUnreachable
            case (11, 0) where isIPv4, (3, 0) where !isIPv4: .hopsExceeded
            case (3, 4) where isIPv4, (2, _) where !isIPv4: .tooBig
            default: .other
            }
    }
}
