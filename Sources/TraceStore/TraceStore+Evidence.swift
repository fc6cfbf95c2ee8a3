package import Balance
internal import GRDB
internal import IPVSModel

extension TraceStore {
    /// Everything a verdict on a run rests on.
    ///
    /// Virtual services come in their own order. A run that never ended has no counters of real servers, and a service
    /// whose settings were never read has no configuration.
    package func evidence(run: Int64) throws(StoreError) -> RunEvidence {
        // One read transaction: a collector may be writing at the same time.
        try read { database in
            guard let row = try Row.fetchOne(database, sql: "SELECT * FROM run WHERE id = ?", arguments: [run]) else {
                throw self.noSuchRun("\(run)")
            }
            let names = try Names(of: self, in: database)
            let configurations = try self.configurations(run: run, names, in: database)
            let assignments = try Self.assignments(run: run, names, in: database)
            let closing = try self.closing(run: run, names, in: database)
            let entries = try Self.entryEvidence(
                run: run, services: names.virtualServices, realServers: names.realServers, in: database)
            let identities = Set(configurations.keys).union(assignments.keys).union(closing.keys)
            return RunEvidence(
                run: try self.runDescription(row),
                virtualServices: identities.sorted().map { identity in
                    VirtualServiceEvidence(
                        identity: identity, configurations: configurations[identity] ?? [],
                        assignments: assignments[identity] ?? [], realServers: closing[identity]?.realServers ?? [],
                        kernel: closing[identity]?.kernel,
                        causes: closing[identity]?.causes ?? [:],
                        unmatchedPackets: closing[identity]?.unmatchedPackets ?? 0, table: closing[identity]?.table,
                        entryChanges: entries.changes[identity] ?? [], entryReadings: entries.readings[identity] ?? [])
                },
                packetsDropped: (row["packets_dropped"] as Int64?).map { UInt64(clamping: $0) } ?? 0,
                levels: try self.levels(run: run, in: database))
        }
    }

    /// The dictionaries, the other way round.
    private struct Names {
        private var addresses: [Int64: IPAddress] = [:]
        var virtualServices: [Int64: VirtualServiceIdentity] = [:]
        /// `nil` for the row that stands for "it was not seen which one".
        var realServers: [Int64: Endpoint?] = [:]

        init(of store: TraceStore, in database: Database) throws {
            for row in try Row.fetchAll(database, sql: "SELECT id, identity FROM virtual_service") {
                guard let identity = VirtualServiceIdentity(row["identity"]) else {
                    throw store.corrupt("virtual_service.identity", row["identity"])
                }
                virtualServices[row["id"]] = identity
            }
            for row in try Row.fetchAll(database, sql: "SELECT id, endpoint FROM real_server") {
                guard let text = row["endpoint"] as String? else {
                    realServers[row["id"]] = .some(nil)
                    continue
                }
                guard let endpoint = Endpoint(text) else { throw store.corrupt("real_server.endpoint", text) }
                realServers[row["id"]] = endpoint
            }
        }

        /// An address by id, read when first asked for: a database may hold many more than a run has.
        mutating func address(_ id: Int64, in database: Database) throws -> IPAddress {
            if let known = addresses[id] { return known }
            let statement = try database.cachedStatement(sql: "SELECT text FROM address WHERE id = ?")
            guard let text = try String.fetchOne(statement, arguments: [id]), let address = IPAddress(text) else {
                throw DatabaseError(resultCode: .SQLITE_CORRUPT)
            }
            addresses[id] = address
            return address
        }
    }

    private func levels(run: Int64, in database: Database) throws -> [LevelChange] {
        try Row.fetchAll(
            database, sql: "SELECT * FROM run_level WHERE run_id = ? ORDER BY time_ns", arguments: [run]
        ).map { row in
            guard let level = CaptureLevel(rawValue: row["level"]) else {
                throw corrupt("run_level.level", row["level"])
            }
            guard let cause = LevelChange.Cause(rawValue: row["cause"]) else {
                throw corrupt("run_level.cause", row["cause"])
            }
            return LevelChange(time: Timestamp(rawValue: row["time_ns"]), level: level, cause: cause)
        }
    }

    private func configurations(
        run: Int64, _ names: Names, in database: Database
    ) throws -> [VirtualServiceIdentity: [ServiceConfiguration]] {
        var found: [VirtualServiceIdentity: [ServiceConfiguration]] = [:]
        for row in try Row.fetchAll(
            database, sql: "SELECT * FROM configuration WHERE run_id = ? ORDER BY id", arguments: [run])
        {
            guard let identity = names.virtualServices[row["virtual_service_id"]] else { continue }
            let servers = try Row.fetchAll(
                database, sql: "SELECT * FROM configuration_real_server WHERE configuration_id = ? ORDER BY position",
                arguments: [row["id"] as Int64])
            found[identity, default: []].append(
                ServiceConfiguration(
                    notBefore: Timestamp(rawValue: row["not_before_ns"]), seen: Timestamp(rawValue: row["seen_ns"]),
                    scheduler: Scheduler(rawValue: row["scheduler"]), flags: .init(rawValue: row["flags"]),
                    persistenceTimeout: row["persistence_s"], persistencePrefixLength: row["persistence_prefix"],
                    realServers: try servers.map { try configuredRealServer($0, names) }))
        }
        return found
    }

