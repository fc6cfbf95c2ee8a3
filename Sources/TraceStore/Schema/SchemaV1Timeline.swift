extension Migration {
    /// Views of version 1 that tell what happened when, and what changed.
    static let v1Timeline = """
        CREATE VIEW distribution_per_second AS
            -- Who got how many assignments in each second, and in the run so far. Seconds without any have no rows.
            WITH
                counted AS (
                    SELECT
                        run_id,
                        virtual_service_id,
                        assigned_ns / 1000000000 AS second,
                        real_server_id,
                        count(*) AS assignments
                    FROM assignments
                    GROUP BY run_id, virtual_service_id, second, real_server_id
                ),
                -- A real server that got none in a second has a row of it too, if it got any in the run or was configured.
                listed AS (
                    SELECT run_id, virtual_service_id, real_server_id FROM counted
                    UNION SELECT run_id, virtual_service_id, real_server_id
                    FROM configuration_real_server JOIN configuration ON configuration.id = configuration_id
                ),
                filled AS (
                    SELECT run_id, virtual_service_id, second, real_server_id, coalesce(assignments, 0) AS assignments
                    FROM (SELECT DISTINCT run_id, virtual_service_id, second FROM counted)
                        JOIN listed USING (run_id, virtual_service_id)
                        LEFT JOIN counted USING (run_id, virtual_service_id, second, real_server_id)
                )
            SELECT
                run_id,                          -- run.id
                strftime('%Y-%m-%dT%H:%M:%SZ', second, 'unixepoch') AS time, -- the second's beginning, in UTC
                identity AS virtual_service,     -- tcp/192.168.122.100:80
                endpoint AS real_server,         -- NULL: it was not seen which one
                assignments,                     -- in this second
                1.0 * assignments / sum(assignments) OVER of_second AS share, -- of this second's, 0 to 1
                sum(assignments) OVER so_far AS assignments_so_far, -- of this run, this second's included
                1.0 * sum(assignments) OVER so_far / sum(assignments) OVER all_so_far AS share_so_far -- 0 to 1
            FROM filled
                JOIN real_server ON real_server.id = real_server_id
                JOIN virtual_service ON virtual_service.id = filled.virtual_service_id
            WINDOW
                of_second AS (PARTITION BY run_id, filled.virtual_service_id, second),
                so_far AS (PARTITION BY run_id, filled.virtual_service_id, real_server_id ORDER BY second),
                all_so_far AS (PARTITION BY run_id, filled.virtual_service_id ORDER BY second);

        CREATE VIEW configuration_changes AS
            -- What a virtual service's settings were at first, and what changed since, in words.
            WITH
                pairs AS (
                    SELECT id, lag(id) OVER (PARTITION BY run_id, virtual_service_id ORDER BY id) AS previous_id
                    FROM configuration
                ),
                services AS (
                    SELECT now.*, previous_id, old.scheduler AS old_scheduler, old.flags AS old_flags,
                        old.persistence_s AS old_persistence_s, old.persistence_prefix AS old_persistence_prefix
                    FROM pairs
                        JOIN configuration AS now USING (id)
                        LEFT JOIN configuration AS old ON old.id = previous_id
                ),
                servers AS (
                    SELECT pairs.id AS id, previous_id, now.position, endpoint, now.weight, now.forwarding,
                        now.upper_threshold, now.lower_threshold, old.weight AS old_weight,
                        old.forwarding AS old_forwarding, old.upper_threshold AS old_upper, old.lower_threshold AS old_lower
                    FROM pairs
                        JOIN configuration_real_server AS now ON now.configuration_id = pairs.id
                        JOIN real_server ON real_server.id = now.real_server_id
                        LEFT JOIN configuration_real_server AS old
                            ON old.configuration_id = previous_id AND old.real_server_id = now.real_server_id
                ),
                -- In the order of the sentence: by place, then by part.
                words AS (
                    SELECT id, -5 AS place, 0 AS part, scheduler AS text FROM services WHERE previous_id IS NULL
                    UNION ALL SELECT id, -4, 0, 'persistence ' || persistence_s || ' s'
                    FROM services WHERE previous_id IS NULL AND persistence_s > 0
                    UNION ALL SELECT id, position, 0, endpoint || ' weight ' || weight
                    FROM servers WHERE previous_id IS NULL
                    UNION ALL SELECT id, -5, 0, 'scheduler ' || old_scheduler || ' → ' || scheduler
                    FROM services WHERE scheduler <> old_scheduler
                    UNION ALL SELECT id, -4, 0, 'flags ' || old_flags || ' → ' || flags
                    FROM services WHERE flags <> old_flags
                    UNION ALL SELECT id, -3, 0, 'persistence ' || old_persistence_s || ' s → ' || persistence_s || ' s'
                    FROM services WHERE persistence_s <> old_persistence_s
                    UNION ALL SELECT
                        id, -2, 0, 'persistence of /' || old_persistence_prefix || ' → /' || persistence_prefix
                    FROM services WHERE persistence_prefix <> old_persistence_prefix
                    UNION ALL SELECT id, position, 0, endpoint || ' added with weight ' || weight
                    FROM servers WHERE previous_id IS NOT NULL AND old_weight IS NULL
                    UNION ALL SELECT id, position, 1, endpoint || ' weight ' || old_weight || ' → ' || weight
                    FROM servers WHERE weight <> old_weight
                    UNION ALL SELECT
                        id,
                        position,
                        2,
                        endpoint || ' thresholds ' || old_upper || '/' || old_lower || ' → ' || upper_threshold || '/'
                            || lower_threshold
                    FROM servers WHERE upper_threshold <> old_upper OR lower_threshold <> old_lower
                    UNION ALL SELECT id, position, 3, endpoint || ' ' || old_forwarding || ' → ' || forwarding
                    FROM servers WHERE forwarding <> old_forwarding
                    UNION ALL SELECT pairs.id, 1000000 + old.position, 0, endpoint || ' removed'
                    FROM pairs
                        JOIN configuration_real_server AS old ON old.configuration_id = previous_id
                        JOIN real_server ON real_server.id = old.real_server_id
                        LEFT JOIN configuration_real_server AS now
                            ON now.configuration_id = pairs.id AND now.real_server_id = old.real_server_id
                    WHERE now.real_server_id IS NULL
                ),
                sentences AS (
                    SELECT DISTINCT id, group_concat(text, ', ') OVER (
                        PARTITION BY id ORDER BY place, part ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS text
                    FROM words
                )
            SELECT
                run_id,                          -- run.id
                strftime('%Y-%m-%dT%H:%M:%S', seen_ns / 1000000000, 'unixepoch')
                    || printf('.%09dZ', seen_ns % 1000000000) AS time, -- first seen so, in UTC
                nullif((seen_ns - not_before_ns) / 1e9, 0) AS uncertainty, -- it was so at most this many seconds earlier
                identity AS virtual_service,     -- tcp/192.168.122.100:80
                previous_id IS NOT NULL AS is_change, -- 0: as the run found it
                coalesce(sentences.text, 'order of the real servers') AS change -- the first settings, or what is new
            FROM services
                JOIN virtual_service ON virtual_service.id = virtual_service_id
                LEFT JOIN sentences ON sentences.id = services.id
            ORDER BY services.id;

        CREATE VIEW timeline AS
            -- All that happened in order of time: runs, settings and their changes, and every event. Of events that say no
            -- more than that settings changed, what changed is told instead.
            SELECT
                run_id,                          -- run.id
                time,                            -- in UTC
                kind,                            -- run_began, configuration, configuration_changed, run_ended, or event.kind
                virtual_service,                 -- NULL: none in particular
                real_server,                     -- NULL: none in particular
                connection_id,                   -- connections.id; NULL: none in particular
                detail                           -- in words
            FROM (
                SELECT
                    id AS run_id,
                    strftime('%Y-%m-%dT%H:%M:%S', started_ns / 1000000000, 'unixepoch')
                        || printf('.%09dZ', started_ns % 1000000000) AS time,
                    0 AS place,
                    'run_began' AS kind,
                    NULL AS virtual_service,
                    NULL AS real_server,
                    NULL AS connection_id,
                    name AS detail
                FROM run
                UNION ALL SELECT
                    run_id, time, 1, iif(is_change, 'configuration_changed', 'configuration'), virtual_service, NULL, NULL,
                    change
                FROM configuration_changes
                UNION ALL SELECT
                    event.run_id,
                    strftime('%Y-%m-%dT%H:%M:%S', time_ns / 1000000000, 'unixepoch')
                        || printf('.%09dZ', time_ns % 1000000000),
                    2,
                    kind,
                    identity,
                    CASE WHEN address.text LIKE '%:%' THEN '[' || address.text || ']' ELSE address.text END
                        || ':' || event.port,
                    connection_id,
                    detail
                FROM event
                    LEFT JOIN virtual_service ON virtual_service.id = virtual_service_id
                    LEFT JOIN address ON address.id = event.address_id
                WHERE kind <> 'configuration_changed' OR NOT EXISTS (
                    SELECT * FROM configuration
                    WHERE configuration.run_id = event.run_id
                        AND configuration.virtual_service_id = event.virtual_service_id
                        AND time_ns BETWEEN not_before_ns AND seen_ns)
                UNION ALL SELECT
                    run.id,
                    strftime('%Y-%m-%dT%H:%M:%S', ended_ns / 1000000000, 'unixepoch')
                        || printf('.%09dZ', ended_ns % 1000000000),
                    3,
                    'run_ended',
                    NULL,
                    NULL,
                    NULL,
                    CASE WHEN value IS NULL THEN 'without a verdict' ELSE 'verdict ' || value END
                FROM run LEFT JOIN verdict ON verdict.run_id = run.id AND verdict.virtual_service_id IS NULL
                WHERE ended_ns IS NOT NULL
            )
            ORDER BY run_id, time, place;
        """
}
