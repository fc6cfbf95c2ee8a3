import IPVSModel
import PacketDecoding

/// What SYNs and RSTs tell of trouble: which step of a handshake is missing, and who broke off.
extension ConnectionTracer {
    /// Called for every SYN and RST, after it was applied to its connection.
    @inline(never)
    mutating func noteHandshake(_ number: UInt32, _ packet: PacketSummary, _ leg: Leg) {
        guard !flows[number].isDoubtful else { return }
        if packet.flags.contains(.rst) {
            noteReset(number, packet, leg)
        } else if leg.isIn {
            if leg.isDIPSide { noteForwarded(number, packet) } else { noteRepeated(number, packet) }
        } else if leg.isDIPSide {
            noteConnect(number)
        } else if level == .handshake, flows[number].state == .synReceived, packet.flags.contains(.ack) {
            // The ACK that completes the handshake will not be seen.
            flows[number].state = .established
            flows[number].marks.insert(.established)
        }
    }

    /// The real server's answer: how long it took.
    private mutating func noteConnect(_ number: UInt32) {
        let dip = flows[number].dip
        let server = flows[number].realServer
        guard server != FlowRecord.unknown, dip.syn != 0, dip.outPackets == 1, dip.synAck >= dip.syn else { return }
        let ticks = Int64(dip.synAck - dip.syn)
        serverCounts[Int(server)].connectLatency.record(nanoseconds: ticks * FlowSide.tick)
    }

    /// The client's SYN again: some step before its answer is missing.
    private mutating func noteRepeated(_ number: UInt32, _ packet: PacketSummary) {
        guard flows[number].vip.inPackets > 1, flows[number].start[0] == packet.sequence else { return }
        let record = flows[number]
        count(.retransmission, service: record.service)
        let reason = SYNRetransmission(of: record)
        countTrouble(of: record) { $0.synRetransmissions[reason, default: 0] += 1 }
        guard !record.marks.contains(.synRepeated) else { return }
        flows[number].marks.insert(.synRepeated)
        report(.synRetransmitted, of: record, at: packet.time, reason.words)
    }

    /// The SYN goes on to the real server. If only a repetition does, on a port the kernel still had an entry for, the
    /// client was kept waiting: with connection tracking the first SYN only makes room.
    private mutating func noteForwarded(_ number: UInt32, _ packet: PacketSummary) {
        guard flows[number].dip.inPackets == 1 else { return }
        if flows[number].marks.contains(.synRepeated) {
            let record = flows[number]
            let waited = Int64(record.dip.syn) - Int64(record.vip.syn)
            report(
                .stalled, of: record, at: packet.time,
                "its SYN was sent on after \(waited * FlowSide.tick / 1_000_000) ms")
        }
        if topology.hasSharedServers { noteSharedPort(number, packet) }
    }

    /// Replies are told apart by client and real server alone, so the older of two connections breaks.
    private mutating func noteSharedPort(_ number: UInt32, _ packet: PacketSummary) {
        let record = flows[number]
        let other = flows.find(record.client.hash(seed)) { other in
            other != number && flows[other].belongs(to: record.client) && flows[other].endpoint == record.endpoint
                && !flows[other].isOver
        }
        guard other != FlowTable.none else { return }
        report(
            .sharedClientPort, of: record, at: packet.time,
            "also used for \(topology.services[Int(flows[other].service)].identity)")
    }

    /// An RST to the client that no real server sent is the director's own: IPVS had no entry.
    private mutating func noteReset(_ number: UInt32, _ packet: PacketSummary, _ leg: Leg) {
        let record = flows[number]
        guard !leg.isDIPSide, !leg.isIn, record.marks.contains(.resetByDirector) else { return }
        report(.resetWithoutEntry, of: record, at: packet.time, "the entry is gone")
    }
}
