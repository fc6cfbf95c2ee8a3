import IPVSModel
import PacketDecoding

/// How connections begin, find their real server, end, and leave the table: everything a packet rarely does.
extension ConnectionTracer {
    /// Called for a packet without a connection, and for every SYN towards the real server.
    ///
    /// - Returns: The connection the packet belongs to, or `none` if it belongs to no connection.
    @inline(never)
    mutating func begin(_ number: UInt32, _ packet: PacketSummary, _ lookup: Lookup) -> UInt32 {
        let isSYN = packet.flags.contains(.syn) && !packet.flags.contains(.rst)
        if number != FlowTable.none {
            guard isSYN else { return number }
            // Its row was read before its first packet got here: this is that packet.
            if flows[number].marks.contains(.adopted), packet.time <= flows[number].first {
                let virtual = flows[number].virtual
                retire(number, outcomeIfOpen: .open)
                return create(packet, lookup, virtual: virtual, marks: [])
            }
            guard isNewHandshake(packet, lookup, on: flows[number]) else { return number }
            // It is of the same client port, and came in for an address that is not known yet to be a mark's.
            if lookup.isDIPSide, topology.hasMarks, adoptStranger(packet, lookup) { return search(packet, lookup) }
            return supersede(number, packet, lookup)
        }
        guard let virtual = virtual(of: lookup) else {
            if lookup.isIn, topology.hasMarks, adoptStranger(packet, lookup) { return search(packet, lookup) }
            // It is of one of several services, and counted once.
            let service = topology.endpoints[Int(lookup.endpoint)].services[0]
            serviceCounts[Int(service)].unmatchedPackets += 1
            return FlowTable.none
        }
        let service = topology.virtuals[Int(virtual)].service
        if lookup.isDIPSide, lookup.isIn, topology.services[Int(service)].isMark, adoptStranger(packet, lookup) {
            return search(packet, lookup)
        }
        if !lookup.isIn || packet.transport != 17 && !isSYN {
            // An RST for a connection nobody knows, or a straggler of one whose port was taken over.
            let isTaken = lookup.isDIPSide && isClientKnown(packet, lookup)
            if packet.flags.contains(.rst) || isTaken {
                noteStraggler(packet, lookup, of: service)
                return FlowTable.none
            }
            count(.beganBefore, service: service)
            return create(packet, lookup, virtual: virtual, marks: .beganBefore)
        }
        return create(packet, lookup, virtual: virtual, marks: [])
    }

    /// A packet of a connection that is not in our table. Of a reply the kernel may still have had the entry, and
    /// counted it: one whose client port is taken over lives on for a tick.
    private mutating func noteStraggler(_ packet: PacketSummary, _ lookup: Lookup, of service: UInt16) {
        serviceCounts[Int(service)].unmatchedPackets += 1
        if lookup.isDIPSide {
            guard !lookup.isIn, let server = topology.server(at: lookup.endpoint, of: service) else { return }
            serverCounts[Int(server)].straggling.outPackets += 1
            serverCounts[Int(server)].straggling.outBytes += UInt64(packet.ipLength)
        } else if !lookup.isIn {
            serviceCounts[Int(service)].troubles.events[.resetWithoutEntry, default: 0] += 1
            report(
                TraceEvent(
                    time: Timestamp(rawValue: packet.time), kind: .resetWithoutEntry,
                    virtualService: topology.services[Int(service)].identity,
                    detail: "client \(packet.destination), for whom there is no connection"))
        }
    }

    /// The kernel's timer ran out before this packet came.
    @inline(never)
    mutating func expire(_ number: UInt32) {
        if flows[number].origin.isAssignment { count(.entryExpired, service: flows[number].service) }
        if topology.asksForEntries { noteTimeout(of: number) }
        retire(number, outcomeIfOpen: .expired)
    }

    /// Whether a SYN begins a connection of its own: it has a number of its own, or the kernel schedules it anew
    /// whatever its number, as it does when a refused client tries again.
    private func isNewHandshake(_ packet: PacketSummary, _ lookup: Lookup, on known: FlowRecord) -> Bool {
        if known.start[0] != packet.sequence || known.vip.syn == 0 && known.dip.syn == 0 { return true }
        return !lookup.isDIPSide && known.vip.syn != 0 && isSpent(known)
    }

    /// Whether the kernel schedules a SYN on this entry anew. The director's own RST says that there is none.
    private func isSpent(_ record: FlowRecord) -> Bool {
        if record.marks.contains(.resetByDirector) { return true }
        return topology.services[Int(record.service)].persistence == nil
            && record.state.isReschedulable(mode: reuseMode, inputOnly: record.marks.contains(.inputOnly))
    }

