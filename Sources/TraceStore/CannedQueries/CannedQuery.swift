/// A question that is often asked, with the SQL that answers it.
///
/// The SQL may name these parameters: `:run` and `:baseline`, numbers of runs; `:virtual_service`, an identity, NULL for
/// all; `:limit`, how many rows, negative for all.
package struct CannedQuery: Sendable, Hashable {
    /// What `ipvscope query` takes: stable.
    package let name: String
    /// A few words.
    package let title: String
    /// One sentence: what a row is, and what to see in it.
    package let sentence: String
    package let sql: String

    /// All there are, in the order of `ipvscope query --list`.
    package static let all: [CannedQuery] =
        [runs] + distributions + sequences + waits + ends + kernelQueries + loads + [comparison]

    package init(_ name: String, _ title: String, _ sentence: String, sql: String) {
        self.name = name
        self.title = title
        self.sentence = sentence
        self.sql = sql
    }

    /// How many rows a query prints that begins with the worst, unless it is told.
    package static let defaultLimit = 20

    package static func named(_ name: String) -> CannedQuery? { all.first { $0.name == name } }

    /// The names of all parameters that there are.
    package static let parameterNames = ["run", "baseline", "virtual_service", "limit"]

    /// The names of the parameters that the SQL uses, such as `run`.
    package var parameters: Set<String> {
        Set(sql.matches(of: /:([a-z_]+)/).map { String($0.output.1) })
    }

    /// A condition on a column that holds `virtual_service.identity`.
    static let isWanted = "(:virtual_service IS NULL OR virtual_service = :virtual_service)"

    /// A condition on a column that holds `real_server.id`.
    static let isWantedServer = """
        real_server_id IN (
                SELECT real_server.id FROM real_server JOIN virtual_service ON virtual_service.id = virtual_service_id
                WHERE :virtual_service IS NULL OR identity = :virtual_service)
        """

    /// An expression for a time in UTC from nanoseconds since the epoch.
    static func time(_ nanoseconds: String) -> String {
        "strftime('%Y-%m-%dT%H:%M:%S', (\(nanoseconds)) / 1000000000, 'unixepoch') "
            + "|| printf('.%09dZ', (\(nanoseconds)) % 1000000000)"
    }

    private static let runs = CannedQuery(
        "runs", "Runs",
        "Every run in the database, the newest last: --run takes the number in the first column.",
        sql: """
            SELECT
                run.id AS run,
                name,
                strftime('%Y-%m-%dT%H:%M:%SZ', started_ns / 1000000000, 'unixepoch') AS started,
                round((ended_ns - started_ns) / 1e9, 3) AS seconds,
                state,
                value AS verdict,
                (SELECT count(*) FROM connection WHERE run_id = run.id) AS connections,
                command
            FROM run LEFT JOIN verdict ON verdict.run_id = run.id AND verdict.virtual_service_id IS NULL
            ORDER BY run.id
            """)

    private static let comparison = CannedQuery(
        "compare", "Two runs side by side",
        "What each real server got in a run, and how quickly it answered, beside --baseline, the run before unless named.",
        sql: """
            WITH
                measured AS (
                    SELECT
                        run_id,
                        real_server_id,
                        sum(origin IN (0, 1, 4, 6)) AS assignments,
                        sum(outcome IN (2, 3, 4, 5, 6, 10)) AS failed,
                        percentiles(CASE WHEN dip_syn IS NOT NULL THEN dip_syn_ack END, 50, 99) AS connect,
                        percentiles(CASE WHEN request IS NOT NULL THEN response END, 50, 99) AS response
                    FROM connection
                    WHERE run_id IN (:run, :baseline) AND \(isWantedServer)
                    GROUP BY run_id, real_server_id
                ),
                shared AS (
                    SELECT
                        *,
                        1.0 * assignments / nullif(sum(assignments) OVER (PARTITION BY run_id, virtual_service_id), 0)
                            AS share
                    FROM measured JOIN real_server ON real_server.id = real_server_id
                )
            SELECT
                identity AS virtual_service,
                endpoint AS real_server,
                run_id AS run,
                assignments,
                round(share * 100, 2) AS share_percent,
                failed,
                (connect ->> '$[0]') / 1e4 AS connect_p50_ms,
                (connect ->> '$[1]') / 1e4 AS connect_p99_ms,
                (response ->> '$[0]') / 1e4 AS first_byte_p50_ms,
                (response ->> '$[1]') / 1e4 AS first_byte_p99_ms
            FROM shared JOIN virtual_service ON virtual_service.id = virtual_service_id
            ORDER BY identity, endpoint IS NULL, endpoint, run_id = :run
            """)
}
