internal import ConnectionTracing
internal import GRDB
internal import IPVSModel

extension TraceStore {
    /// Which rows are meant.
    enum ConnectionRows {
        /// The next ones in order of id, so many at most.
        case after(Int64, limit: Int)
        case among([Int64])
    }

    func observedConnections(_ rows: ConnectionRows, run: Int64?) throws(StoreError) -> [ObservedConnection] {
        let select = """
            SELECT connection.id AS id, run_id, identity, coalesce(connection.protocol, virtual_service.protocol) AS protocol,
                address.text AS client_address, client & 65535 AS client_port, endpoint, connection_origin.name AS origin,
                outcome, first_seen_ns,
                CASE WHEN dip_syn IS NOT NULL THEN dip_syn_ack / 1e7 END AS real_server_connect,
                CASE WHEN vip_syn_ack IS NOT NULL THEN ack / 1e7 END AS client_handshake,
                CASE WHEN request IS NOT NULL THEN response / 1e7 END AS time_to_first_byte,
                (coalesce(vip_syn_ns / 100, 0) + coalesce(dip_syn, 0) + coalesce(dip_syn_ack, 0)
                    + coalesce(vip_syn_ack, 0) + coalesce(ack, 0) + coalesce(request, 0) + coalesce(response, 0)
                    + coalesce(ended, 0) + last) / 1e7 AS duration,
                vip_in_packets, vip_out_packets, vip_in_bytes, vip_out_bytes
            FROM connection
                JOIN real_server ON real_server.id = real_server_id
                JOIN virtual_service ON virtual_service.id = virtual_service_id
                JOIN address ON address.id = client >> 16
                JOIN connection_origin ON connection_origin.id = origin
            """
        return try read { database in
            let found: [Row]
            let ofRun = run == nil ? "" : " AND run_id = :run"
            switch rows {
            case .after(let id, let limit):
                // The plus: in order of id, rather than by run and then sorted.
                found = try Row.fetchAll(
                    database,
                    sql: select + " WHERE connection.id > :id\(run == nil ? "" : " AND +run_id = :run")"
                        + " ORDER BY connection.id LIMIT :limit",
                    arguments: ["id": id, "limit": Int64(limit)].merging(run.map { ["run": $0] } ?? [:]) { first, _ in
                        first
                    }
                    .asArguments)
            case .among(let ids):
                let list = ids.map(String.init).joined(separator: ",")
                found = try Row.fetchAll(
                    database, sql: select + " WHERE connection.id IN (\(list))\(ofRun) ORDER BY connection.id",
                    arguments: (run.map { ["run": $0] } ?? [:]).asArguments)
            }
            return try found.map(self.observedConnection)
        }
    }

    private func observedConnection(_ row: Row) throws -> ObservedConnection {
        guard let service = VirtualServiceIdentity(row["identity"]) else {
            throw corrupt("virtual_service.identity", row["identity"])
        }
        guard let address = IPAddress(row["client_address"] as String) else {
            throw corrupt("address.text", row["client_address"])
        }
        guard let outcome = (row["outcome"] as UInt8?).flatMap(ConnectionOutcome.init(rawValue:)) else {
            throw corrupt("connection.outcome", "\(row["outcome"] as Int64)")
        }
        return ObservedConnection(
            id: row["id"], run: row["run_id"], virtualService: service,
            transportProtocol: TransportProtocol(rawValue: row["protocol"] ?? 0),
            client: Endpoint(address: address, port: row["client_port"]),
            realServer: try (row["endpoint"] as String?).map { text in
                guard let endpoint = Endpoint(text) else { throw corrupt("real_server.endpoint", text) }
                return endpoint
            }, origin: row["origin"], outcome: outcome, firstSeen: Timestamp(rawValue: row["first_seen_ns"]),
            realServerConnect: row["real_server_connect"], clientHandshake: row["client_handshake"],
            timeToFirstByte: row["time_to_first_byte"], duration: row["duration"], packetsIn: row["vip_in_packets"],
            packetsOut: row["vip_out_packets"], bytesIn: row["vip_in_bytes"], bytesOut: row["vip_out_bytes"])
    }

    /// Troubles with connections after an event's id, with their ids.
    func observedTroubles(
        after id: Int64, run: Int64?, limit: Int
    ) throws(StoreError) -> [(id: Int64, trouble: ObservedTrouble)] {
        let kinds = TraceEvent.Kind.troubles.map { "'\($0.rawValue)'" }.joined(separator: ", ")
        return try read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT event.id AS id, event.run_id AS run_id, time_ns, kind, connection_id, identity, detail,
                        client_address.text AS client_address, client & 65535 AS client_port,
                        server_address.text AS address, event.port AS port
                    FROM event
                        LEFT JOIN connection ON connection.id = connection_id
                        LEFT JOIN address AS client_address ON client_address.id = client >> 16
                        LEFT JOIN virtual_service ON virtual_service.id = virtual_service_id
                        LEFT JOIN address AS server_address ON server_address.id = event.address_id
                    WHERE event.id > :id\(run == nil ? "" : " AND +event.run_id = :run") AND kind IN (\(kinds))
                    ORDER BY event.id LIMIT :limit
                    """,
                arguments: ["id": id, "limit": Int64(limit)].merging(run.map { ["run": $0] } ?? [:]) { first, _ in first
                }
                .asArguments
            ).map { row in
                let service = try (row["identity"] as String?).map { text in
                    guard let service = VirtualServiceIdentity(text) else {
                        throw corrupt("virtual_service.identity", text)
                    }
                    return service
                }
                return (
                    row["id"],
                    ObservedTrouble(
                        run: row["run_id"], time: Timestamp(rawValue: row["time_ns"]), kind: row["kind"],
                        connection: row["connection_id"], client: try endpoint(row, "client_address", "client_port"),
                        virtualService: service, realServer: try endpoint(row, "address", "port"), detail: row["detail"]
                    )
                )
            }
        }
    }

    /// The greatest ids of connections and of events, and the ids among the latest connections that have no row (yet).
    func feedPosition(lookingBack count: Int) throws(StoreError) -> (connection: Int64, event: Int64, gaps: [Int64]) {
        try read { database in
            let last = try Int64.fetchOne(database, sql: "SELECT coalesce(max(id), 0) FROM connection") ?? 0
            let event = try Int64.fetchOne(database, sql: "SELECT coalesce(max(id), 0) FROM event") ?? 0
            let first = max(last - Int64(count), 0)
            let known = Set(
                try Int64.fetchAll(database, sql: "SELECT id FROM connection WHERE id > ?", arguments: [first]))
            return (last, event, last > first ? (first + 1...last).filter { !known.contains($0) } : [])
        }
    }

    /// The greatest ids of what was seen before a moment.
    func positions(before time: Timestamp) throws(StoreError) -> (connection: Int64, event: Int64) {
        try read { database in
            // From the end: ids grow with time.
            let last = { (table: String, column: String) in
                try Int64.fetchOne(
                    database, sql: "SELECT id FROM \(table) WHERE \(column) < ? ORDER BY id DESC LIMIT 1",
                    arguments: [time.rawValue]) ?? 0
            }
            return (try last("connection", "first_seen_ns"), try last("event", "time_ns"))
        }
    }

    /// A number that changes when another process has written.
    func dataVersion() throws(StoreError) -> Int64 {
        try read { try Int64.fetchOne($0, sql: "PRAGMA data_version") ?? 0 }
    }
}

extension [String: Int64] {
    fileprivate var asArguments: StatementArguments { StatementArguments(self) }
}
