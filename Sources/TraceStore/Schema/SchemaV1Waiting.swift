extension Migration {
    /// Views of version 1 that tell how long things took.
    static let v1Waiting = """
        CREATE VIEW latency AS
            -- Percentiles by nearest rank, in seconds, of each real server.
            WITH
                measured AS (
                    SELECT run_id, real_server_id, 0 AS measure, dip_syn_ack AS ticks
                    FROM connection WHERE dip_syn IS NOT NULL AND dip_syn_ack IS NOT NULL
                    UNION ALL SELECT run_id, real_server_id, 1, response
                    FROM connection WHERE request IS NOT NULL AND response IS NOT NULL
                    UNION ALL SELECT
                        run_id,
                        real_server_id,
                        2,
                        coalesce(vip_syn_ns / 100, 0) + coalesce(dip_syn, 0) + coalesce(dip_syn_ack, 0)
                            + coalesce(vip_syn_ack, 0) + coalesce(ack, 0) + coalesce(request, 0)
                            + coalesce(response, 0) + coalesce(ended, 0) + last
                    FROM connection
                ),
                ranked AS (
                    SELECT
                        run_id,
                        real_server_id,
                        measure,
                        ticks,
                        row_number() OVER (PARTITION BY run_id, real_server_id, measure ORDER BY ticks) AS rank,
                        count(*) OVER (PARTITION BY run_id, real_server_id, measure) AS count
                    FROM measured
                )
            SELECT
                run_id,                          -- run.id
                identity AS virtual_service,     -- tcp/192.168.122.100:80
                endpoint AS real_server,         -- NULL: it was not seen which one
                -- as in view connections: real_server_connect, time_to_first_byte or duration
                CASE measure
                    WHEN 0 THEN 'real_server_connect' WHEN 1 THEN 'time_to_first_byte' ELSE 'duration'
                    END AS measure,
                count,                           -- connections in which both ends of it were seen
                max(CASE WHEN rank = (count * 50 + 99) / 100 THEN ticks END) / 1e7 AS p50, -- half took no longer
                max(CASE WHEN rank = (count * 90 + 99) / 100 THEN ticks END) / 1e7 AS p90, -- nine of ten took no longer
                max(CASE WHEN rank = (count * 99 + 99) / 100 THEN ticks END) / 1e7 AS p99, -- 99 of 100 took no longer
                max(ticks) / 1e7 AS max          -- the longest
            FROM ranked
                JOIN real_server ON real_server.id = real_server_id
                JOIN virtual_service ON virtual_service.id = virtual_service_id
            WHERE rank IN ((count * 50 + 99) / 100, (count * 90 + 99) / 100, (count * 99 + 99) / 100, count)
            GROUP BY run_id, real_server_id, measure;

        CREATE VIEW stalls AS
            -- Where connections had to wait: one row each step of a connection that took 0.9 s or more (the first repeated
            -- SYN comes after one) or that never came.
            WITH waits AS (
                SELECT id, 1 AS step, vip_syn_ns AS after_ns, dip_syn AS ticks
                FROM connection WHERE vip_syn_ns IS NOT NULL AND (dip_syn >= 9000000 OR outcome = 6 AND dip_syn IS NULL)
                UNION ALL SELECT id, 2, coalesce(vip_syn_ns, 0) + dip_syn * 100, dip_syn_ack
                FROM connection
                WHERE dip_syn IS NOT NULL AND (dip_syn_ack >= 9000000 OR outcome = 5 AND dip_syn_ack IS NULL)
                UNION ALL SELECT id, 3, coalesce(vip_syn_ns, 0) + (coalesce(dip_syn, 0) + dip_syn_ack) * 100, vip_syn_ack
                FROM connection WHERE dip_syn_ack IS NOT NULL AND vip_syn_ack >= 9000000
                UNION ALL SELECT
                    id, 4, coalesce(vip_syn_ns, 0) + (coalesce(dip_syn, 0) + coalesce(dip_syn_ack, 0) + vip_syn_ack) * 100,
                    ack
                FROM connection WHERE vip_syn_ack IS NOT NULL AND ack >= 9000000
                UNION ALL SELECT
                    id,
                    5,
                    coalesce(vip_syn_ns, 0) + (coalesce(dip_syn, 0) + coalesce(dip_syn_ack, 0) + coalesce(vip_syn_ack, 0)
                        + coalesce(ack, 0) + request) * 100,
                    response
                FROM connection WHERE request IS NOT NULL AND response >= 9000000
            )
            SELECT
                run_id,                          -- run.id
                connection.id AS connection_id,  -- connections.id
                strftime('%Y-%m-%dT%H:%M:%S', (first_seen_ns + after_ns) / 1000000000, 'unixepoch')
                    || printf('.%09dZ', (first_seen_ns + after_ns) % 1000000000) AS time, -- since when, in UTC
                identity AS virtual_service,     -- tcp/192.168.122.100:80
                address.text AS client_address,  -- the client's
                client & 65535 AS client_port,   -- the client's
                endpoint AS real_server,         -- NULL if it was not seen which one
                -- the column of view connections that tells how long
                CASE step
                    WHEN 1 THEN 'forwarding_delay_in' WHEN 2 THEN 'real_server_connect' WHEN 3 THEN 'forwarding_delay_out'
                    WHEN 4 THEN 'client_handshake' ELSE 'time_to_first_byte'
                    END AS step,
                -- director, real server or client
                CASE step WHEN 1 THEN 'director' WHEN 3 THEN 'director' WHEN 4 THEN 'client' ELSE 'real server' END
                    AS waiting_for,
                ticks / 1e7 AS seconds,          -- how long; NULL: it never came
                coalesce(unusual ->> '$.repeated[0]', 0) + coalesce(unusual ->> '$.repeated[1]', 0)
                    AS repeated,                 -- segments sent again, both ways on the VIP side
                connection_outcome.name AS outcome -- how the connection ended
            FROM waits
                JOIN connection ON connection.id = waits.id
                JOIN real_server ON real_server.id = real_server_id
                JOIN virtual_service ON virtual_service.id = virtual_service_id
                JOIN address ON address.id = client >> 16
                JOIN connection_outcome ON connection_outcome.id = outcome;
        """
}
