import IPVSModel

/// From the flow table's compact records to those that leave the tracer.
extension ConnectionTracer {
    /// Writes a connection to the output, and counts its end the first time it has one.
    mutating func write(_ number: UInt32, outcomeIfOpen: ConnectionOutcome) {
        let record = flows[number]
        let outcome = outcome(of: record, ifOpen: outcomeIfOpen)
        flows[number].marks.insert(.written)
        flows[number].marks.remove(.entryRead)
        guard !record.isDoubtful else { return }
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
                state: record.state, requestBytes: payloadBytes(of: record, 0),
                responseBytes: payloadBytes(of: record, 1), entry: entry(of: number)))
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

    /// - Parameter direction: 0 towards the real server, 1 towards the client.
    private func payloadBytes(of record: FlowRecord, _ direction: Int) -> UInt64 {
        let isOnVIPSide = record.vip.packets[direction] > 0
        let side = isOnVIPSide ? record.vip : record.dip
        guard side.packets[direction] > 0 else { return 0 }
        let next = (isOnVIPSide ? Int64(record.wraps[direction]) << 32 : 0) + Int64(side.next[direction])
        guard record.transport == 6 else { return UInt64(next) }
        // SYN and FIN have a number each and carry nothing.
        let controls = (side.opening[direction] != 0 ? 1 : 0) + (record.marks.contains(.fin(direction)) ? 1 : 0)
        return UInt64(max(next - Int64(record.sides[direction].start) - Int64(controls), 0))
    }

    private func entry(of number: UInt32) -> EntryObservation? {
        let notes = flows[notesOf: number]
        let first = flows[number].first
        guard notes.entryFirst != 0 else { return nil }
        let time = { (milliseconds: UInt32) in
            Timestamp(rawValue: first + Int64(milliseconds - 1) * 1_000_000)
        }
        return EntryObservation(
            state: notes.entry.state, expiresIn: notes.entry.expiresIn,
            firstSeen: time(notes.entryFirst), lastSeen: time(notes.entryLast))
    }
}
