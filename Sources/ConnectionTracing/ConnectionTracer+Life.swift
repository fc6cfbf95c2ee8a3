import IPVSModel
import PacketDecoding

/// How connections begin, find their real server, end, and leave the table: everything a packet rarely does.
extension ConnectionTracer {
    /// Called for a packet without a connection, and for every SYN towards the real server.
    ///
    /// - Returns: The connection the packet belongs to, or `none` if it belongs to no connection.
    @inline(never)
    mutating func begin(_ number: UInt32, _ packet: PacketSummary, _ lookup: Lookup) -> UInt32 {
        let isSYN = packet.transport == 6 && packet.flags.contains(.syn) && !packet.flags.contains(.rst)
        guard number == FlowTable.none else {
            guard isSYN else { return number }
            if isNewHandshake(packet, lookup, on: flows[number]) { return supersede(number, packet, lookup) }
            noteHandshake(number, packet, lookup)
            return number
        }
        guard let service = service(of: packet, lookup) else {
            // It is of one of several services, and counted once.
            services[Int(endpointList[Int(lookup.index)].services[0])].unmatchedPackets += 1
            return FlowTable.none
        }
        if !lookup.isIn || packet.transport == 6 && !isSYN {
            // An RST for a connection nobody knows, or a straggler of one whose port was taken over.
            let isTaken = lookup.isDIPSide && isClientKnown(lookup)
            if packet.flags.contains(.rst) || isTaken {
                services[Int(service)].unmatchedPackets += 1
                if lookup.isDIPSide, !lookup.isIn { noteStraggler(packet, of: service, endpoint: lookup.index) }
                return FlowTable.none
            }
            count(.beganBefore, service: service)
            return create(packet, lookup, service: service, marks: .beganBefore)
        }
        return create(packet, lookup, service: service, marks: [])
    }

    /// A reply for a connection that is not in our table. The kernel may still have had its entry, and counted it: one
    /// whose client port is taken over lives on for a tick.
    private mutating func noteStraggler(_ packet: PacketSummary, of service: UInt16, endpoint: UInt16) {
        let server = services[Int(service)].realServers.first { realServers[Int($0)].endpointIndex == endpoint }
        guard let server else { return }
        realServers[Int(server)].straggling.outPackets += 1
        realServers[Int(server)].straggling.outBytes += UInt64(packet.ipLength)
    }

    /// The virtual service of a packet: on the DIP side the only one its real server serves.
    private func service(of packet: PacketSummary, _ lookup: Lookup) -> UInt16? {
        guard lookup.isDIPSide else { return lookup.index }
        let candidates = endpointList[Int(lookup.index)].services
        return candidates.count == 1 ? candidates[0] : nil
    }

    private func isClientKnown(_ lookup: Lookup) -> Bool {
        flows.find(lookup.hash) { record, _ in record.belongs(to: lookup.client) } != FlowTable.none
    }

    /// Whether a SYN begins a connection of its own: it has a number of its own, or the kernel schedules it anew
    /// whatever its number, as it does when a refused client tries again.
    private func isNewHandshake(_ packet: PacketSummary, _ lookup: Lookup, on known: FlowRecord) -> Bool {
        if known.vip.extra != packet.sequence || known.vip.syn == 0 && known.dip.syn == 0 { return true }
        guard !lookup.isDIPSide, known.vip.syn != 0 else { return false }
        return isGone(known, at: packet.time) || isSpent(known)
    }

    /// Whether the kernel's timer must have run out.
    private func isGone(_ record: FlowRecord, at time: Int64) -> Bool {
        let timeout = record.kernelState.timeout(timeouts) * 1_000_000_000
        return time - record.last > timeout + timeout / 16
    }

    /// Whether the kernel schedules a SYN on this entry anew.
    private func isSpent(_ record: FlowRecord) -> Bool {
        record.kernelState.isReschedulable && reschedulesSpentEntries && !services[Int(record.service)].isPersistent
    }