    private func configuredRealServer(_ row: Row, _ names: Names) throws -> ConfiguredRealServer {
        guard let endpoint = names.realServers[row["real_server_id"]] ?? nil else {
            throw corrupt("configuration_real_server.real_server_id", "\(row["real_server_id"] as Int64)")
        }
        guard let method = ForwardingMethod(rawValue: row["forwarding"]) else {
            throw corrupt("configuration_real_server.forwarding", row["forwarding"])
        }
        return ConfiguredRealServer(
            endpoint: endpoint, weight: row["weight"], forwardingMethod: method,
            upperThreshold: row["upper_threshold"], lowerThreshold: row["lower_threshold"])
    }

    private static func assignments(
        run: Int64, _ names: Names, in database: Database
    ) throws -> [VirtualServiceIdentity: AssignmentList] {
        var names = names
        var found: [Int64: AssignmentList] = [:]
        let statement = try RawStatement(
            """
            SELECT connection_id, virtual_service_id, real_server_id, assigned_ns, client_address_id, client_port,
                real_server_connect_ns, is_scheduled, duration_ns
            FROM assignments WHERE run_id = ? ORDER BY assigned_ns, connection_id
            """, in: database)
        defer { statement.reset() }
        statement.bind(run, at: 1)
        while try statement.step() {
            found[statement.integer(1), default: []].append(
                Assignment(
                    connection: statement.integer(0), time: Timestamp(rawValue: statement.integer(3)),
                    client: Endpoint(
                        address: try names.address(statement.integer(4), in: database),
                        port: UInt16(clamping: statement.integer(5))),
                    realServer: names.realServers[statement.integer(2)] ?? nil,
                    realServerConnect: statement.optionalInteger(6), duration: statement.optionalInteger(8),
                    isScheduled: statement.optionalInteger(7).map { $0 != 0 }))
        }
        return Dictionary(
            found.compactMap { id, list in names.virtualServices[id].map { ($0, list) } },
            uniquingKeysWith: { first, _ in first })
    }

    /// What was written when the run ended.
    private func closing(
        run: Int64, _ names: Names, in database: Database
    ) throws -> [VirtualServiceIdentity: RunSummary.Service] {
        var found: [VirtualServiceIdentity: RunSummary.Service] = [:]
        for row in try Row.fetchAll(
            database, sql: "SELECT * FROM run_virtual_service WHERE run_id = ?", arguments: [run])
        {
            guard let identity = names.virtualServices[row["virtual_service_id"]] else { continue }
            let table = (row["table_rows"] as UInt64?).flatMap { rows in
                (row["table_matched"] as UInt64?).map { TableEvidence(rows: rows, matched: $0) }
            }
            found[identity] = RunSummary.Service(
                identity: identity, kernel: Self.counters(row, "kernel"),
                unmatchedPackets: row["unmatched_packets"], table: table)
        }
        for row in try Row.fetchAll(
            database,
            sql: """
                SELECT run_real_server.*, virtual_service_id
                FROM run_real_server JOIN real_server ON real_server.id = real_server_id
                WHERE run_id = ? ORDER BY virtual_service_id, position
                """, arguments: [run])
        {
            guard let identity = names.virtualServices[row["virtual_service_id"]],
                let endpoint = names.realServers[row["real_server_id"]] ?? nil
            else { continue }
            found[identity]?.realServers.append(
                RealServerEvidence(
                    endpoint: endpoint, captured: Self.counters(row, "captured") ?? TrafficCounters(),
                    kernel: Self.counters(row, "kernel"),
                    uncertain: Self.counters(row, "uncertain") ?? TrafficCounters(),
                    entries: Self.entries(row, "kernel").flatMap { kernel in
                        Self.entries(row, "traced").map { EntryEvidence(kernel: kernel, traced: $0) }
                    }))
        }
        for row in try Row.fetchAll(database, sql: "SELECT * FROM run_cause WHERE run_id = ?", arguments: [run]) {
            guard let cause = DifferenceCause(rawValue: row["cause"]) else {
                throw corrupt("run_cause.cause", row["cause"])
            }
            guard let identity = names.virtualServices[row["virtual_service_id"]] else { continue }
            if row["of_rows"] {
                found[identity]?.table?.withoutConnection[cause] = row["count"]
            } else {
                found[identity]?.causes[cause] = row["count"]
            }
        }
        return found
    }

    private static func entries(_ row: Row, _ prefix: String) -> EntryCounts? {
        (row["\(prefix)_active"] as UInt64?).flatMap { active in
            (row["\(prefix)_inactive"] as UInt64?).map { EntryCounts(active: active, inactive: $0) }
        }
    }

    private static func counters(_ row: Row, _ prefix: String) -> TrafficCounters? {
        func column(_ name: String) -> UInt64? { row["\(prefix)_\(name)"] }
        guard let connections = column("conns"), let inPackets = column("in_packets"),
            let outPackets = column("out_packets"), let inBytes = column("in_bytes"),
            let outBytes = column("out_bytes")
        else { return nil }
        return TrafficCounters(
            connections: connections, inPackets: inPackets, outPackets: outPackets, inBytes: inBytes,
            outBytes: outBytes)
    }
}
