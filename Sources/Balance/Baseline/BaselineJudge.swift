import IPVSModel

/// Holds a virtual service against itself in an earlier run.
///
/// A difference counts if chance makes one like it in less than one of a hundred cases, and if it is large enough to
/// matter: with a million connections anything is significant.
struct BaselineJudge {
    /// Above this probability a difference is chance's.
    static let significance = 0.01
    /// Less than this part of all connections on another real server matters to nobody.
    static let negligibleShare = 0.01
    /// How far from one half a probability of superiority may be: Vargha and Delaney's bound of a small effect.
    static let negligibleSuperiority = 0.06
    /// Fewer times are no distribution.
    static let leastSamples = 20

    let report: BaselineReport

    /// - Parameters:
    ///   - times: The real servers' connect times now, in nanoseconds.
    ///   - earlierTimes: Those of the baseline.
    init(_ now: ServiceVerdict, times: [Int64], baseline then: ServiceVerdict, earlierTimes: [Int64]) {
        report = BaselineReport(
            verdict: then.promise.verdict, assignments: then.assignments, auditClosed: then.audit.closed,
            comparisons: [
                Self.promise(now, then), Self.unexplained(now, then), Self.shares(now, then), Self.repeats(now, then),
                Self.connectTimes(times, earlierTimes),
            ])
    }

    private static func promise(_ now: ServiceVerdict, _ then: ServiceVerdict) -> MeasureComparison {
        let change: MeasureComparison.Change =
            switch (then.promise.verdict, now.promise.verdict) {
            case (.inconclusive, _), (_, .inconclusive): .inconclusive
            case (.pass, .fail): .worse
            case (.fail, .pass): .better
            case (.pass, .pass), (.fail, .fail): .same
            }
        return MeasureComparison(
            measure: "promise", baseline: nil, value: nil, change: change, test: nil, p: nil,
            samples: [then.assignments, now.assignments],
            detail: "\(then.promise.verdict.rawValue) then, \(now.promise.verdict.rawValue) now")
    }

    private static func unexplained(_ now: ServiceVerdict, _ then: ServiceVerdict) -> MeasureComparison {
        rate(
            .unexplained, (then.conformance.unexplainedTotal, then.conformance.checked),
            (now.conformance.unexplainedTotal, now.conformance.checked))
    }

    private static func repeats(_ now: ServiceVerdict, _ then: ServiceVerdict) -> MeasureComparison {
        // Two assignments make one transition.
        rate(.repeats, (then.fairness.repeats, then.assignments - 1), (now.fairness.repeats, now.assignments - 1))
    }

    /// How often something happens that had better not.
    private static func rate(
        _ measure: ThresholdMeasure, _ then: (count: Int, total: Int), _ now: (count: Int, total: Int)
    ) -> MeasureComparison {
        var comparison = MeasureComparison(
            measure: measure.rawValue, baseline: then.total > 0 ? Double(then.count) : nil,
            value: now.total > 0 ? Double(now.count) : nil, change: .inconclusive, test: nil, p: nil,
            samples: [max(then.total, 0), max(now.total, 0)], detail: "nothing to compare")
        guard then.total > 0, now.total > 0 else { return comparison }
        let p = FisherExact.p(then.count, of: then.total, now.count, of: now.total)
        comparison.test = .fisherExact
        comparison.p = p.finite
        let (before, after) = (Double(then.count) / Double(then.total), Double(now.count) / Double(now.total))
        comparison.change = p >= significance || before == after ? .same : after < before ? .better : .worse
        comparison.detail = "\(then.count) of \(then.total) then, \(now.count) of \(now.total) now"
        return comparison
    }

    private static func shares(_ now: ServiceVerdict, _ then: ServiceVerdict) -> MeasureComparison {
        let earlier = Dictionary(then.realServers.map { ($0.realServer, $0) }, uniquingKeysWith: { $1 })
        let later = Dictionary(now.realServers.map { ($0.realServer, $0) }, uniquingKeysWith: { $1 })
        let servers = Set(earlier.keys).union(later.keys).sorted()
        let counts = { (rows: [Endpoint: RealServerShare]) in servers.map { rows[$0]?.assignments ?? 0 } }
        let (before, after) = (counts(earlier), counts(later))
        var comparison = MeasureComparison(
            measure: ThresholdMeasure.maxShareError.rawValue, baseline: then.fairness.maxShareError,
            value: now.fairness.maxShareError, change: .inconclusive, test: nil, p: nil,
            samples: [before.reduce(0, +), after.reduce(0, +)], detail: "nothing to compare")
        guard let test = Homogeneity(before, after), let old = then.fairness.maxShareError,
            let new = now.fairness.maxShareError
        else { return comparison }
        let dues = { (rows: [Endpoint: RealServerShare], total: Int) in
            servers.map { (rows[$0]?.expected ?? 0) / Double(total) }
        }
        let shift =
            zip(dues(earlier, comparison.samples[0]), dues(later, comparison.samples[1]))
            .map { abs($0 - $1) }.max() ?? 0
        guard shift < negligibleShare else {
            comparison.detail = "the due shares are not the same, so each run has to be held against its own"
            return comparison
        }
        comparison.test = .homogeneity
        comparison.p = test.p.finite
        guard test.leastExpected >= 5 else {
            comparison.detail =
                "too few: \(rounded(test.leastExpected)) connections are to be expected of a real server"
            return comparison
        }
        let isNegligible = test.p >= significance || test.moved < negligibleShare
        comparison.change = isNegligible || old == new ? .same : new < old ? .better : .worse
        comparison.detail = "\(rounded(100 * test.moved)) % of the connections went to another real server"
        return comparison
    }

    private static func connectTimes(_ now: [Int64], _ then: [Int64]) -> MeasureComparison {
        var comparison = MeasureComparison(
            measure: "p50(\(ThresholdMeasure.realServerConnect.rawValue))",
            baseline: LatencyDistribution(nanoseconds: then).p50, value: LatencyDistribution(nanoseconds: now).p50,
            change: .inconclusive, test: nil, p: nil, samples: [then.count, now.count],
            detail: "too few handshakes were seen: \(then.count) and \(now.count)")
        guard then.count >= leastSamples, now.count >= leastSamples, let test = MannWhitney(then, now) else {
            return comparison
        }
        comparison.test = .mannWhitney
        comparison.p = test.p.finite
        let isNegligible = test.p >= significance || abs(test.superiority - 0.5) < negligibleSuperiority
        comparison.change = isNegligible ? .same : test.superiority < 0.5 ? .better : .worse
        comparison.detail =
            "of two connections, the one now took longer in \(rounded(100 * test.superiority)) % of cases"
        return comparison
    }

    /// To one decimal.
    private static func rounded(_ value: Double) -> Double { (value * 10).rounded() / 10 }
}
