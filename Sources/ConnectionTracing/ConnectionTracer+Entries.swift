package import IPVSModel

/// The last comparison of the kernel's table with ours.
struct TableComparison {
    var rows: UInt64 = 0
    var rowsWithoutConnection: [String: UInt64] = [:]
    var connectionsWithoutRow: UInt64 = 0
    /// The rows of each virtual service, by its index.
    var services: [UInt16: TableTrace] = [:]
    /// Rows of no connection at the last reading, by key: only a row that stays without one began before us.
    var strangers: Set<Key> = []

    struct Key: Hashable {
        var transport: TransportProtocol
        var client: Endpoint
        var virtual: Endpoint
    }
}

extension ConnectionTracer {
    /// Ties each row of the kernel's connection table to its connection, and counts those that have no counterpart.
    ///
    /// A reading is no snapshot: a row may be missing from it, so nothing is taken for ended by its absence.
    ///
    /// - Parameters:
    ///   - entries: The rows, each key once.
    ///   - began: When the reading began.
    ///   - isSynced: Whether a row came from a sync peer.
    package mutating func observe(
        _ entries: [ConnectionEntry], began: Timestamp, isSynced: (ConnectionEntry) -> Bool = { _ in false }
    ) {
        var strangers: Set<TableComparison.Key> = []
        var without: [String: UInt64] = [:]
        var byService = Dictionary(
            uniqueKeysWithValues: topology.services.indices.map { (UInt16($0), TableTrace()) })
        let isFirst = templates.knownSince == .max
        for entry in entries {
            let virtual = virtual(of: entry)
            if virtual == nil, topology.hasFTP, observeData(entry, at: began) { continue }
            let service = virtual.map { topology.virtuals[Int($0)].service }
            if entry.isTemplate {
                without["template", default: 0] += 1
                if let service { byService[service]?.withoutConnection["template", default: 0] += 1 }
                if isFirst { learn(entry, of: service, at: began) }
                continue
            }
            if let service { byService[service]?.rows += 1 }
            let number = virtual.map { find(entry, virtual: $0) } ?? FlowTable.none
            let isAdopted = number != FlowTable.none && flows[number].marks.contains(.adopted)
            if let service, number != FlowTable.none {
                if !note(entry, on: number, at: began) {
                    byService[service]?.withoutConnection["other_real_server", default: 0] += 1
                } else if !isAdopted {
                    byService[service]?.matched += 1
                }
                guard isAdopted else { continue }
            }
            let key = TableComparison.Key(
                transport: entry.transportProtocol, client: entry.client, virtual: entry.virtual)
            let reason =
                if isSynced(entry) {
                    "synced"
                } else {
                    table.strangers.contains(key) ? "began_before_capture" : "table_lag"
                }
            without[reason, default: 0] += 1
            if let service { byService[service]?.withoutConnection[reason, default: 0] += 1 }
            strangers.insert(key)
            // One reading later it is no connection of which the packets are on their way to us.
            if let virtual, reason != "table_lag", !isAdopted { adopt(entry, virtual: virtual, at: began) }
        }
        templates.noteReading(at: began.rawValue)
        table.rows = UInt64(entries.count)
        table.rowsWithoutConnection = without
        table.strangers = strangers
        table.services = byService
        table.connectionsWithoutRow = countConnectionsWithoutRow(before: began.rawValue)
    }

    /// The address clients turn to of a row, and where the row's own tells it, its virtual service.
    private func virtual(of entry: ConnectionEntry) -> UInt16? {
        let transport = entry.transportProtocol.rawValue
        let virtual = entry.virtual.address
        let match = topology.table.match(virtual.high, virtual.low, port: entry.virtual.port, transport: transport)
        return match.virtual == FlowRecord.unknown ? nil : match.virtual
    }

    /// Says that the services were made for this capture: no template is older.
    package mutating func beginWithoutTemplates() { templates.noteReading(at: .min) }

    /// Takes in a template from before the capture.
    private mutating func learn(_ entry: ConnectionEntry, of service: UInt16?, at time: Timestamp) {
        // The kernel gives it this port when its real server is gone, and it leads nowhere any more.
        guard entry.virtual.port != .max, let service = service ?? self.service(ofMark: entry),
            let persistence = topology.services[Int(service)].persistence
        else { return }
        templates.learn(
            service: service, client: entry.client.address, prefixLength: persistence.prefixLength,
            timeout: persistence.timeout, endpoint: endpoint(of: entry), expiresIn: entry.expiresIn, at: time.rawValue)
    }

