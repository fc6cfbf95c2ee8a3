package import IPVSModel

/// A run's verdict with the evidence: what `verify --format json` prints and the store keeps.
///
/// The keys are a contract with whoever reads the JSON.
package struct VerdictReport: Sendable, Hashable, Codable {
    /// The version of this format.
    package static let currentSchema = 1

    package var schema: Int
    package var run: ReportedRun
    package var level: RunLevel
    package var virtualServices: [ServiceVerdict]
    package var verdict: Verdict
    /// The run it was compared with.
    @OrNull package var baseline: ReportedRun?

    enum CodingKeys: String, CodingKey {
        case schema, run, level
        case virtualServices = "virtual_services"
        case verdict, baseline
    }

    package init(
        run: ReportedRun, level: RunLevel = .full, virtualServices: [ServiceVerdict], verdict: Verdict
    ) {
        schema = Self.currentSchema
        self.run = run
        self.level = level
        self.virtualServices = virtualServices
        self.verdict = verdict
    }
}

/// The run a verdict is on.
package struct ReportedRun: Sendable, Hashable, Codable {
    package var id: Int64
    package var name: String
    package var command: [String]
    package var labels: [String: String]
    package var started: UTCTime
    @OrNull package var ended: UTCTime?
    /// The level the run began with, and each change; empty if nobody noted it.
    package var levels: [LevelChange]

    package init(_ run: RunDescription, levels: [LevelChange] = []) {
        id = run.id
        name = run.name
        command = run.command
        labels = run.labels
        started = UTCTime(run.started)
        ended = run.ended.map(UTCTime.init)
        self.levels = levels
    }
}

/// One virtual service's verdict.
package struct ServiceVerdict: Sendable, Hashable, Codable {
    package var virtualService: VirtualServiceIdentity
    /// The scheduler last in force.
    package var scheduler: Scheduler
    package var verdict: Verdict
    /// Why not pass: sentences for people, the decisive one first. Empty on pass.
    package var reasons: [String]
    /// All assignments, those with an unseen choice included.
    package var assignments: Int
    /// In order of address and port.
    package var realServers: [RealServerShare]
    package var fairness: FairnessReport
    package var conformance: ConformanceReport
    package var audit: AuditReport
    package var latency: LatencyReport
    /// What the verdict would be without thresholds.
    package var promise: PromiseVerdict
    /// In the order in which they were given.
    package var thresholds: [ThresholdResult] = []
    /// `nil` if there is no baseline, or it did not have the virtual service.
    @OrNull package var baseline: BaselineReport?
    /// One per scheduler that the kernel has; `nil` if nobody asked.
    @OrNull package var whatIf: [WhatIfOutcome]?

    enum CodingKeys: String, CodingKey {
        case virtualService = "virtual_service"
        case scheduler, verdict, reasons, assignments
        case realServers = "real_servers"
        case fairness, conformance, audit, latency, promise, thresholds, baseline
        case whatIf = "what_if"
    }

    /// Whether a connection was captured, or counted by the kernel: a service without traffic has no say in the run's
    /// verdict.
    package var hasTraffic: Bool { assignments > 0 || (audit.kernelConns ?? 0) > 0 }
}

/// What one real server got.
package struct RealServerShare: Sendable, Hashable, Codable {
    package var realServer: Endpoint
    /// The weight last seen; `nil` if the server was never configured during the run.
    @OrNull package var weight: Int32?
    package var assignments: Int
    /// What it should have had.
    package var expected: Double
    /// Its part of all assignments whose choice was seen, 0 to 1.
    @OrNull package var share: Double?
    /// `nil` if ``source`` does not tell.
    @OrNull package var bytesIn: UInt64?
    @OrNull package var bytesOut: UInt64?
    /// Who counted the bytes.
    package var source: TrafficSource
    /// `nil` if its counters could not be read, or went backwards.
    @OrNull package var kernelConns: UInt64?

    enum CodingKeys: String, CodingKey {
        case realServer = "real_server"
        case weight, assignments, expected, share
        case bytesIn = "bytes_in"
        case bytesOut = "bytes_out"
        case source
        case kernelConns = "kernel_conns"
    }
}

/// Who counted packets and bytes.
///
/// The raw values are keys of the JSON and stable.
package enum TrafficSource: String, Sendable, Hashable, Codable {
    /// We did.
    case capture
    /// The kernel did: not every packet was captured, nor meant to be.
    case kernel
}

