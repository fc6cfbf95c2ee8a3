internal import Balance
internal import GRDB
internal import IPVSModel

extension TraceStore {
    /// What a report tells of a run beside the evidence for its verdict.
    ///
    /// While a collector is writing, this may hold rows that ``evidence(run:)``, read before, does not.
    package func story(run: Int64) throws(StoreError) -> RunStory {
        try read { database in
            guard
                let row = try Row.fetchOne(
                    database,
                    sql: """
                        SELECT run.*, verdict.value AS verdict
                        FROM run LEFT JOIN verdict ON verdict.run_id = run.id AND verdict.virtual_service_id IS NULL
                        WHERE run.id = ?
                        """, arguments: [run])
            else { throw self.noSuchRun("\(run)") }
            let stored = try self.storedRun(row)
            let axis = TimeAxis(
                from: stored.description.started,
                to: try stored.description.ended ?? Self.lastSeen(run: run, in: database)
                    ?? stored.description.started)
            let servers = try self.storyServers(in: database)

            var services: [VirtualServiceIdentity: ServiceStory] = [:]
            var builder = ConnectionStories(axis: axis)
            try builder.read(run: run, in: database)
            for (service, ids) in Dictionary(grouping: servers.keys, by: { servers[$0]?.service }) {
                let sums = ids.compactMap { id in builder.realServers[id].map { (servers[id]?.endpoint, $0) } }
                if let service, !sums.isEmpty { services[service] = ServiceStory(sums, axis) }
            }
            for (id, readings) in try Self.readings(run: run, axis, in: database) {
                guard let server = servers[id] else { continue }
                var service = services[server.service] ?? ServiceStory()
                if let index = service.realServers.firstIndex(where: { $0.realServer == server.endpoint }) {
                    service.realServers[index].readings = readings
                } else {
                    service.realServers.append(
                        RealServerStory(
                            realServer: server.endpoint, assignments: Array(repeating: 0, count: axis.count),
                            readings: readings))
                }
                services[server.service] = service
            }
            let events = try self.events(run: run, in: database)
            for (service, found) in events {
                if let service { services[service, default: ServiceStory()].events = found }
            }
            for service in services.keys {
                services[service]?.realServers.sort {
                    guard let first = $0.realServer, let second = $1.realServer else { return $0.realServer != nil }
                    return first < second
                }
            }
            return RunStory(
                run: stored, packetsDropped: (row["packets_dropped"] as Int64?).map { UInt64(clamping: $0) },
                axis: axis,
                services: services, events: events[nil] ?? [])
        }
    }

    /// When the run's last connection, event or reading was seen; `nil` if there is none.
    private static func lastSeen(run: Int64, in database: Database) throws -> Timestamp? {
        try Int64.fetchOne(
            database,
            sql: """
                SELECT max(time) FROM (
                    SELECT max(first_seen_ns) AS time FROM connection WHERE run_id = :run
                    UNION ALL SELECT max(time_ns) FROM event WHERE run_id = :run
                    UNION ALL SELECT max(time_ns) FROM sample_virtual_service WHERE run_id = :run)
                """, arguments: ["run": run]
        ).map(Timestamp.init(rawValue:))
    }

    private func storyServers(
        in database: Database
    ) throws -> [Int64: (service: VirtualServiceIdentity, endpoint: Endpoint?)] {
        var servers: [Int64: (service: VirtualServiceIdentity, endpoint: Endpoint?)] = [:]
        for row in try Row.fetchAll(
            database,
            sql: """
                SELECT real_server.id, identity, endpoint
                FROM real_server JOIN virtual_service ON virtual_service.id = virtual_service_id
                """)
        {
            guard let service = VirtualServiceIdentity(row["identity"]) else {
                throw corrupt("virtual_service.identity", row["identity"])
            }
            let endpoint = try (row["endpoint"] as String?).map { text in
                guard let endpoint = Endpoint(text) else { throw corrupt("real_server.endpoint", text) }
                return endpoint
            }
            servers[row["id"]] = (service, endpoint)
        }
        return servers
    }