    /// A new handshake on a client port that the table knows: a new connection takes its place.
    private mutating func supersede(_ number: UInt32, _ packet: PacketSummary, _ lookup: Lookup) -> UInt32 {
        let old = flows[number]
        let isRescheduled = isSpent(old)
        let template = flows[notesOf: number].template
        // The kernel forgets what it does not schedule on at its next tick.
        if topology.asksForEntries, isRescheduled { noteLeaving(of: number, from: packet.time, slack: Self.tick) }
        retire(number, outcomeIfOpen: .open)
        let successor = create(
            packet, lookup, virtual: old.virtual, marks: isRescheduled ? .reusedPort : .sameEntry)
        guard successor != FlowTable.none else { return successor }
        count(isRescheduled ? .portReuse : .sameEntry, service: old.service)
        if !isRescheduled {
            flows[successor].state = old.state
            if template > 0, flows[notesOf: successor].template == 0 {
                templates.stay(template - 1)
                flows[notesOf: successor].template = template
            }
            if old.endpoint != FlowRecord.unknown, flows[successor].endpoint == FlowRecord.unknown {
                bind(successor, to: old.endpoint)
            }
        }
        report(
            .portReused, of: flows[successor], at: packet.time,
            "entry in \(old.state.connectionState): " + (isRescheduled ? "scheduled anew" : "same real server"))
        return successor
    }

    mutating func create(
        _ packet: PacketSummary, _ lookup: Lookup, virtual: UInt16, marks: FlowRecord.Marks
    ) -> UInt32 {
        let service = topology.virtuals[Int(virtual)].service
        if flows.isFull, !evict() {
            count(.evicted, service: service)
            serviceCounts[Int(service)].unmatchedPackets += 1
            return FlowTable.none
        }
        var record = FlowRecord(client: ClientKey(packet, isIn: lookup.isIn), id: 0)
        record.first = packet.time
        record.last = packet.time
        record.service = service
        record.virtual = specific(virtual, packet, lookup)
        record.marks = marks.union([.live, .unbound])
        record.start[0] = packet.sequence
        switch packet.transport {
        case 6:
            if marks.contains(.beganBefore) {
                record.state = .established
                record.marks.insert(.established)
            } else if lookup.isDIPSide {
                // The SYN on the VIP side went unseen, but it made the entry.
                record.state = .synReceived
            }
        case 132: record.state = marks.contains(.beganBefore) ? .sctpEstablished : .sctpNone
        default: record.state = .udp
        }
        let number = flows.insert(record, hash: lookup.hash)
        self.number(number, packet)
        if let persistence = topology.services[Int(service)].persistence,
            marks.isDisjoint(with: [.beganBefore, .sameEntry, .ftpData])
        {
            let (template, following) = templates.join(
                service: service, client: record.client.endpoint.address, prefixLength: persistence.prefixLength,
                timeout: persistence.timeout, at: packet.time)
            flows[notesOf: number].template = template + 1
            switch following {
            case .no: break
            case .yes: flows[number].marks.insert(.followsTemplate)
            case .perhaps: flows[number].marks.insert(.perhapsFollowsTemplate)
            }
        }
        if topology.hasFTP { controls.add(number, flows[number], in: topology) }
        halfOpen.append(number, in: flows) { $0.isHalfOpen }
        if starts.isOn, !marks.contains(.beganBefore) { starts.append(number, first: packet.time) }
        return number
    }

    /// The first packet of a connection known from the kernel's table alone.
    mutating func awaken(_ number: UInt32, _ packet: PacketSummary) {
        flows[number].marks.remove(.adopted)
        self.number(number, packet)
        count(.beganBefore, service: flows[number].service)
    }

    /// Where a service takes any port, connections to different ones are told apart.
    private mutating func specific(_ virtual: UInt16, _ packet: PacketSummary, _ lookup: Lookup) -> UInt16 {
        guard !lookup.isDIPSide, topology.virtuals[Int(virtual)].endpoint?.port == 0 else { return virtual }
        return topology.learn(
            lookup.isIn ? packet.destination : packet.source, packet.transport,
            of: topology.virtuals[Int(virtual)].service)
    }

