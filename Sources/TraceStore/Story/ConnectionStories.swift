import Balance
internal import GRDB
import IPVSModel

/// A run's connections added up by real server, in one pass.
struct ConnectionStories {
    let axis: TimeAxis
    /// By real_server.id.
    private(set) var realServers: [Int64: Sums] = [:]

    init(axis: TimeAxis) { self.axis = axis }

    /// One real server's.
    struct Sums {
        var story = RealServerStory()
        /// Nanoseconds.
        var times: [[Int64]] = Array(repeating: [], count: LatencyMeasure.allCases.count)
        var heat: [LatencyMeasure: LatencyHeat] = [:]

        func finished(_ endpoint: Endpoint?) -> RealServerStory {
            var story = story
            story.realServer = endpoint
            for (measure, times) in zip(LatencyMeasure.allCases, times) {
                story.latencies[measure] = LatencyDistribution(nanoseconds: times)
            }
            return story
        }
    }

    /// Times are `NULL` unless both packets that bound them were seen.
    private static let sql = """
        SELECT real_server_id, origin IN (0, 1, 4, 6), outcome,
            first_seen_ns + coalesce(vip_syn_ns, dip_syn * 100, 0),
            coalesce(unusual ->> '$.repeated[0]', 0), coalesce(unusual ->> '$.repeated[3]', 0),
            CASE WHEN vip_syn_ns IS NOT NULL THEN dip_syn * 100 END,
            CASE WHEN dip_syn IS NOT NULL THEN dip_syn_ack * 100 END,
            CASE WHEN vip_syn_ack IS NOT NULL THEN ack * 100 END,
            CASE WHEN vip_syn_ns IS NOT NULL AND vip_syn_ack IS NOT NULL
                THEN (coalesce(dip_syn, 0) + coalesce(dip_syn_ack, 0) + vip_syn_ack + ack) * 100 END,
            CASE WHEN request IS NOT NULL THEN response * 100 END,
            -- closed, reset by whomever, expired
            CASE WHEN outcome IN (1, 2, 3, 7, 10) THEN (coalesce(vip_syn_ns / 100, 0) + coalesce(dip_syn, 0)
                + coalesce(dip_syn_ack, 0) + coalesce(vip_syn_ack, 0) + coalesce(ack, 0) + coalesce(request, 0)
                + coalesce(response, 0) + coalesce(ended, 0) + last) * 100 END
        FROM connection WHERE run_id = ?
        """

    mutating func read(run: Int64, in database: Database) throws {
        var outcomes: [Int64: String] = [:]
        for row in try Row.fetchAll(database, sql: "SELECT id, name FROM connection_outcome") {
            outcomes[row["id"]] = row["name"]
        }
        let statement = try RawStatement(Self.sql, in: database)
        defer { statement.reset() }
        statement.bind(run, at: 1)
        while try statement.step() {
            let step = axis.index(of: Timestamp(rawValue: statement.integer(3)))
            // In place: a method of this value would hold a second reference to what changes, and copy it all.
            Self.add(statement, at: step, axis, outcomes, to: &realServers[statement.integer(0), default: Sums()])
        }
    }

    private static func add(
        _ statement: RawStatement, at step: Int, _ axis: TimeAxis, _ outcomes: [Int64: String], to sums: inout Sums
    ) {
        if sums.story.assignments.isEmpty { sums.story.assignments = Array(repeating: 0, count: axis.count) }
        sums.story.connections += 1
        sums.story.outcomes[outcomes[statement.integer(2)] ?? "\(statement.integer(2))", default: 0] += 1
        sums.story.repeatedByClient += Int(statement.integer(4))
        sums.story.repeatedByRealServer += Int(statement.integer(5))
        guard statement.integer(1) != 0 else { return }
        sums.story.assignments[step] += 1
        for (number, measure) in LatencyMeasure.allCases.enumerated() {
            guard let time = statement.optionalInteger(Int32(6 + number)) else { continue }
            sums.times[number].append(time)
            if measure == .realServerConnect || measure == .timeToFirstByte {
                sums.heat[measure, default: LatencyHeat(steps: axis.count)].add(time, at: step)
            }
        }
    }
}

extension ServiceStory {
    init(_ servers: [(endpoint: Endpoint?, sums: ConnectionStories.Sums)], _ axis: TimeAxis) {
        realServers = servers.map { $0.sums.finished($0.endpoint) }
        for (number, measure) in LatencyMeasure.allCases.enumerated() {
            latencies[measure] = LatencyDistribution(nanoseconds: servers.flatMap { $0.sums.times[number] })
        }
        for server in servers {
            for (measure, heat) in server.sums.heat {
                self.heat[measure, default: LatencyHeat(steps: axis.count)].add(heat)
            }
        }
    }
}

extension LatencyHeat {
    /// Adds the other's counts; both have the same steps.
    mutating func add(_ other: Self) {
        for (band, row) in other.counts.enumerated() {
            for (step, count) in row.enumerated() where count > 0 { add(count, band: band, step: step) }
        }
    }
}
