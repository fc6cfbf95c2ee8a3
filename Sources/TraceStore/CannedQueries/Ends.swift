extension CannedQuery {
    /// How connections ended, and who is at the other end.
    static let ends = [
        CannedQuery(
            "outcomes", "How connections ended",
            "One row a real server and outcome: closed is as it should be.",
            sql: """
                WITH counted AS (
                    SELECT real_server_id, outcome, count(*) AS connections
                    FROM connection
                    WHERE run_id = :run AND \(isWantedServer)
                    GROUP BY real_server_id, outcome
                )
                SELECT
                    identity AS virtual_service,
                    endpoint AS real_server,
                    name AS outcome,
                    connections,
                    round(100.0 * connections / sum(connections) OVER (PARTITION BY real_server_id), 2) AS percent
                FROM counted
                    JOIN real_server ON real_server.id = real_server_id
                    JOIN virtual_service ON virtual_service.id = virtual_service_id
                    JOIN connection_outcome ON connection_outcome.id = outcome
                ORDER BY identity, endpoint IS NULL, endpoint, connections DESC, outcome
                """),
        CannedQuery(
            "resets", "Resets, and by whom",
            "Connections that an RST ended: by client, real server or director, how many, and an example to look at.",
            sql: """
                WITH
                    reset AS (
                        SELECT real_server_id, outcome, count(*) AS connections, min(first_seen_ns) AS first_ns, min(id) AS id
                        FROM connection
                        WHERE run_id = :run AND outcome IN (2, 3, 4, 10) AND \(isWantedServer)
                        GROUP BY real_server_id, outcome
                    ),
                    counted AS (
                        SELECT real_server_id, count(*) AS total FROM connection WHERE run_id = :run GROUP BY real_server_id
                    )
                SELECT
                    identity AS virtual_service,
                    endpoint AS real_server,
                    CASE outcome WHEN 2 THEN 'client' WHEN 10 THEN 'director' ELSE 'real server' END AS reset_by,
                    iif(outcome = 4, 'the SYN, refused', 'the connection') AS reset_what,
                    connections,
                    round(100.0 * connections / total, 2) AS percent,
                    \(time("first_ns")) AS first,
                    reset.id AS example_connection
                FROM reset
                    JOIN counted USING (real_server_id)
                    JOIN real_server ON real_server.id = real_server_id
                    JOIN virtual_service ON virtual_service.id = virtual_service_id
                ORDER BY connections DESC, identity, endpoint, outcome
                """),
        CannedQuery(
            "top-clients", "The busiest clients",
            "One row a client address, those with the most connections first, and among how many real servers they were spread.",
            sql: """
                SELECT
                    text AS client_address,
                    connections,
                    assignments,
                    real_servers,
                    failed,
                    bytes_in,
                    bytes_out
                FROM (
                    SELECT
                        client >> 16 AS address_id,
                        count(*) AS connections,
                        sum(origin IN (0, 1, 4, 6)) AS assignments,
                        count(DISTINCT real_server_id) AS real_servers,
                        sum(outcome IN (2, 3, 4, 5, 6, 10)) AS failed,
                        sum(vip_in_bytes) AS bytes_in,
                        sum(vip_out_bytes) AS bytes_out
                    FROM connection
                    WHERE run_id = :run AND \(isWantedServer)
                    GROUP BY client >> 16
                )
                JOIN address ON address.id = address_id
                ORDER BY connections DESC, client_address
                LIMIT :limit
                """),
    ]
}