    /// A firewall mark stands where other rows have their virtual address: of IPv6 in its first four bytes.
    private func service(ofMark entry: ConnectionEntry) -> UInt16? {
        let address = entry.virtual.address
        let mark = address.isIPv4 ? address.ipv4Bits : UInt32(truncatingIfNeeded: address.high >> 32)
        let identity = VirtualServiceIdentity.firewallMark(mark, isIPv6: !address.isIPv4)
        return topology.services.firstIndex { $0.identity == identity }.map { UInt16($0) }
    }

    private func find(_ entry: ConnectionEntry, virtual: UInt16) -> UInt32 {
        let client = ClientKey(entry.client, entry.transportProtocol)
        return flows.find(client, client.hash(seed), virtual: virtual)
    }

    private func endpoint(of entry: ConnectionEntry) -> UInt16? {
        let address = entry.realServer.address
        let server = topology.table.match(
            address.high, address.low, port: entry.realServer.port, transport: entry.transportProtocol.rawValue)
        if server.endpoint != FlowRecord.unknown { return server.endpoint }
        return topology.hasFTP ? dataEndpoint(of: entry) : nil
    }

    /// - Returns: Whether the row names the real server that the packets went to.
    mutating func note(_ entry: ConnectionEntry, on number: UInt32, at time: Timestamp) -> Bool {
        guard let server = endpoint(of: entry) else { return false }
        if flows[number].endpoint == FlowRecord.unknown { bind(number, to: server) }
        // A client port scheduled anew shows two rows for a tick: the other one is of its predecessor.
        guard flows[number].endpoint == server else { return false }
        guard let state = EntryState(entry.state, entry.transportProtocol) else { return true }
        let milliseconds = flows[number].milliseconds(at: time.rawValue)
        if flows[notesOf: number].entryFirst == 0 { flows[notesOf: number].entryFirst = milliseconds }
        flows[notesOf: number].entryLast = milliseconds
        flows[notesOf: number].entry = PackedEntry(state: state, expiresIn: entry.expiresIn)
        flows[number].marks.insert(.entryRead)
        follow(entry, on: number, at: time)
        return true
    }

    /// Has our timer run out when the kernel's does: a timeout that was changed holds from an entry's next packet on,
    /// and not every packet may be captured.
    private mutating func follow(_ entry: ConnectionEntry, on number: UInt32, at time: Timestamp) {
        guard flows[number].last <= time.rawValue else { return }
        let left = (Int64(entry.expiresIn) + 1) * 1_000_000_000
        let ours = flows[number].last + timeout(of: flows[number]) - time.rawValue
        flows[notesOf: number].grace = Int32(clamping: (left - ours) / 1_000_000_000)
        flows[number].marks.insert(.graced)
    }

    /// Takes a row of a connection that began before we did into our table, so that its real server is known and its
    /// state followed.
    private mutating func adopt(_ entry: ConnectionEntry, virtual: UInt16, at time: Timestamp) {
        guard !flows.isFull, let server = endpoint(of: entry),
            let state = EntryState(entry.state, entry.transportProtocol)
        else { return }
        let client = ClientKey(entry.client, entry.transportProtocol)
        var record = FlowRecord(client: client, id: 0)
        record.service = topology.virtuals[Int(virtual)].service
        record.virtual = virtual
        record.marks = [.live, .unbound, .beganBefore, .adopted, .established]
        record.state = state
        record.first = time.rawValue
        record.last = time.rawValue
        let number = flows.insert(record, hash: client.hash(seed))
        if topology.hasFTP { controls.add(number, record, in: topology) }
        follow(entry, on: number, at: time)
        bind(number, to: server)
        if flows[number].realServer == FlowRecord.unknown {
            retire(number, outcomeIfOpen: .open)
        } else {
            closed.append(number, in: flows) { $0.isSpare }
        }
    }

    /// Connections that the kernel must still hold and that were not among the rows of the reading at `time`.
    private func countConnectionsWithoutRow(before time: Int64) -> UInt64 {
        var count: UInt64 = 0
        for number in 0..<UInt32(flows.highWater) {
            let record = flows[number]
            guard record.marks.contains(.live), record.first < time, record.endpoint != FlowRecord.unknown else {
                continue
            }
            let read = flows[notesOf: number].entryLast
            let wasRead = read != 0 && read == record.milliseconds(at: time)
            if time - record.last < timeout(of: record), !wasRead { count += 1 }
        }
        return count
    }
}
