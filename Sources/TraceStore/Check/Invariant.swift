internal import ConnectionTracing
internal import GRDB

/// What holds for every row that ipvscope writes.
struct Invariant: Sendable {
    /// What is wrong with rows for which it does not hold, as the end of "3 rows of run …".
    let problem: String
    let table: String
    /// Selects an id, or the like, of each row that breaks it.
    let sql: String
    let remedy: String

    private static let restore = "ipvscope does not write that: restore the file, or leave that run out of account"

    private init(
        _ table: String, _ problem: String, where condition: String, id: String = "id", remedy: String = restore
    ) {
        self.init(table, problem, sql: "SELECT \(id) FROM \(table) WHERE \(condition)", remedy: remedy)
    }

    private init(_ table: String, _ problem: String, sql: String, remedy: String = restore) {
        self.table = table
        self.problem = problem
        self.sql = sql
        self.remedy = remedy
    }

    func findings(in database: Database) throws -> [DatabaseFinding] {
        let row = try Row.fetchOne(
            database, sql: "SELECT count(*), min(id) FROM (SELECT NULL AS id WHERE 0 UNION ALL \(sql))")
        guard let row, let count = row[0] as Int?, count > 0 else { return [] }
        let first = row[1] as Int64? ?? 0
        return [
            DatabaseFinding(
                problem: "\(count) \(count == 1 ? "row" : "rows") of \(table) \(problem) (the first: \(first))",
                remedy: remedy)
        ]
    }

    /// Steps whose sum is the time from the first packet to the last, in units of 100 ns.
    private static let duration = """
        coalesce(vip_syn_ns / 100, 0) + coalesce(dip_syn, 0) + coalesce(dip_syn_ack, 0) + coalesce(vip_syn_ack, 0)
            + coalesce(ack, 0) + coalesce(request, 0) + coalesce(response, 0) + coalesce(ended, 0) + last
        """

    private static let counters = ["conns", "in_packets", "out_packets", "in_bytes", "out_bytes"]

    static let all: [Invariant] = [
        Invariant(
            "run", "have a state that is none of running, finished and interrupted",
            where: "state NOT IN ('running', 'finished', 'interrupted')"),
        Invariant("run", "are finished without an end", where: "state = 'finished' AND ended_ns IS NULL"),
        Invariant("run", "have an end without being finished", where: "state <> 'finished' AND ended_ns IS NOT NULL"),
        Invariant("run", "ended before they began", where: "ended_ns < started_ns"),
        Invariant(
            "run", "have a command that is no JSON array, or labels that are no JSON object",
            where: "NOT json_valid(command) OR NOT json_valid(labels) "
                + "OR iif(json_valid(command), json_type(command), '') <> 'array' "
                + "OR iif(json_valid(labels), json_type(labels), '') <> 'object'"),
        Invariant(
            "run_level", "are of a level that is neither full nor handshake",
            where: "level NOT IN ('full', 'handshake')",
            id: "run_id"),
        Invariant("configuration", "were seen before they can have been", where: "seen_ns < not_before_ns"),
        Invariant(
            "configuration_real_server", "have a weight below zero", where: "weight < 0", id: "configuration_id"),
        Invariant(
            "real_server", "have another address or port than endpoint says",
            sql: """
                SELECT real_server.id FROM real_server JOIN address ON address.id = address_id
                WHERE endpoint <> iif(text LIKE '%:%', '[' || text || ']', text) || ':' || port
                """),
        Invariant(
            "connection", "have a client whose address is not there",
            where: "client >> 16 NOT IN (SELECT id FROM address)"),
        Invariant(
            "connection", "have an origin, outcome or state without a name",
            where: """
                origin NOT IN (SELECT id FROM connection_origin) OR outcome NOT IN (SELECT id FROM connection_outcome)
                    OR state NOT IN (SELECT id FROM connection_state)
                    OR entry_state IS NOT NULL AND entry_state NOT IN (SELECT id FROM connection_state)
                """),
        Invariant(
            "connection", "count packets or bytes below zero",
            where: "min(vip_in_packets, vip_out_packets, vip_in_bytes, vip_out_bytes) < 0"),
        Invariant(
            "connection", "have a text in unusual that is no JSON",
            where: "unusual IS NOT NULL AND NOT json_valid(unusual)"),
        Invariant("connection", "end before they begin", where: "\(duration) < 0 OR vip_syn_ns < 0 OR entry_last < 0"),
        Invariant(
            "connection_outcome", "are not as this version knows them",
            where: notKnown(ConnectionOutcome.allCases.map { "(\($0.rawValue), '\($0.name)')" }, "id, name")),
        Invariant(
            "connection_origin", "are not as this version knows them",
            where: notKnown(
                ConnectionOrigin.allCases.map { "(\($0.rawValue), \($0.isAssignment ? 1 : 0))" }, "id, is_assignment")),
        Invariant(
            "distribution", "do not add up to the connections of their run (first: the run)",
            sql: """
                SELECT run_id
                FROM (
                    SELECT
                        run_id,
                        count(*) AS connections,
                        sum(origin IN (SELECT id FROM connection_origin WHERE is_assignment)) AS assignments
                    FROM connection GROUP BY run_id
                ) AS rows
                    LEFT JOIN (
                        SELECT run_id, sum(connections) AS connections, sum(assignments) AS assignments
                        FROM distribution GROUP BY run_id
                    ) AS shown USING (run_id)
                WHERE (rows.connections, rows.assignments) IS NOT (shown.connections, shown.assignments)
                """),
        Invariant("event", "are of no kind", where: "kind = ''"),
        Invariant(
            "sample_real_server", "have a share that is not from 0 to 1", where: "share NOT BETWEEN 0 AND 1",
            id: "run_id"),
        Invariant(
            "sample_real_server", "count below zero", where: "min(weight, active, inactive, assignments) < 0",
            id: "run_id"),
        Invariant(
            "run_real_server", "count below zero",
            where: counters.flatMap { name in
                ["captured", "kernel", "uncertain"].map { "\($0)_\(name) < 0" }
            }.joined(separator: " OR "), id: "run_id"),
        Invariant(
            "verdict", "are none of pass, fail and inconclusive",
            where: "value NOT IN ('pass', 'fail', 'inconclusive')",
            remedy: "judge the run again: ipvscope verify --run ID"),
        Invariant(
            "verdict", "hold no JSON, or the JSON of another verdict",
            where: "NOT json_valid(json) OR virtual_service_id IS NULL "
                + "AND iif(json_valid(json), json ->> '$.verdict', value) IS NOT value",
            remedy: "judge the run again: ipvscope verify --run ID"),
    ]

    private static func notKnown(_ rows: [String], _ columns: String) -> String {
        "(\(columns)) NOT IN (VALUES \(rows.joined(separator: ", ")))"
    }
}
