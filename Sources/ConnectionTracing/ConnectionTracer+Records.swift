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
                id: record.id, virtualService: services[Int(record.service)].identity,
                realServer: endpoint(of: record), transportProtocol: TransportProtocol(rawValue: record.transport),
                client: record.client.endpoint, origin: record.origin, outcome: outcome,
                firstSeen: Timestamp(rawValue: record.first), lastSeen: Timestamp(rawValue: record.last),
                vip: SideRecord(record.vip), dip: SideRecord(record.dip),
                state: record.kernelState.connectionState, entry: entry(of: record)))
    }

    func endpoint(of record: FlowRecord) -> Endpoint? {
        record.realServer == FlowRecord.unknown ? nil : realServers[Int(record.realServer)].endpoint
    }

    private func outcome(of record: FlowRecord, ifOpen: ConnectionOutcome) -> ConnectionOutcome {
        if record.marks.contains(.resetByRealServer) {
            return record.vip.synAck == 0 && record.dip.synAck == 0 && record.origin != .beganBefore
                ? .refused : .resetByRealServer
        }
        if record.marks.contains(.resetByClient) { return .resetByClient }
        if record.isOver { return .closed }
        if ifOpen == .evicted { return .evicted }
        let waited = now - record.last >= Self.linger || ifOpen == .expired
        if waited, record.origin != .beganBefore {
            if record.dip.inPackets == 0, record.dip.outPackets == 0 { return .notForwarded }
            if record.transport == 6, record.vip.synAck == 0, record.dip.synAck == 0 { return .unanswered }
        }
        return ifOpen
    }

    private mutating func noteOutcome(_ outcome: ConnectionOutcome, of record: FlowRecord) {
        if record.realServer != FlowRecord.unknown {
            realServers[Int(record.realServer)].outcomes[Int(outcome.rawValue)] += 1
        }
        let kind: TraceEvent.Kind
        switch outcome {
        case .open, .closed, .expired: return
        case .resetByClient: kind = .resetByClient
        case .resetByRealServer: kind = .resetByRealServer
        case .refused: kind = .refused
        case .unanswered: kind = .unanswered
        case .notForwarded:
            kind = .notForwarded
            if record.origin.isAssignment { count(.notTransmitted, service: record.service) }
        case .evicted: kind = .evicted
        }
        report(
            TraceEvent(
                time: Timestamp(rawValue: record.last), kind: kind,
                virtualService: services[Int(record.service)].identity, realServer: endpoint(of: record),
                connection: record.id, detail: "client \(record.client.endpoint)"))
    }

    private func entry(of record: FlowRecord) -> EntryObservation? {
        guard record.entryFirst != 0 else { return nil }
        let time = { (milliseconds: UInt32) in
            Timestamp(rawValue: record.first + Int64(milliseconds - 1) * 1_000_000)
        }
        let packed = PackedEntry(rawValue: record.dip.extra)
        return EntryObservation(
            state: packed.state.connectionState, expiresIn: packed.expiresIn, firstSeen: time(record.entryFirst),
            lastSeen: time(record.entryLast))
    }
}

/// A kernel entry's state and timer in one word.
struct PackedEntry: RawRepresentable {
    let rawValue: UInt32

    init(rawValue: UInt32) { self.rawValue = rawValue }

    init(state: KernelTCPState, expiresIn: UInt32) {
        rawValue = UInt32(state.rawValue) << 24 | min(expiresIn, 0xff_ffff)
    }

    var state: KernelTCPState { KernelTCPState(rawValue: UInt8(rawValue >> 24)) ?? .none }
    var expiresIn: UInt32 { rawValue & 0xff_ffff }
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
