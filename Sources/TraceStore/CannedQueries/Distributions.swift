extension CannedQuery {
    /// Who got how much.
    static let distributions = [
        CannedQuery(
            "distribution", "Who got what",
            "One row a real server: its assignments beside what it was due, and beside what the kernel counted.",
            sql: """
                SELECT
                    virtual_service,
                    real_server,
                    weight,
                    assignments,
                    round(expected, 1) AS expected,
                    round(share * 100, 2) AS share_percent,
                    kernel_conns,
                    packets_in,
                    packets_out,
                    bytes_in,
                    bytes_out
                FROM distribution
                WHERE run_id = :run AND \(isWanted)
                ORDER BY virtual_service, real_server IS NULL, real_server
                """),
        CannedQuery(
            "distribution-per-second", "Who got what, second by second",
            "One row a second and real server: its assignments then, and its part of all so far.",
            sql: """
                SELECT
                    time,
                    virtual_service,
                    real_server,
                    assignments,
                    round(share * 100, 2) AS share_percent,
                    assignments_so_far,
                    round(share_so_far * 100, 2) AS share_percent_so_far
                FROM distribution_per_second
                WHERE run_id = :run AND \(isWanted)
                ORDER BY time, virtual_service, real_server IS NULL, real_server
                """),
        CannedQuery(
            "unfair-windows", "The most unfair seconds",
            "Seconds in which a real server strayed most from its due share, in assignments: below 1, no scheduler does better.",
            sql: """
                WITH
                    counted AS (
                        SELECT
                            virtual_service_id,
                            assigned_ns / 1000000000 AS second,
                            real_server_id,
                            count(*) AS assignments
                        FROM assignments
                        WHERE run_id = :run AND \(isWantedServer)
                        GROUP BY virtual_service_id, second, real_server_id
                    ),
                    seconds AS (
                        SELECT virtual_service_id, second, sum(assignments) AS total
                        FROM counted GROUP BY virtual_service_id, second
                    ),
                    -- The settings when the second began; a second in which they changed promises nothing.
                    settled AS (
                        SELECT
                            seconds.*,
                            coalesce(
                                (SELECT max(id) FROM configuration
                                WHERE run_id = :run AND configuration.virtual_service_id = seconds.virtual_service_id
                                    AND seen_ns <= second * 1000000000),
                                (SELECT min(id) FROM configuration
                                WHERE run_id = :run AND configuration.virtual_service_id = seconds.virtual_service_id)
                            ) AS configuration_id
                        FROM seconds
                    ),
                    -- What counts of a weight, as in view distribution.
                    parts AS (
                        SELECT
                            configuration_id,
                            real_server_id,
                            CASE scheduler
                                WHEN 'rr' THEN weight > 0
                                WHEN 'lc' THEN weight > 0
                                WHEN 'fo' THEN weight > 0 AND position = first_value(position) OVER (
                                    PARTITION BY configuration_id ORDER BY weight DESC, position)
                                ELSE weight END AS part
                        FROM configuration_real_server JOIN configuration ON configuration.id = configuration_id
                        WHERE run_id = :run
                    ),
                    due AS (
                        SELECT
                            settled.virtual_service_id,
                            second,
                            total,
                            real_server_id,
                            coalesce(assignments, 0) AS assignments,
                            1.0 * total * part
                                / nullif(sum(part) OVER (PARTITION BY settled.virtual_service_id, second), 0) AS expected
                        FROM settled
                            JOIN parts USING (configuration_id)
                            LEFT JOIN counted USING (virtual_service_id, second, real_server_id)
                        WHERE NOT EXISTS (
                            SELECT * FROM configuration AS change
                            WHERE run_id = :run AND change.virtual_service_id = settled.virtual_service_id
                                AND change.id > settled.configuration_id
                                AND not_before_ns < (second + 1) * 1000000000 AND seen_ns > second * 1000000000)
                    ),
                    worst AS (
                        SELECT
                            *,
                            row_number() OVER (
                                PARTITION BY virtual_service_id, second
                                ORDER BY abs(assignments - expected) DESC, real_server_id) AS place
                        FROM due
                    )
                SELECT
                    strftime('%Y-%m-%dT%H:%M:%SZ', second, 'unixepoch') AS time,
                    identity AS virtual_service,
                    total AS assignments,
                    endpoint AS real_server,
                    worst.assignments AS got,
                    round(expected, 2) AS due,
                    round(worst.assignments - expected, 2) AS strayed,
                    round(100.0 * (worst.assignments - expected) / total, 2) AS share_error_percent
                FROM worst
                    JOIN real_server ON real_server.id = real_server_id
                    JOIN virtual_service ON virtual_service.id = worst.virtual_service_id
                WHERE place = 1
                ORDER BY abs(worst.assignments - expected) DESC, second
                LIMIT :limit
                """),
    ]
}