    /// A SYN that belongs to the connection it found: the first on this side, or a repetition.
    private mutating func noteHandshake(_ number: UInt32, _ packet: PacketSummary, _ lookup: Lookup) {
        guard !lookup.isDIPSide, flows[number].vip.syn != 0 else { return }
        let record = flows[number]
        count(.retransmission, service: record.service)
        if record.realServer != FlowRecord.unknown { realServers[Int(record.realServer)].synRetransmissions += 1 }
        guard !record.marks.contains(.synRepeated) else { return }
        flows[number].marks.insert(.synRepeated)
        report(
            TraceEvent(
                time: Timestamp(rawValue: packet.time), kind: .synRetransmitted,
                virtualService: services[Int(record.service)].identity, realServer: endpoint(of: record),
                connection: record.id, detail: "client \(packet.source)"))
    }

    /// A new handshake on a client port that the table knows: a new connection takes its place.
    private mutating func supersede(_ number: UInt32, _ packet: PacketSummary, _ lookup: Lookup) -> UInt32 {
        let old = flows[number]
        let isGone = isGone(old, at: packet.time)
        let isRescheduled = isGone || isSpent(old)
        if isGone, old.origin.isAssignment { count(.entryExpired, service: old.service) }
        retire(number, outcomeIfOpen: isGone ? .expired : .open)
        let marks: FlowRecord.Marks = isGone ? [] : isRescheduled ? .reusedPort : .sameEntry
        let service = lookup.isDIPSide ? old.service : lookup.index
        let successor = create(packet, lookup, service: service, marks: marks)
        guard !isGone, successor != FlowTable.none else { return successor }
        count(isRescheduled ? .portReuse : .sameEntry, service: service)
        if !isRescheduled {
            flows[successor].kernelState = old.kernelState
            if old.endpoint != FlowRecord.unknown, flows[successor].endpoint == FlowRecord.unknown {
                bind(successor, to: old.endpoint)
            }
        }
        report(
            TraceEvent(
                time: Timestamp(rawValue: packet.time), kind: .portReused,
                virtualService: services[Int(service)].identity, connection: flows[successor].id,
                detail:
                    "client \(packet.source), entry in \(old.kernelState.connectionState): "
                    + (isRescheduled ? "scheduled anew" : "same real server")))
        return successor
    }

    private mutating func create(
        _ packet: PacketSummary, _ lookup: Lookup, service: UInt16, marks: FlowRecord.Marks
    ) -> UInt32 {
        if flows.isFull, !evict() {
            services[Int(service)].unmatchedPackets += 1
            return FlowTable.none
        }
        var record = FlowRecord(client: lookup.client, id: nextID)
        nextID += 1
        record.first = packet.time
        record.last = packet.time
        record.service = service
        record.marks = marks.union(.live)
        record.vip.extra = packet.sequence
        if packet.transport != 6 {
            record.kernelState = .udp
        } else if marks.contains(.beganBefore) {
            record.kernelState = .established
        } else if lookup.isDIPSide {
            // The SYN on the VIP side went unseen, but it made the entry.
            record.kernelState = .synReceived
        }
        return flows.insert(record, hash: lookup.hash)
    }

    /// Learns which real server a connection was assigned to.
    mutating func bind(_ number: UInt32, to endpoint: UInt16) {
        let service = flows[number].service
        guard
            let index = services[Int(service)].realServers.first(where: {
                realServers[Int($0)].endpointIndex == endpoint
            })
        else { return }
        flows[number].endpoint = endpoint
        flows[number].realServer = index
        let record = flows[number]
        realServers[Int(index)].captured.inPackets += UInt64(record.vip.inPackets)
        realServers[Int(index)].captured.inBytes += record.vip.inBytes
        realServers[Int(index)].translated.outPackets += UInt64(record.vip.outPackets)
        realServers[Int(index)].translated.outBytes += record.vip.outBytes
        if record.origin.isAssignment { realServers[Int(index)].captured.connections += 1 }
        if record.marks.contains(.synRepeated) {
            realServers[Int(index)].synRetransmissions += UInt64(record.vip.inRepeated)
        }
        if !record.isOver { realServers[Int(index)].open += 1 }
    }

