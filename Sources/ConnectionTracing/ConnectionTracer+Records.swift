import IPVSModel

/// From the flow table's compact records to those that leave the tracer.
extension ConnectionTracer {
    /// Writes a connection to the output, and counts its end the first time it has one.
    mutating func write(_ number: UInt32, outcomeIfOpen: ConnectionOutcome) {
        let outcome = flows[number].outcome(ifOpen: outcomeIfOpen, now: now)
        flows[number].marks.insert(.written)
        flows[number].marks.remove(.entryRead)
        guard !flows[number].isDoubtful else { return }
        let hasJustEnded = outcome != .open && !flows[number].marks.contains(.ended)
        if hasJustEnded {
            flows[number].marks.insert(.ended)
            noteOutcome(outcome, of: flows[number])
            noteReplies(of: flows[number])
        }
        append(flows[number], outcome, entry(of: number), hasJustEnded: hasJustEnded)
    }

    private mutating func append(
        _ record: borrowing FlowRecord, _ outcome: ConnectionOutcome, _ entry: EntryObservation?,
        hasJustEnded: Bool
    ) {
        let server = record.realServer
        records.append(
            ConnectionRecord(
                id: record.id, virtualService: topology.services[Int(record.service)].identity,
                realServer: server == FlowRecord.unknown ? nil : topology.servers[Int(server)].endpoint,
                transportProtocol: TransportProtocol(rawValue: record.transport),
                client: record.client.endpoint, origin: record.origin, outcome: outcome,
                firstSeen: Timestamp(rawValue: record.first), lastSeen: Timestamp(rawValue: record.last),
                vip: SideRecord(record.vip), dip: SideRecord(record.dip),
                state: record.state, requestBytes: record.payloadBytes(0),
                responseBytes: record.payloadBytes(1), entry: entry, hasJustEnded: hasJustEnded))
    }

    private mutating func noteOutcome(_ outcome: ConnectionOutcome, of record: FlowRecord) {
        if record.realServer != FlowRecord.unknown {
            serverCounts[Int(record.realServer)].outcomes[Int(outcome.rawValue)] += 1
        }
        let kind: TraceEvent.Kind
        var detail = ""
        switch outcome {
        case .resetByClient where record.isBypassed, .unanswered where record.isBypassed:
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

    /// Counts the replies that went by before anybody knew the real server: seen when they left on the VIP side, and
    /// not on the DIP side, where they are counted.
    mutating func noteReplies(of record: FlowRecord) {
        guard record.realServer != FlowRecord.unknown else { return }
        let server = Int(record.realServer)
        guard record.first < topology.servers[server].knownSince &+ Self.settingUp else { return }
        let (out, translated) = (record.lanes[3], record.lanes[1])
        guard out.packets < translated.packets else { return }
        serverCounts[server].straggling.outPackets += UInt64(translated.packets - out.packets)
        serverCounts[server].straggling.outBytes += translated.bytes - min(out.bytes, translated.bytes)
    }

    /// From the reading that shows a real server until its packets are captured and looked at, at most.
    ///
    /// - Unit: nanoseconds.
    private static let settingUp: Int64 = 3_000_000_000

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

extension FlowRecord {
    /// How it ended, as far as `now` tells.
    fileprivate func outcome(ifOpen: ConnectionOutcome, now: Int64) -> ConnectionOutcome {
        if marks.contains(.resetByRealServer) {
            return vip.synAck == 0 && dip.synAck == 0 && origin != .beganBefore ? .refused : .resetByRealServer
        }
        if marks.contains(.resetByClient) { return .resetByClient }
        if marks.contains(.resetByDirector) { return .resetByDirector }
        if isOver { return .closed }
        if marks.contains(.rejected) { return .rejected }
        if ifOpen == .evicted { return .evicted }
        if isUnforwarded, !marks.isDisjoint(with: [.unreachable, .hopsExceeded, .tooBig]) { return .notForwarded }
        let waited = now - last >= ConnectionTracer.linger || ifOpen == .expired
        if waited, origin != .beganBefore {
            if isUnforwarded { return .notForwarded }
            if isUnanswered { return .unanswered }
        }
        return ifOpen
    }

    /// Whether the real server is silent, where its replies would be seen.
    private var isUnanswered: Bool {
        transport != 17 && !marks.contains(.inputOnly) && vip.synAck == 0 && dip.synAck == 0
    }

    /// Whether the client got answers that the director never saw.
    ///
    /// Only an ACK of the client's own made the kernel's state ESTABLISHED, so it has the SYN-ACK. That one direction
    /// was not captured is no reason: a reply comes in where its request leaves, and leaves where that came in.
    fileprivate var isBypassed: Bool {
        isUnanswered && marks.contains(.established) && origin != .beganBefore && vip.outPackets == 0
            && dip.outPackets == 0 && dip.inPackets > 1
    }

    /// Payload by sequence number: what was sent again counts once.
    ///
    /// - Parameter direction: 0 towards the real server, 1 towards the client.
    fileprivate func payloadBytes(_ direction: Int) -> UInt64 {
        let lane = lanes[direction].packets > 0 ? lanes[direction] : lanes[2 + direction]
        guard lane.packets > 0 else { return 0 }
        let next = Int64(lane.wraps) << 32 + Int64(lane.next)
        guard transport == 6 else { return UInt64(next) }
        // SYN and FIN have a number each and carry nothing.
        let controls = (lane.opening != 0 ? 1 : 0) + (marks.contains(.fin(direction)) ? 1 : 0)
        return UInt64(max(next - Int64(start[direction]) - Int64(controls), 0))
    }
}
