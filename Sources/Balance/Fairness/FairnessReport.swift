import IPVSModel

/// How evenly one virtual service was spread: the measures of the whole run, what to hold them against, and the parts.
@dynamicMemberLookup
package struct FairnessReport: Sendable, Hashable, Codable {
    /// Of assignments, over the run.
    package var measures: FairnessMeasures
    /// How often a real server followed itself.
    package var repeats: Int
    package var pattern: AssignmentPattern
    /// The best that whole connections allow.
    package var ideal: FairnessReference
    /// What choices at random would give.
    package var chance: FairnessReference
    /// By the real server before and the one after, in their order; `nil` for more than ``transitionLimit`` of them.
    @OrNull package var transitions: [[Int]]?
    /// `nil` with less than two windows' worth of assignments.
    @OrNull package var window: WindowReport?
    /// The parts between changes of the configuration; empty if there was none.
    package var stretches: [StretchReport]
    /// Packets, bytes and open connections, as far as somebody counted them for every real server.
    package var traffic: [TrafficFairness]

    /// A table of more would fill the report.
    static let transitionLimit = 16

    enum CodingKeys: String, CodingKey {
        case repeats, pattern, ideal, chance, transitions, window, stretches, traffic
    }

    package subscript<Value>(dynamicMember path: KeyPath<FairnessMeasures, Value>) -> Value { measures[keyPath: path] }

    /// - Parameter source: Who counted packets and bytes.
    init(
        _ evidence: VirtualServiceEvidence, _ sequence: ServiceSequence, _ order: SequenceFairness,
        source: TrafficSource
    ) {
        measures = FairnessMeasures(
            counts: sequence.counts, expected: order.expected, prefixDiscrepancy: order.prefixDiscrepancy,
            longestRun: order.longestRun)
        let transitions = Transitions(sequence.choices, servers: sequence.servers.count)
        repeats = transitions.repeats
        pattern = AssignmentPattern(transitions, measures, servers: sequence.counts)
        self.transitions = sequence.servers.count <= Self.transitionLimit ? transitions.counts : nil
        let total = order.expected.reduce(0, +)
        let dues = order.expected.filter { $0 > 0 }.map { $0 / total }
        ideal = FairnessReference.ideal(total: sequence.seen, dues: dues).better(of: measures)
        chance = .chance(total: sequence.seen, dues: dues)
        window = WindowReport(order.window, evidence, sequence, dues: dues)
        stretches = order.stretches.count > 1 ? order.stretches.map { StretchReport($0, evidence, sequence) } : []
        traffic = []
        addTraffic(evidence, sequence, dues: order.expected.map { total > 0 ? $0 / total : 0 }, source)
    }

    private mutating func addTraffic(
        _ evidence: VirtualServiceEvidence, _ sequence: ServiceSequence, dues: [Double], _ source: TrafficSource
    ) {
        let rows = Dictionary(evidence.realServers.map { ($0.endpoint, $0) }, uniquingKeysWith: { $1 })
        let counters = sequence.servers.compactMap { server in
            switch source {
            case .capture: rows[server]?.captured ?? TrafficCounters()
            case .kernel: rows[server]?.kernel
            }
        }
        var counts: [(kind: TrafficKind, counts: [UInt64])] = []
        if counters.count == sequence.servers.count {
            for kind in TrafficKind.allCases where kind != .openConnections {
                counts.append((kind, counters.compactMap(kind.count)))
            }
        }
        if let open = Self.openTime(evidence, sequence) { counts.append((.openConnections, open)) }
        traffic = counts.map { TrafficFairness($0.kind, counts: $0.counts, dues: dues, ideal: ideal, chance: chance) }
    }

    /// For how long each server's connections were open, added up: divided by any span of time, how many were open on the
    /// average. One whose end was not seen lasts as long as anything that was.
    ///
    /// - Returns: By server, in milliseconds; `nil` if the end of none was seen.
    private static func openTime(_ evidence: VirtualServiceEvidence, _ sequence: ServiceSequence) -> [UInt64]? {
        var end = Int64.min
        var isKnown = false
        for assignment in evidence.assignments {
            end = max(end, assignment.time.rawValue + (assignment.duration ?? 0))
            isKnown = isKnown || assignment.duration != nil
        }
        guard isKnown else { return nil }
        var times = Array(repeating: Int64(0), count: sequence.servers.count)
        for (choice, assignment) in zip(sequence.choices, evidence.assignments) where choice >= 0 {
            times[choice] += assignment.duration ?? end - assignment.time.rawValue
        }
        return times.map { UInt64($0 / 1_000_000) }
    }

    package init(from decoder: any Decoder) throws {
        measures = try FairnessMeasures(from: decoder)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        repeats = try container.decode(Int.self, forKey: .repeats)
        pattern = try container.decode(AssignmentPattern.self, forKey: .pattern)
        ideal = try container.decode(FairnessReference.self, forKey: .ideal)
        chance = try container.decode(FairnessReference.self, forKey: .chance)
        _transitions = try container.decode(OrNull<[[Int]]>.self, forKey: .transitions)
        _window = try container.decode(OrNull<WindowReport>.self, forKey: .window)
        stretches = try container.decode([StretchReport].self, forKey: .stretches)
        traffic = try container.decode([TrafficFairness].self, forKey: .traffic)
    }

    /// The measures' own keys are beside the others.
    package func encode(to encoder: any Encoder) throws {
        try measures.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(repeats, forKey: .repeats)
        try container.encode(pattern, forKey: .pattern)
        try container.encode(ideal, forKey: .ideal)
        try container.encode(chance, forKey: .chance)
        try container.encode(_transitions, forKey: .transitions)
        try container.encode(_window, forKey: .window)
        try container.encode(stretches, forKey: .stretches)
        try container.encode(traffic, forKey: .traffic)
    }
}
