extension CannedQuery {
    /// How many connections there were at a time.
    static let loads = [
        CannedQuery(
            "states", "Connections per state, second by second",
            "Begun and ended in each second, and at its end: in handshake, established, beside the kernel's active and inactive.",
            sql: """
                WITH
                    changes AS (
                        SELECT first_seen_ns / 1000000000 AS second, count(*) AS begun, 0 AS established, 0 AS ended,
                            0 AS ended_established
                        FROM connection WHERE run_id = :run AND \(isWantedServer) GROUP BY 1
                        UNION ALL SELECT
                            (first_seen_ns + coalesce(vip_syn_ns, 0) + 100 * (coalesce(dip_syn, 0)
                                + coalesce(dip_syn_ack, 0) + coalesce(vip_syn_ack, 0) + ack)) / 1000000000,
                            0, count(*), 0, 0
                        FROM connection WHERE run_id = :run AND ack IS NOT NULL AND \(isWantedServer) GROUP BY 1
                        UNION ALL SELECT
                            (first_seen_ns + coalesce(vip_syn_ns, 0) + 100 * (coalesce(dip_syn, 0)
                                + coalesce(dip_syn_ack, 0) + coalesce(vip_syn_ack, 0) + coalesce(ack, 0)
                                + coalesce(request, 0) + coalesce(response, 0) + coalesce(ended, last)))
                                / 1000000000,
                            0, 0, count(*), count(ack)
                        FROM connection WHERE run_id = :run AND outcome <> 0 AND \(isWantedServer) GROUP BY 1
                    ),
                    -- The last reading of each second.
                    readings AS (
                        SELECT second, sum(active) AS active, sum(inactive) AS inactive
                        FROM (
                            SELECT time_ns / 1000000000 AS second, max(time_ns), active, inactive
                            FROM sample_real_server WHERE run_id = :run AND \(isWantedServer)
                            GROUP BY 1, real_server_id
                        )
                        GROUP BY second
                    ),
                    seconds AS (
                        SELECT
                            second,
                            sum(begun) AS begun,
                            sum(established) AS established,
                            sum(ended) AS ended,
                            sum(ended_established) AS ended_established
                        FROM (SELECT * FROM changes UNION ALL SELECT second, 0, 0, 0, 0 FROM readings)
                        GROUP BY second
                    )
                SELECT
                    strftime('%Y-%m-%dT%H:%M:%SZ', second, 'unixepoch') AS time,
                    begun,
                    ended,
                    sum(begun - established - ended + ended_established) OVER so_far AS in_handshake,
                    sum(established - ended_established) OVER so_far AS established,
                    active AS kernel_active,
                    inactive AS kernel_inactive
                FROM seconds LEFT JOIN readings USING (second)
                WINDOW so_far AS (ORDER BY second)
                ORDER BY second
                """),
        CannedQuery(
            "drain-curves", "Real servers without a weight, emptying",
            "One row a second since a real server's weight became 0: how many connections it still had, and how many still came.",
            sql: """
                WITH
                    numbered AS (
                        SELECT
                            *,
                            -- The same number as long as the weight stays 0.
                            sum(weight > 0) OVER (PARTITION BY real_server_id ORDER BY time_ns) AS stretch
                        FROM sample_real_server WHERE run_id = :run AND \(isWantedServer)
                    ),
                    draining AS (
                        SELECT
                            *,
                            min(time_ns) OVER own AS began_ns,
                            min(assignments) OVER own AS assignments_before
                        FROM numbered WHERE weight = 0
                        WINDOW own AS (PARTITION BY real_server_id, stretch)
                    )
                SELECT
                    \(time("began_ns")) AS began,
                    identity AS virtual_service,
                    endpoint AS real_server,
                    round((time_ns - began_ns) / 1e9, 3) AS seconds,
                    active AS kernel_active,
                    inactive AS kernel_inactive,
                    traced_active,
                    traced_inactive,
                    assignments - assignments_before AS new_assignments
                FROM draining
                    JOIN real_server ON real_server.id = real_server_id
                    JOIN virtual_service ON virtual_service.id = virtual_service_id
                ORDER BY began_ns, identity, endpoint, time_ns
                """),
    ]
}
