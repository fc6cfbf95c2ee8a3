import IPVSModel
import PacketDecoding

/// FTP's data connections, of which the kernel makes entries by reading along in control connections.
///
/// They come to any port of the virtual address, or from the real server's own port for data. So they are looked for
/// among packets of no known port, and only where the client has a control connection. What the director itself answers
/// there looks the same on the VIP side: only what is sent on to a real server is written and counted.
///
/// - Source: `net/netfilter/ipvs/ip_vs_ftp.c`. It needs masquerading, and keeps the real server's port for the virtual one.
extension ConnectionTracer {
    /// Traces a packet of no known port if it is one of a data connection.
    ///
    /// - Returns: Whether it was.
    @inline(never)
    mutating func traceData(_ packets: Span<PacketSummary>, _ index: Int) -> Bool {
        let packet = packets[index]
        guard let lookup = lookUpData(packet) else { return false }
        var number = search(packet, lookup)
        if number != FlowTable.none, !flows[number].marks.contains(.ftpData) { number = FlowTable.none }
        if !packet.marks.isDisjoint(with: [.icmpError, .laterFragment]) {
            guard number != FlowTable.none else { return false }
            traceAddition(packet, lookup)
            return true
        }
        if number != FlowTable.none, isGone(number, at: packet.time) {
            expire(number)
            number = FlowTable.none
        }
        let opens = packet.flags.intersection([.syn, .ack]) == .syn
        if opens, number != FlowTable.none, !isRepeated(packet, lookup, on: flows[number]) {
            retire(number, outcomeIfOpen: .open)
            number = FlowTable.none
        }
        if number == FlowTable.none { number = beginData(packet, lookup, opens: opens) }
        guard number != FlowTable.none else { return false }
        if packet.time > lastPacket { lastPacket = packet.time }
        add(packets, index, lookup, to: number)
        return true
    }

    /// Tells side and direction by the address alone.
    private func lookUpData(_ packet: PacketSummary) -> Lookup? {
        var match = topology.dataTable.match(
            packet.destinationHigh, packet.destinationLow, port: 0, transport: packet.transport)
        let isIn = match.isKnown
        if !isIn {
            match = topology.dataTable.match(
                packet.sourceHigh, packet.sourceLow, port: 0, transport: packet.transport)
        }
        guard match.isKnown, packet.tap == .both || (packet.tap == .dip) == match.isRealServer else { return nil }
        return Lookup(
            hash: ClientKey(packet, isIn: isIn).hash(seed), virtual: match.virtual, endpoint: match.endpoint,
            leg: Leg(isDIPSide: match.isRealServer, isIn: isIn), kind: .ordinary)
    }

    /// Whether a SYN is the one that began the connection, sent again or seen on the other side.
    private func isRepeated(_ packet: PacketSummary, _ lookup: Lookup, on known: FlowRecord) -> Bool {
        packet.sequence == (lookup.isIn ? known.start[0] : known.start[1])
    }

    private mutating func beginData(_ packet: PacketSummary, _ lookup: Lookup, opens: Bool) -> UInt32 {
        guard !lookup.isDIPSide else { return opens && !lookup.isIn ? beginActive(packet, lookup) : FlowTable.none }
        let service = topology.virtuals[Int(lookup.virtual)].service
        let port = lookup.isIn ? packet.destinationPort : packet.sourcePort
        let isPossible = opens ? lookup.isIn && port >= 1_024 : port >= 1_024 || port == ControlConnections.dataPort
        guard isPossible, !packet.flags.contains(.rst),
            controls.contains(ClientKey(packet, isIn: lookup.isIn), service: service)
        else { return FlowTable.none }
        return create(packet, lookup, virtual: lookup.virtual, marks: opens ? .ftpData : [.ftpData, .beganBefore])
    }

    /// The real server calls the client back, from the port before that of its control connection.
    private mutating func beginActive(_ packet: PacketSummary, _ lookup: Lookup) -> UInt32 {
        let client = ClientKey(packet, isIn: false)
        for service in topology.endpoints[Int(lookup.endpoint)].services {
            guard let virtual = topology.services[Int(service)].data else { continue }
            let isExpected = topology.services[Int(service)].realServers.contains { server in
                let control = topology.servers[Int(server)].endpoint
                return control.address == packet.source.address && control.port &- 1 == packet.sourcePort
                    && controls.contains(client, service: service, realServer: server)
            }
            guard isExpected else { continue }
            let number = create(packet, lookup, virtual: virtual, marks: .ftpData)
            if number != FlowTable.none { flows[number].state = .listen }
            return number
        }
        return FlowTable.none
    }