/// The assignments held against the scheduler's model.
package struct ConformanceReport: Sendable, Hashable, Codable {
    /// The model's name; `nil` if there is none for the scheduler.
    @OrNull package var model: String?
    /// Assignments held against it.
    package var checked: Int
    /// What was allowed for, because it cannot be seen from outside or changed on the way.
    package var explained: [Explanation]
    /// The first violations, a hundred at most.
    package var unexplained: [UnexplainedAssignment]
    /// All violations.
    package var unexplainedTotal: Int
    /// How many connections would have to be missing from the evidence to explain every violation; `nil` if there is
    /// none, or no number would do.
    @OrNull package var unaccountedToChange: Int?

    enum CodingKeys: String, CodingKey {
        case model, checked, explained, unexplained
        case unexplainedTotal = "unexplained_total"
        case unaccountedToChange = "unaccounted_to_change"
    }
}

/// Something a model allowed for.
package struct Explanation: Sendable, Hashable, Codable {
    /// `configuration_changed`, `overload`, `reordered`, `hidden_input`, `template` or `scheduled_not_transmitted`.
    package var cause: String
    /// Assignments that needed it to be right.
    package var count: Int
    /// When it was seen, if it was seen.
    @OrNull package var time: UTCTime?
    /// A few words for people.
    package var detail: String
}

/// An assignment that the scheduler could not have made.
package struct UnexplainedAssignment: Sendable, Hashable, Codable {
    /// Its place in the run, from 1.
    package var number: Int
    /// The connection's id in the store.
    package var connection: Int64
    package var time: UTCTime
    package var client: Endpoint
    /// Whom the scheduler could have chosen.
    package var expected: [Endpoint]
    /// Whom it chose.
    package var actual: Endpoint
    /// How many unseen assignments just before would make it right; `nil` if no number would.
    @OrNull package var unseenToExplain: Int?

    enum CodingKeys: String, CodingKey {
        case number, connection, time, client, expected, actual
        case unseenToExplain = "unseen_to_explain"
    }
}

/// Our counts beside the kernel's.
package struct AuditReport: Sendable, Hashable, Codable {
    /// `nil` if no counter of the kernel could be read.
    @OrNull package var kernelConns: Int?
    /// Assignments whose choice was seen.
    package var captured: Int
    /// The kernel's number less ours.
    @OrNull package var difference: Int?
    /// By cause: what explains the difference, or that the connection table holds another number.
    package var explained: [String: Int]
    /// Connections by which servers differ without an explanation.
    package var unexplained: Int
    /// Whether packets and bytes were compared: not at level *handshake*, where connections are.
    package var packetsAudited: Bool
    package var packets: DirectionalAudit
    package var bytes: DirectionalAudit
    /// The kernel's connection table at its last reading.
    @OrNull package var table: TableAudit?
    /// Entries that the kernel counts as active, at the last reading. They are told, and no part of the judgement.
    @OrNull package var active: EntryAudit?
    /// Entries that it counts as inactive.
    @OrNull package var inactive: EntryAudit?
    package var packetsDropped: UInt64
    /// Whether servers differ while the totals agree.
    package var contradiction: Bool
    /// Whether every difference is explained.
    package var closed: Bool

    enum CodingKeys: String, CodingKey {
        case kernelConns = "kernel_conns"
        case captured, difference, explained, unexplained
        case packetsAudited = "packets_audited"
        case packets, bytes, table, active, inactive
        case packetsDropped = "packets_dropped"
        case contradiction, closed
    }
}

/// The kernel's connection table beside our connections.
package struct TableAudit: Sendable, Hashable, Codable {
    /// Rows that are connections of the virtual service.
    package var rows: Int
    /// Those that a connection of ours was tied to.
    package var matched: Int
    /// What the others are, and persistence templates, by the stable names of the causes.
    package var withoutConnection: [String: Int]

    enum CodingKeys: String, CodingKey {
        case rows, matched
        case withoutConnection = "without_connection"
    }
}

/// Entries of all real servers at one moment.
package struct EntryAudit: Sendable, Hashable, Codable {
    package var kernel: Int
    /// By the kernel's rules replayed on the packets.
    package var traced: Int
}

/// A counter kept for either direction.
package struct DirectionalAudit: Sendable, Hashable, Codable {
    /// Where the captured numbers are from.
    package var source: TrafficSource
    /// From clients.
    package var `in`: CounterAudit
    /// To clients.
    package var out: CounterAudit
}

/// One counter, as captured and as the kernel counted it.
package struct CounterAudit: Sendable, Hashable, Codable {
    @OrNull package var kernel: Int?
    /// The kernel's number once more if that is the source; `nil` if there is none.
    @OrNull package var captured: Int?
    /// By how much the real servers differ with an explanation: the kernel may or may not have counted it.
    package var explained: Int
    package var unexplained: Int
}
