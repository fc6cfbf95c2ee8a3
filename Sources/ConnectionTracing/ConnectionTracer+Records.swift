import IPVSModel

/// From the flow table's compact records to those that leave the tracer.
extension ConnectionTracer {
    /// Writes a connection to the output, and counts its end the first time it has one.
    mutating func write(_ number: UInt32, outcomeIfOpen: ConnectionOutcome) {
        let record = flows[number]
        let outcome = outcome(of: record, ifOpen: outcomeIfOpen)
        flows[number].marks.insert(.written)
        flows[number].marks.remove(.entryRead)
        if outcome != .open, !record.marks.contains(.ended) {
            flows[number].marks.insert(.ended)
            noteOutcome(outcome, of: record)
        }
        records.append(
            ConnectionRecord(
                id: record.id, virtualService: topology.services[Int(record.service)].identity,
                realServer: endpoint(of: record), transportProtocol: TransportProtocol(rawValue: record.transport),
                client: record.client.endpoint, origin: record.origin, outcome: outcome,
                firstSeen: Timestamp(rawValue: record.first), lastSeen: Timestamp(rawValue: record.last),
                vip: SideRecord(record.vip), dip: SideRecord(record.dip),
                state: record.state.connectionState, requestBytes: requestBytes(of: record),
                responseBytes: responseBytes(of: record), entry: entry(of: number)))
    }

    private func outcome(of record: FlowRecord, ifOpen: ConnectionOutcome) -> ConnectionOutcome {
        if record.marks.contains(.resetByRealServer) {
            return record.vip.synAck == 0 && record.dip.synAck == 0 && record.origin != .beganBefore
                ? .refused : .resetByRealServer
        }
        if record.marks.contains(.resetByClient) { return .resetByClient }
        if record.marks.contains(.resetByDirector) { return .resetByDirector }
        if record.isOver { return .closed }
        if record.marks.contains(.rejected) { return .rejected }
        if ifOpen == .evicted { return .evicted }
        if record.isUnforwarded, !record.marks.isDisjoint(with: [.unreachable, .hopsExceeded, .tooBig]) {
            return .notForwarded
        }
        let waited = now - record.last >= Self.linger || ifOpen == .expired
        if waited, record.origin != .beganBefore {
            if record.isUnforwarded { return .notForwarded }
            if isUnanswered(record) { return .unanswered }
        }
        return ifOpen
    }

    /// Whether the real server is silent, where its replies would be seen.
    private func isUnanswered(_ record: FlowRecord) -> Bool {
        record.transport != 17 && !record.marks.contains(.inputOnly) && record.vip.synAck == 0
            && record.dip.synAck == 0
    }

    /// Whether the client got answers that the director never saw.
    ///
    /// Only an ACK of the client's own made the kernel's state ESTABLISHED, so it has the SYN-ACK. That one direction
    /// was not captured is no reason: a reply comes in where its request leaves, and leaves where that came in.
    private func isBypassed(_ record: FlowRecord) -> Bool {
        isUnanswered(record) && record.marks.contains(.established) && record.origin != .beganBefore
            && record.vip.outPackets == 0 && record.dip.outPackets == 0 && record.dip.inPackets > 1
    }

    private mutating func noteOutcome(_ outcome: ConnectionOutcome, of record: FlowRecord) {
        if record.realServer != FlowRecord.unknown {
            serverCounts[Int(record.realServer)].outcomes[Int(outcome.rawValue)] += 1
        }
        let kind: TraceEvent.Kind
        var detail = ""
        switch outcome {
        case .resetByClient where isBypassed(record), .unanswered where isBypassed(record):
            (kind, detail) = (.replyBypassed, "it completed its handshake, and no reply passed the director")
        case .resetByClient: kind = .resetByClient
        case .resetByRealServer: kind = .resetByRealServer
        case .refused: (kind, detail) = (.refused, "the real server answered its SYN with RST")
        case .unanswered: (kind, detail) = (.unanswered, "sent on, and never answered")
        case .notForwarded:
            if record.origin.isAssignment { count(.notTransmitted, service: record.service) }
            (kind, detail) = (.notForwarded, "nothing left on the DIP side")
        case .evicted: kind = .evicted
        // Told when it happened, or an ordinary end.
        case .rejected, .resetByDirector, .open, .closed, .expired: return
        }
        report(kind, of: record, at: record.last, detail)
    }

    // Payload by sequence number: what was sent again counts once.

    private func requestBytes(of record: FlowRecord) -> UInt64 {
        let side = record.vip.inPackets > 0 ? record.vip : record.dip
        let wraps = record.vip.inPackets > 0 ? record.inWraps : 0
        guard side.inPackets > 0 else { return 0 }
        guard record.transport == 6 else { return Self.payload(from: 0, to: side.inNext, wraps: wraps, without: 0) }
        let controls = (side.syn != 0 ? 1 : 0) + (record.marks.contains(.finIn) ? 1 : 0)
        return Self.payload(from: record.vip.start, to: side.inNext, wraps: wraps, without: controls)
    }

    private func responseBytes(of record: FlowRecord) -> UInt64 {
        let side = record.vip.outPackets > 0 ? record.vip : record.dip
        let wraps = record.vip.outPackets > 0 ? record.outWraps : 0
        guard side.outPackets > 0 else { return 0 }
        guard record.transport == 6 else { return Self.payload(from: 0, to: side.outNext, wraps: wraps, without: 0) }
        let controls = (side.synAck != 0 ? 1 : 0) + (record.marks.contains(.finOut) ? 1 : 0)
        return Self.payload(from: record.dip.start, to: side.outNext, wraps: wraps, without: controls)
    }

    /// - Parameter controls: SYN and FIN, which have a number each and carry nothing.
    private static func payload(from start: UInt32, to next: UInt32, wraps: UInt16, without controls: Int) -> UInt64 {
        let numbers = Int64(wraps) << 32 + Int64(next) - Int64(start)
        return UInt64(max(numbers - Int64(controls), 0))
    }

    private func entry(of number: UInt32) -> EntryObservation? {
        let notes = flows[notesOf: number]
        let first = flows[number].first
        guard notes.entryFirst != 0 else { return nil }
        let time = { (milliseconds: UInt32) in
            Timestamp(rawValue: first + Int64(milliseconds - 1) * 1_000_000)
        }
        return EntryObservation(
            state: notes.entry.state.connectionState, expiresIn: notes.entry.expiresIn,
            firstSeen: time(notes.entryFirst), lastSeen: time(notes.entryLast))
    }
}

extension SideRecord {
    init(_ side: FlowSide) {
        self.init()
        inPackets = side.inPackets
        outPackets = side.outPackets
        inBytes = side.inBytes
        outBytes = side.outBytes
        inRepeated = side.inRepeated
        outRepeated = side.outRepeated
        let duration = { (ticks: UInt32) -> Duration? in
            ticks == 0 ? nil : .nanoseconds(Int64(ticks - 1) * FlowSide.tick)
        }
        syn = duration(side.syn)
        synAck = duration(side.synAck)
        ack = duration(side.ack)
        firstRequest = duration(side.firstRequest)
        firstResponse = duration(side.firstResponse)
        end = duration(side.end)
    }
}