    // MARK: Control connections

    /// How much longer replies of each real server are than they came in, where the kernel counts them: it writes the
    /// virtual address into those that tell the client where to fetch a file.
    var rewrittenBytes: [UInt16: Int64] {
        controls.numbers.reduce(into: controls.rewrittenBytes) { bytes, number in
            let record = flows[number]
            if record.realServer != FlowRecord.unknown { bytes[record.realServer, default: 0] += record.rewrittenBytes }
        }
    }

    // MARK: The kernel's table

    /// Ties a row to its data connection.
    ///
    /// - Returns: Whether there is one.
    mutating func observeData(_ entry: ConnectionEntry, at time: Timestamp) -> Bool {
        let address = entry.virtual.address
        let match = topology.dataTable.match(
            address.high, address.low, port: 0, transport: entry.transportProtocol.rawValue)
        guard match.isKnown, !match.isRealServer else { return false }
        let client = ClientKey(entry.client, entry.transportProtocol)
        let number = flows.find(client, client.hash(seed), virtual: match.virtual)
        return number != FlowTable.none && note(entry, on: number, at: time)
    }

    /// The real server of a row of a data connection.
    func dataEndpoint(of entry: ConnectionEntry) -> UInt16? {
        let address = entry.realServer.address
        let match = topology.dataTable.match(
            address.high, address.low, port: 0, transport: entry.transportProtocol.rawValue)
        return match.isRealServer ? match.endpoint : nil
    }
}

/// The control connections of FTP in our table: data connections are looked for where their client has one.
struct ControlConnections {
    /// Where the virtual service's data connections come from if the real server opens them.
    ///
    /// The corresponding C constant is `FTPDATA` in `<net/ip_vs.h>`.
    static let dataPort: UInt16 = 20

    private struct Key: Hashable {
        var high: UInt64
        var low: UInt64
        var service: UInt16
        /// ``FlowRecord/unknown`` for all real servers together.
        var realServer: UInt16

        init(_ client: ClientKey, _ service: UInt16, _ realServer: UInt16) {
            (high, low, self.service, self.realServer) = (client.high, client.low, service, realServer)
        }
    }

    private var counts: [Key: Int] = [:]
    private(set) var numbers: Set<UInt32> = []
    /// Of those that left the table, by real server.
    private(set) var rewrittenBytes: [UInt16: Int64] = [:]

    func contains(_ client: ClientKey, service: UInt16, realServer: UInt16 = FlowRecord.unknown) -> Bool {
        counts[Key(client, service, realServer)] != nil
    }

    /// Notes a connection that came into the table, if it is one.
    mutating func add(_ number: UInt32, _ record: FlowRecord, in topology: borrowing Topology) {
        guard isControl(record, topology) else { return }
        numbers.insert(number)
        counts[Key(record.client, record.service, FlowRecord.unknown), default: 0] += 1
    }

    /// Notes that a connection's real server is known now.
    mutating func bind(_ record: FlowRecord, in topology: borrowing Topology) {
        guard isControl(record, topology) else { return }
        counts[Key(record.client, record.service, record.realServer), default: 0] += 1
    }

    /// Notes that a connection leaves the table.
    mutating func remove(_ number: UInt32, _ record: FlowRecord, in topology: borrowing Topology) {
        guard isControl(record, topology) else { return }
        numbers.remove(number)
        forget(Key(record.client, record.service, FlowRecord.unknown))
        guard record.realServer != FlowRecord.unknown else { return }
        forget(Key(record.client, record.service, record.realServer))
        rewrittenBytes[record.realServer, default: 0] += record.rewrittenBytes
    }

    private mutating func forget(_ key: Key) {
        let left = counts[key, default: 0] - 1
        counts[key] = left > 0 ? left : nil
    }

    private func isControl(_ record: FlowRecord, _ topology: borrowing Topology) -> Bool {
        topology.services[Int(record.service)].data != nil && !record.marks.contains(.ftpData)
    }
}

extension FlowRecord {
    fileprivate var rewrittenBytes: Int64 { Int64(clamping: lanes[1].bytes) - Int64(clamping: lanes[3].bytes) }
}
