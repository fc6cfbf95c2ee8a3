extension CannedQuery {
    /// What the kernel said, and what was configured.
    static let kernelQueries = [
        CannedQuery(
            "audit", "Captured, beside what the kernel counted",
            "One row a counter of each real server: a difference beyond what is uncertain is unexplained.",
            sql: """
                SELECT virtual_service, real_server, counter, captured, kernel, difference, uncertain, unexplained
                FROM audit
                WHERE run_id = :run AND \(isWanted)
                """),
        CannedQuery(
            "configuration-timeline", "Settings and their changes",
            "What each virtual service's settings were when the run began, and every change, in words.",
            sql: """
                SELECT time, virtual_service, change, uncertainty AS seconds_uncertain
                FROM configuration_changes
                WHERE run_id = :run AND \(isWanted)
                ORDER BY time, virtual_service
                """),
        CannedQuery(
            "timeline", "What happened when",
            "Settings, events and the run itself in order of time; of one kind of event, one row a second with how many there were.",
            sql: """
                SELECT
                    min(time) AS time,
                    kind,
                    virtual_service,
                    iif(count(DISTINCT real_server) > 1, 'several', min(real_server)) AS real_server,
                    count(*) AS count,
                    iif(count(*) = 1, detail, 'for one: ' || detail) AS detail
                FROM timeline
                WHERE run_id = :run AND (:virtual_service IS NULL OR virtual_service IS NULL
                    OR virtual_service = :virtual_service)
                GROUP BY substr(time, 1, 19), kind, virtual_service, iif(connection_id IS NULL, detail, '')
                ORDER BY
                    1,
                    CASE kind WHEN 'run_began' THEN 0 WHEN 'configuration' THEN 1 WHEN 'run_ended' THEN 3 ELSE 2 END,
                    kind,
                    virtual_service
                """),
    ]
}
