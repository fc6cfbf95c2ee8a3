import IPVSModel

/// Turns evidence into a verdict. Pure: the same evidence gives the same report.
package enum Judge {
    /// - Parameter thresholds: What every virtual service with traffic has to meet besides.
    package static func verdict(on evidence: RunEvidence, thresholds: [Threshold] = []) -> VerdictReport {
        let level = RunLevel(evidence.levels)
        let judged = evidence.virtualServices.sorted { $0.identity < $1.identity }.map { service in
            ServiceJudgement(
                service, packetsDropped: evidence.packetsDropped, level: level, thresholds: thresholds
            ).report
        }
        return VerdictReport(
            run: ReportedRun(evidence.run, levels: evidence.levels), level: level,
            virtualServices: judged,
            verdict: .overall(judged.filter(\.hasTraffic).map(\.verdict)))
    }
}

/// One service's judgement.
struct ServiceJudgement {
    let report: ServiceVerdict

    init(_ evidence: VirtualServiceEvidence, packetsDropped: UInt64, level: RunLevel, thresholds: [Threshold]) {
        let sequence = ServiceSequence(evidence)
        let audit = ServiceAudit(evidence, sequence, packetsDropped: packetsDropped, level: level)
        let conformance = Conformance(evidence, sequence)
        let order = SequenceFairness(evidence, sequence)
        let decision = Decision(evidence, sequence, audit, conformance)

        let source: TrafficSource = audit.arePacketsAudited ? .capture : .kernel
        var report = ServiceVerdict(
            virtualService: evidence.identity, scheduler: evidence.scheduler, verdict: decision.verdict,
            reasons: decision.reasons, assignments: evidence.assignments.count,
            realServers: Self.shares(
                evidence, sequence, expected: order.expected, source: source),
            fairness: FairnessReport(evidence, sequence, order, source: source),
            conformance: ConformanceReport(conformance, evidence, sequence), audit: AuditReport(audit),
            latency: LatencyReport(
                realServerConnect: LatencyDistribution(
                    nanoseconds: evidence.assignments.compactMap(\.realServerConnect))),
            promise: PromiseVerdict(verdict: decision.verdict, reasons: decision.reasons))
        let thresholdJudge = ThresholdJudge(
            service: report,
            missing: audit.isKernelKnown ? audit.connections.shortage : Int(clamping: packetsDropped),
            unseen: sequence.unseen, unchecked: conformance.unchecked)
        report.apply(thresholds.map(thresholdJudge.result))
        self.report = report
    }

    private static func shares(
        _ evidence: VirtualServiceEvidence, _ sequence: ServiceSequence, expected: [Double],
        source: TrafficSource
    ) -> [RealServerShare] {
        var weights: [Endpoint: Int32] = [:]
        for configuration in evidence.configurations {
            for server in configuration.realServers { weights[server.endpoint] = server.weight }
        }
        let rows = Dictionary(evidence.realServers.map { ($0.endpoint, $0) }, uniquingKeysWith: { $1 })
        return sequence.servers.enumerated().map { number, endpoint in
            let row = rows[endpoint]
            let traffic =
                switch source {
                case .capture: row?.captured ?? TrafficCounters()
                case .kernel: row?.kernel
                }
            return RealServerShare(
                realServer: endpoint, weight: weights[endpoint], assignments: sequence.counts[number],
                expected: expected[number],
                share: sequence.seen > 0 ? Double(sequence.counts[number]) / Double(sequence.seen) : nil,
                bytesIn: traffic?.inBytes, bytesOut: traffic?.outBytes, source: source,
                kernelConns: row?.kernel?.connections)
        }
    }
}

extension VirtualServiceEvidence {
    /// The scheduler last in force.
    var scheduler: Scheduler { configurations.last?.scheduler ?? Scheduler(rawValue: "unknown") }
}
