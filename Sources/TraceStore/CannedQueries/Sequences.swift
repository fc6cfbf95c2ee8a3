extension CannedQuery {
    /// In which order.
    static let sequences = [
        CannedQuery(
            "assignment-sequence", "Assignments in order, beside the model's choice",
            "The first assignments of each virtual service: whom the scheduler's model allowed, and whether the kernel chose so.",
            sql: """
                WITH
                    chosen AS (
                        SELECT * FROM assignments
                        WHERE run_id = :run AND \(isWantedServer)
                        ORDER BY assigned_ns, connection_id
                        LIMIT :limit
                    ),
                    -- The first ones of all are, for each virtual service, its first ones.
                    numbered AS (
                        SELECT
                            *,
                            row_number() OVER sequence AS number,
                            lag(assigned_ns) OVER sequence AS previous_ns
                        FROM chosen
                        WINDOW sequence AS (PARTITION BY virtual_service_id ORDER BY assigned_ns, connection_id)
                    ),
                    \(judgements)
                SELECT
                    numbered.number,
                    \(time("assigned_ns")) AS time,
                    virtual_service.identity AS virtual_service,
                    address.text || ':' || client_port AS client,
                    endpoint AS real_server,
                    CASE
                        WHEN violations.connection_id IS NOT NULL THEN expected
                        WHEN is_scheduled = 1 AND numbered.number <= judged_to THEN endpoint
                    END AS model_choice,
                    CASE
                        WHEN violations.connection_id IS NOT NULL THEN 'no'
                        WHEN is_scheduled = 0 THEN 'not asked'
                        WHEN is_scheduled = 1 AND numbered.number <= judged_to AND endpoint IS NOT NULL THEN 'yes'
                    END AS conforms,
                    round((assigned_ns - previous_ns) / 1e6, 3) AS ms_since_previous
                FROM numbered
                    JOIN real_server ON real_server.id = real_server_id
                    JOIN virtual_service ON virtual_service.id = numbered.virtual_service_id
                    JOIN address ON address.id = client_address_id
                    LEFT JOIN judgements USING (virtual_service_id)
                    LEFT JOIN violations USING (virtual_service_id, connection_id)
                ORDER BY assigned_ns, numbered.connection_id
                """),
        CannedQuery(
            "violations", "Assignments that the scheduler could not have made",
            "What the saved verdict leaves unexplained: whom the scheduler had to choose, and whom the kernel chose.",
            sql: """
                WITH \(judgements)
                SELECT
                    number,
                    time,
                    identity AS virtual_service,
                    client,
                    actual AS real_server,
                    expected AS model_choice,
                    unseen_to_explain,
                    connection_id
                FROM violations JOIN virtual_service ON virtual_service.id = virtual_service_id
                WHERE :virtual_service IS NULL OR identity = :virtual_service
                ORDER BY virtual_service_id, number
                LIMIT :limit
                """),
        CannedQuery(
            "gaps", "The longest pauses",
            "Times in which a virtual service made no assignment at all: where a load stopped, or the director.",
            sql: """
                WITH
                    -- No more columns than are sorted by: a million rows are.
                    spaced AS (
                        SELECT
                            connection_id,
                            assigned_ns - lag(assigned_ns) OVER (
                                PARTITION BY virtual_service_id ORDER BY assigned_ns, connection_id) AS gap_ns
                        FROM assignments
                        WHERE run_id = :run AND \(isWantedServer)
                    ),
                    longest AS (
                        SELECT * FROM spaced WHERE gap_ns IS NOT NULL ORDER BY gap_ns DESC, connection_id LIMIT :limit
                    )
                SELECT
                    \(time("assigned_ns - gap_ns")) AS time,
                    identity AS virtual_service,
                    gap_ns / 1e9 AS seconds,
                    connection_id AS ended_by_connection,
                    endpoint AS real_server
                FROM longest
                    JOIN assignments USING (connection_id)
                    JOIN real_server ON real_server.id = real_server_id
                    JOIN virtual_service ON virtual_service.id = assignments.virtual_service_id
                ORDER BY gap_ns DESC, connection_id
                """),
        CannedQuery(
            "starved", "Real servers that waited longest",
            "Times in which a real server was not chosen, whether or not others were.",
            sql: """
                WITH
                    chosen AS (SELECT id FROM real_server WHERE endpoint IS NOT NULL),
                    spaced AS (
                        SELECT
                            connection_id,
                            assigned_ns - lag(assigned_ns) OVER (
                                PARTITION BY real_server_id ORDER BY assigned_ns, connection_id) AS gap_ns
                        FROM assignments
                        WHERE run_id = :run AND real_server_id IN chosen AND \(isWantedServer)
                    ),
                    longest AS (
                        SELECT * FROM spaced WHERE gap_ns IS NOT NULL ORDER BY gap_ns DESC, connection_id LIMIT :limit
                    )
                SELECT
                    \(time("assigned_ns - gap_ns")) AS time,
                    identity AS virtual_service,
                    endpoint AS real_server,
                    gap_ns / 1e9 AS seconds,
                    connection_id AS ended_by_connection
                FROM longest
                    JOIN assignments USING (connection_id)
                    JOIN real_server ON real_server.id = real_server_id
                    JOIN virtual_service ON virtual_service.id = assignments.virtual_service_id
                ORDER BY gap_ns DESC, connection_id
                """),
    ]

    /// What the saved verdict says of conformance: `judgements`, one row a virtual service, with `judged_to`, the last
    /// assignment that is known to conform or not; and `violations`.
    ///
    /// A verdict lists a hundred violations at most. Where the scheduler was changed, no model was in force for a while, and
    /// which assignments that were is not listed.
    private static let judgements = """
        services AS (
                        SELECT virtual_service.id AS virtual_service_id, service.value -> '$.conformance' AS conformance
                        FROM verdict, json_each(verdict.json, '$.virtual_services') AS service
                            JOIN virtual_service ON identity = service.value ->> '$.virtual_service'
                        WHERE run_id = :run AND verdict.virtual_service_id IS NULL
                    ),
                    violations AS (
                        SELECT
                            virtual_service_id,
                            each.value ->> '$.connection' AS connection_id,
                            each.value ->> '$.number' AS number,
                            each.value ->> '$.time' AS time,
                            each.value ->> '$.client' AS client,
                            each.value ->> '$.actual' AS actual,
                            each.value ->> '$.unseen_to_explain' AS unseen_to_explain,
                            (SELECT group_concat(value, ' or ') FROM json_each(each.value, '$.expected')) AS expected
                        FROM services, json_each(conformance, '$.unexplained') AS each
                    ),
                    judgements AS (
                        SELECT
                            virtual_service_id,
                            CASE
                                WHEN conformance ->> '$.model' IS NULL THEN 0
                                WHEN (SELECT count(DISTINCT scheduler) FROM configuration
                                    WHERE run_id = :run
                                        AND configuration.virtual_service_id = services.virtual_service_id) > 1 THEN 0
                                WHEN conformance ->> '$.unexplained_total' > json_array_length(conformance, '$.unexplained')
                                    THEN conformance ->> '$.unexplained[#-1].number'
                                ELSE 9223372036854775807
                            END AS judged_to
                        FROM services
                    )
        """
}
