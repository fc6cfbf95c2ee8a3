import IPVSModel

/// Turns evidence into a verdict. Pure: the same evidence gives the same report.
package enum Judge {
    /// - Parameters:
    ///   - thresholds: What every virtual service with traffic has to meet besides.
    ///   - baseline: An earlier run to compare with: it is told, and changes no verdict.
    ///   - whatIf: Whether to tell how other schedulers would have spread the arrivals.
    package static func verdict(
        on evidence: RunEvidence, thresholds: [Threshold] = [], baseline: RunEvidence? = nil, whatIf: Bool = false
    ) -> VerdictReport {
        var report = verdict(on: evidence, thresholds)
        if whatIf {
            for service in evidence.virtualServices {
                let index = report.virtualServices.firstIndex { $0.virtualService == service.identity }
                if let index { report.virtualServices[index].whatIf = WhatIf.outcomes(for: service) }
            }
        }
        guard let baseline else { return report }
        let earlier = verdict(on: baseline, [])
        report.baseline = earlier.run
        for index in report.virtualServices.indices {
            let service = report.virtualServices[index]
            guard let then = earlier.virtualServices.first(where: { $0.virtualService == service.virtualService })
            else { continue }
            let times = { (run: RunEvidence) in
                run.virtualServices.first { $0.identity == service.virtualService }?.assignments.connectTimes ?? []
            }
            report.virtualServices[index].baseline =
                BaselineJudge(service, times: times(evidence), baseline: then, earlierTimes: times(baseline)).report
        }
        return report
    }

    private static func verdict(on evidence: RunEvidence, _ thresholds: [Threshold]) -> VerdictReport {
        let level = RunLevel(evidence.levels)
        let judged = evidence.virtualServices.sorted { $0.identity < $1.identity }.map { service in
            ServiceJudgement(
                service, packetsDropped: evidence.packetsDropped, level: level,
                comparesPackets: evidence.comparesPackets, thresholds: thresholds
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

    init(
        _ evidence: VirtualServiceEvidence, packetsDropped: UInt64, level: RunLevel, comparesPackets: Bool,
        thresholds: [Threshold]
    ) {
        let sequence = ServiceSequence(evidence)
        let audit = ServiceAudit(
            evidence, sequence, packetsDropped: packetsDropped, level: level, comparesPackets: comparesPackets)
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
                    nanoseconds: evidence.assignments.connectTimes)),
            promise: PromiseVerdict(verdict: decision.verdict, reasons: decision.reasons))
        if decision.verdict == .fail, report.fairness.pattern == .random {
            report.reasons.append(
                "each choice is independent of the one before: this looks like random balancing, not like "
                    + "\(evidence.scheduler)")
            report.promise.reasons = report.reasons
        }
        let thresholdJudge = ThresholdJudge(
            service: report,
            missing: audit.isKernelKnown ? audit.connections.shortage : Int(clamping: packetsDropped),
            surplus: max(0, audit.connections.excess - audit.connections.missing), missingPackets: audit.missingPackets,
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