    /// By real server, the last reading of each step.
    private static func readings(
        run: Int64, _ axis: TimeAxis, in database: Database
    ) throws -> [Int64: [RealServerStory.Reading]] {
        var found: [Int64: [RealServerStory.Reading]] = [:]
        let statement = try RawStatement(
            """
            SELECT real_server_id, time_ns, weight, active, inactive, traced_active, traced_inactive
            FROM sample_real_server WHERE run_id = ? ORDER BY real_server_id, time_ns
            """, in: database)
        defer { statement.reset() }
        statement.bind(run, at: 1)
        while try statement.step() {
            let id = statement.integer(0)
            let reading = RealServerStory.Reading(
                time: Timestamp(rawValue: statement.integer(1)), weight: Int32(clamping: statement.integer(2)),
                active: UInt64(clamping: statement.integer(3)), inactive: UInt64(clamping: statement.integer(4)),
                tracedActive: UInt64(clamping: statement.integer(5)),
                tracedInactive: UInt64(clamping: statement.integer(6)))
            var readings = found.removeValue(forKey: id) ?? []
            if let last = readings.last, axis.index(of: last.time) == axis.index(of: reading.time) {
                readings.removeLast()
            }
            readings.append(reading)
            found[id] = readings
        }
        return found
    }

    /// How many of each kind are kept: enough to know where to look on.
    private static let mostEvents = 5

    /// Changes are few, and each is part of the story.
    private static let mostChanges = 200
    private static let changes = [
        "configuration_changed", "level_changed", "verdict_changed", "drain_began", "drained", "drain_aborted",
    ]

    private func events(run: Int64, in database: Database) throws -> [VirtualServiceIdentity?: [EventStory]] {
        var found: [VirtualServiceIdentity?: [EventStory]] = [:]
        let changes = Self.changes.map { "'\($0)'" }.joined(separator: ", ")
        for row in try Row.fetchAll(
            database,
            sql: """
                WITH numbered AS (
                    SELECT *,
                        row_number() OVER (PARTITION BY virtual_service_id, kind ORDER BY time_ns, id) AS number,
                        count(*) OVER (PARTITION BY virtual_service_id, kind) AS count
                    FROM event WHERE run_id = ?)
                SELECT identity, kind, count, time_ns, real_server.text AS address, numbered.port AS port, connection_id,
                    client_address.text AS client_address, client & 65535 AS client_port, detail
                FROM numbered
                    LEFT JOIN virtual_service ON virtual_service.id = virtual_service_id
                    LEFT JOIN address AS real_server ON real_server.id = numbered.address_id
                    LEFT JOIN connection ON connection.id = connection_id
                    LEFT JOIN address AS client_address ON client_address.id = client >> 16
                WHERE number <= \(Self.mostEvents) OR number <= \(Self.mostChanges) AND kind IN (\(changes))
                ORDER BY identity, count DESC, kind, number
                """, arguments: [run])
        {
            let service = try (row["identity"] as String?).map { text in
                guard let service = VirtualServiceIdentity(text) else {
                    throw corrupt("virtual_service.identity", text)
                }
                return service
            }
            let event = StoredEvent(
                time: Timestamp(rawValue: row["time_ns"]), realServer: try endpoint(row, "address", "port"),
                connection: row["connection_id"], client: try endpoint(row, "client_address", "client_port"),
                detail: row["detail"])
            let kind: String = row["kind"]
            var stories = found.removeValue(forKey: service) ?? []
            if stories.last?.kind != kind { stories.append(EventStory(kind: kind, count: row["count"], first: [])) }
            stories[stories.count - 1].first.append(event)
            found[service] = stories
        }
        return found
    }

    func endpoint(_ row: Row, _ address: String, _ port: String) throws -> Endpoint? {
        guard let text = row[address] as String? else { return nil }
        guard let address = IPAddress(text) else { throw corrupt("address.text", text) }
        return Endpoint(address: address, port: UInt16(clamping: row[port] as Int64? ?? 0))
    }
}