    /// Learns which real server a connection was assigned to.
    mutating func bind(_ number: UInt32, to endpoint: UInt16) {
        let service = flows[number].service
        guard let index = topology.server(at: endpoint, of: service) else { return }
        let server = Int(index)
        flows[number].endpoint = endpoint
        flows[number].realServer = index
        if topology.hasFTP { controls.bind(flows[number], in: topology) }
        if topology.servers[server].forwardingMethod != .masquerading { flows[number].marks.insert(.inputOnly) }
        let template = flows[notesOf: number].template
        switch template > 0 ? templates.bind(template - 1, to: endpoint) : .yes {
        case .yes: break
        case .no: flows[number].marks.subtract([.followsTemplate, .perhapsFollowsTemplate])
        case .perhaps: flows[number].marks.remove(.followsTemplate)
        }

        for leg in [Leg.vipIn, .vipOut] {
            let lane = flows[number].lanes[leg.number]
            traffic[server].count(leg, UInt64(lane.packets), bytes: lane.bytes)
        }
        if let errors = ownErrors.removeValue(forKey: number) {
            for leg in [Leg.vipOut, .dipOut] { traffic[server].count(leg, errors.packets, bytes: errors.bytes) }
        }
        if flows[number].state.isActive { traffic[server].active += 1 } else { traffic[server].inactive += 1 }
        if topology.asksForEntries { noteEntry(of: number) }
        // It was over before the kernel's table told its real server.
        if flows[number].marks.contains(.ended) { noteReplies(of: flows[number]) }
        if flows[number].origin.isAssignment { serverCounts[server].connections += 1 }
        if !flows[number].isOver { traffic[server].open += 1 }
    }

    mutating func noteEnd(_ number: UInt32) {
        let server = flows[number].realServer
        if server != FlowRecord.unknown { traffic[Int(server)].open -= 1 }
        closed.append(number, in: flows) { $0.isSpare }
    }

    /// Writes out what ended, and forgets what the kernel has forgotten.
    ///
    /// Every record is looked at about once a second of the time told here; the work is spread over the calls.
    package mutating func advance(to time: Int64) {
        if time > now { now = time }
        tellStarts()
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
        if isGone(number, at: now) {
            expire(number)
        } else if now - flows[number].last >= Self.linger, flows[number].isOver, !flows[number].marks.contains(.written)
        {
            write(number, outcomeIfOpen: .open)
        }
    }

    /// Writes a connection unless that was done, and takes it from the table.
    mutating func retire(_ number: UInt32, outcomeIfOpen: ConnectionOutcome) {
        if flows[number].isUnwritten { write(number, outcomeIfOpen: outcomeIfOpen) }
        tellEarlyStart(of: number)
        let server = Int(flows[number].realServer)
        if server != FlowRecord.unknown {
            if !flows[number].isOver { traffic[server].open -= 1 }
            if flows[number].state.isActive { traffic[server].active -= 1 } else { traffic[server].inactive -= 1 }
        }
        let template = flows[notesOf: number].template
        if template > 0 { templates.leave(template - 1, at: now) }
        if topology.hasFTP { controls.remove(number, flows[number], in: topology) }
        if !ownErrors.isEmpty { ownErrors[number] = nil }
        flows.unlink(number, hash: flows[number].client.hash(seed))
        flows.release(number)
    }

    /// Makes room: what has ended goes first, then half-open connections, the oldest of each, and never an established
    /// one.
    ///
    /// - Returns: Whether there is room now.
    private mutating func evict() -> Bool {
        let closed = closed.popFirst(in: flows, seed: seed) { $0.isSpare }
        guard let oldest = closed ?? halfOpen.popFirst(in: flows, seed: seed, where: { $0.isHalfOpen }) else {
            return false
        }
        if !flows[oldest].marks.contains(.adopted) { evictedConnections += 1 }
        if !flows[oldest].isSpare { count(.evicted, service: flows[oldest].service) }
        retire(oldest, outcomeIfOpen: .evicted)
        return true
    }

    /// Writes connections that changed since they were last written: capture has ended.
    ///
    /// - Parameter limit: How many at most, so that the output stays small.
    /// - Returns: Whether all are written.
    @discardableResult
    package mutating func finish(limit: Int = .max) -> Bool {
        now = max(now, lastPacket)
        let most = limit < .max - records.count ? records.count + limit : .max
        while finishCursor < flows.highWater {
            guard records.count < most else { return false }
            if flows[finishCursor].marks.contains(.live), flows[finishCursor].isUnwritten {
                write(finishCursor, outcomeIfOpen: .open)
            }
            if topology.asksForEntries, flows[finishCursor].marks.contains(.live) { noteTimeout(of: finishCursor) }
            finishCursor += 1
        }
        finishCursor = 0
        return true
    }
}