    mutating func noteConnect(_ number: UInt32, _ packet: PacketSummary) {
        let record = flows[number]
        guard record.dip.syn != 0, record.dip.outPackets == 1, record.dip.synAck >= record.dip.syn else { return }
        let ticks = Int64(record.dip.synAck - record.dip.syn)
        realServers[Int(record.realServer)].connectLatency.record(nanoseconds: ticks * FlowSide.tick)
    }

    mutating func noteEnd(_ number: UInt32) {
        endedConnections += 1
        let server = flows[number].realServer
        if server != FlowRecord.unknown { realServers[Int(server)].open -= 1 }
    }

    /// Writes out what ended, and forgets what the kernel has forgotten.
    ///
    /// Every record is looked at about once a second of the time told here; the work is spread over the calls.
    package mutating func advance(to time: Int64) {
        if time > now { now = time }
        if sweptUntil == 0 { sweptUntil = now }
        let elapsed = min(now - sweptUntil, 1_000_000_000)
        let budget = Int(Double(flows.highWater) * Double(elapsed) / 1e9)
        guard budget > 0 else { return }
        sweptUntil = now
        for _ in 0..<min(budget + 1, flows.highWater) {
            if sweepCursor >= flows.highWater { sweepCursor = 0 }
            sweep(sweepCursor)
            sweepCursor += 1
        }
    }

    private mutating func sweep(_ number: UInt32) {
        guard flows[number].marks.contains(.live) else { return }
        if isGone(flows[number], at: now) {
            if flows[number].origin.isAssignment { count(.entryExpired, service: flows[number].service) }
            retire(number, outcomeIfOpen: .expired)
        } else if now - flows[number].last >= Self.linger, flows[number].isOver, !flows[number].marks.contains(.written)
        {
            write(number, outcomeIfOpen: .open)
        }
    }

    /// Writes a connection unless that was done, and takes it from the table.
    private mutating func retire(_ number: UInt32, outcomeIfOpen: ConnectionOutcome) {
        if flows[number].isUnwritten { write(number, outcomeIfOpen: outcomeIfOpen) }
        let record = flows[number]
        if record.isOver {
            endedConnections -= 1
        } else if record.realServer != FlowRecord.unknown {
            realServers[Int(record.realServer)].open -= 1
        }
        flows.unlink(number, hash: record.client.hash(seed))
        flows.release(number)
    }

    /// Makes room: what has ended goes first, then half-open connections, and never an established one.
    ///
    /// - Returns: Whether there is room now.
    private mutating func evict() -> Bool {
        var halfOpen: UInt32?
        for _ in 0..<min(flows.highWater, Self.mostEvictionLooks) {
            if sweepCursor >= flows.highWater { sweepCursor = 0 }
            let number = sweepCursor
            sweepCursor += 1
            guard flows[number].marks.contains(.live) else { continue }
            if flows[number].isOver {
                return drop(number)
            }
            if halfOpen == nil, flows[number].kernelState == .synReceived {
                halfOpen = number
                // In a flood of SYNs nothing has ended: looking on for it would cost more than the packets.
                if endedConnections == 0 { break }
            }
        }
        guard let halfOpen else { return false }
        return drop(halfOpen)
    }

    private mutating func drop(_ number: UInt32) -> Bool {
        evictedConnections += 1
        retire(number, outcomeIfOpen: .evicted)
        return true
    }

    /// Writes every connection that changed since it was last written: capture has ended.
    package mutating func finish() {
        now = max(now, lastPacket)
        for number in 0..<UInt32(flows.highWater) {
            if flows[number].marks.contains(.live), flows[number].isUnwritten { write(number, outcomeIfOpen: .open) }
        }
    }
}
