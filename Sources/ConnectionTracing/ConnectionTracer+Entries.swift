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
            uniqueKeysWithValues: services.indices.map { (UInt16($0), TableTrace()) })
        for entry in entries {
            let service = service(of: entry)
            if entry.isTemplate {
                without["template", default: 0] += 1
                if let service { byService[service]?.withoutConnection["template", default: 0] += 1 }
                continue
            }
            if let service { byService[service]?.rows += 1 }
            let number = service.map { find(entry, service: $0) } ?? FlowTable.none
            if let service, number != FlowTable.none {
                if note(entry, on: number, at: began) {
                    byService[service]?.matched += 1
                } else {
                    byService[service]?.withoutConnection["other_real_server", default: 0] += 1
                }
                continue
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
        }
        table.rows = UInt64(entries.count)
        table.rowsWithoutConnection = without
        table.strangers = strangers
        table.services = byService
        table.connectionsWithoutRow = countConnectionsWithoutRow(before: began.rawValue)
    }

    private func service(of entry: ConnectionEntry) -> UInt16? {
        let transport = entry.transportProtocol.rawValue
        let virtual = entry.virtual.address
        let match = endpoints.match(virtual.high, virtual.low, port: entry.virtual.port, transport: transport)
        return match.role == .service ? match.index : nil
    }

    private func find(_ entry: ConnectionEntry, service: UInt16) -> UInt32 {
        let client = ClientKey(entry.client, entry.transportProtocol)
        return flows.find(client.hash(seed)) { record, _ in
            record.service == service && record.belongs(to: client)
        }
    }

    /// - Returns: Whether the row names the real server that the packets went to.
    private mutating func note(_ entry: ConnectionEntry, on number: UInt32, at time: Timestamp) -> Bool {
        let address = entry.realServer.address
        let server = endpoints.match(
            address.high, address.low, port: entry.realServer.port, transport: entry.transportProtocol.rawValue)
        guard server.role == .realServer else { return false }
        if flows[number].endpoint == FlowRecord.unknown { bind(number, to: server.index) }
        // A client port scheduled anew shows two rows for a tick: the other one is of its predecessor.
        guard flows[number].endpoint == server.index else { return false }
        guard let state = KernelTCPState(entry.state) else { return true }
        let milliseconds = flows[number].milliseconds(at: max(time.rawValue, flows[number].first))
        if flows[number].entryFirst == 0 { flows[number].entryFirst = milliseconds }
        flows[number].entryLast = milliseconds
        flows[number].dip.extra = PackedEntry(state: state, expiresIn: entry.expiresIn).rawValue
        flows[number].marks.insert(.entryRead)
        return true
    }

    /// Connections that the kernel must still hold and that were not among the rows of the reading at `time`.
    private func countConnectionsWithoutRow(before time: Int64) -> UInt64 {
        var count: UInt64 = 0
        for number in 0..<UInt32(flows.highWater) {
            let record = flows[number]
            guard record.marks.contains(.live), record.first < time, record.endpoint != FlowRecord.unknown else {
                continue
            }
            let timeout = record.kernelState.timeout(timeouts) * 1_000_000_000
            let wasRead = record.entryLast != 0 && record.entryLast == record.milliseconds(at: time)
            if time - record.last < timeout, !wasRead { count += 1 }
        }
        return count
    }
}
