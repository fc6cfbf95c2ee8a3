extension CannedQuery {
    /// How long it took.
    static let waits = [
        CannedQuery(
            "latency", "Percentiles of each real server",
            "How long it took to connect, until the first byte of the answer, and altogether, in milliseconds; by nearest rank.",
            sql: """
                WITH
                    measured AS (
                        SELECT
                            real_server_id,
                            count(CASE WHEN dip_syn IS NOT NULL THEN dip_syn_ack END) AS connects,
                            percentiles(CASE WHEN dip_syn IS NOT NULL THEN dip_syn_ack END, 50, 90, 99, 100) AS connect,
                            count(CASE WHEN request IS NOT NULL THEN response END) AS responses,
                            percentiles(CASE WHEN request IS NOT NULL THEN response END, 50, 90, 99, 100) AS response,
                            count(*) AS connections,
                            percentiles(
                                coalesce(vip_syn_ns / 100, 0) + coalesce(dip_syn, 0) + coalesce(dip_syn_ack, 0)
                                    + coalesce(vip_syn_ack, 0) + coalesce(ack, 0) + coalesce(request, 0)
                                    + coalesce(response, 0) + coalesce(ended, 0) + last, 50, 90, 99, 100) AS duration
                        FROM connection
                        WHERE run_id = :run AND \(isWantedServer)
                        GROUP BY real_server_id
                    ),
                    listed AS (
                        SELECT real_server_id, 1 AS place, 'real_server_connect' AS measure, connects AS count,
                            connect AS ticks FROM measured
                        UNION ALL SELECT real_server_id, 2, 'time_to_first_byte', responses, response FROM measured
                        UNION ALL SELECT real_server_id, 3, 'duration', connections, duration FROM measured
                    )
                SELECT
                    identity AS virtual_service,
                    endpoint AS real_server,
                    measure,
                    count,
                    (ticks ->> '$[0]') / 1e4 AS p50_ms,
                    (ticks ->> '$[1]') / 1e4 AS p90_ms,
                    (ticks ->> '$[2]') / 1e4 AS p99_ms,
                    (ticks ->> '$[3]') / 1e4 AS max_ms
                FROM listed
                    JOIN real_server ON real_server.id = real_server_id
                    JOIN virtual_service ON virtual_service.id = virtual_service_id
                WHERE count > 0
                ORDER BY identity, endpoint IS NULL, endpoint, place
                """),
        CannedQuery(
            "slowest-connections", "The slowest connections",
            "Connections that waited longest for director and real server until the first byte of the answer, step by step.",
            sql: """
                WITH slowest AS (
                    SELECT
                        id,
                        coalesce(dip_syn, 0) + coalesce(vip_syn_ack, 0) AS forwarding,
                        coalesce(dip_syn, 0) + coalesce(dip_syn_ack, 0) + coalesce(vip_syn_ack, 0)
                            + coalesce(response, 0) AS waited,
                        coalesce(ack, 0) + coalesce(request, 0) AS own
                    FROM connection
                    WHERE run_id = :run AND \(isWantedServer)
                    ORDER BY waited DESC, id
                    LIMIT :limit
                )
                SELECT
                    id AS connection,
                    first_seen,
                    virtual_service,
                    client_address || ':' || client_port AS client,
                    real_server,
                    outcome,
                    waited / 1e4 AS waited_ms,
                    forwarding / 1e4 AS forwarding_ms,
                    round(real_server_connect * 1e3, 4) AS connect_ms,
                    round(time_to_first_byte * 1e3, 4) AS answer_ms,
                    own / 1e4 AS client_ms,
                    vip_in_repeated + vip_out_repeated AS repeated
                FROM slowest JOIN connections USING (id)
                ORDER BY waited DESC, id
                """),
        CannedQuery(
            "stalls", "Connections that had to wait",
            "Steps that took 0.9 s or more, or never came: for whom the connection waited, and what was sent again meanwhile.",
            sql: """
                SELECT
                    time,
                    virtual_service,
                    client_address || ':' || client_port AS client,
                    real_server,
                    step,
                    waiting_for,
                    seconds,
                    repeated,
                    outcome,
                    connection_id AS connection
                FROM stalls
                WHERE run_id = :run AND \(isWanted)
                ORDER BY seconds IS NOT NULL, seconds DESC, connection_id
                LIMIT :limit
                """),
    ]
}
