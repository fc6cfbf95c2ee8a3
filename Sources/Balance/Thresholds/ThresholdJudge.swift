/// Holds thresholds against what was measured of one virtual service.
///
/// Where evidence is known to be missing, a value stands for all those that it could have been: a threshold that holds
/// for some of them only is inconclusive.
struct ThresholdJudge {
    /// The report, before any threshold was held against it.
    let service: ServiceVerdict
    /// Connections that the kernel counted and nobody captured; without its counters, as many as packets were dropped.
    let missing: Int
    /// Connections captured beyond what the kernel counted.
    let surplus: Int
    /// Packets that the kernel counted and nobody captured, and those dropped: a connection whose SYN is among them is seen
    /// later, at another place in the order.
    let missingPackets: Int
    /// Assignments whose choice stayed unseen.
    let unseen: Int
    /// Assignments that were held against no model.
    let unchecked: Int

    func result(of threshold: Threshold) -> ThresholdResult {
        let unit = threshold.measure.unit
        let value = service.hasTraffic ? value(of: threshold)?.finite : nil
        var result = ThresholdResult(
            expression: threshold.expression, measure: threshold.quantity, value: value, bound: threshold.bound,
            verdict: .inconclusive, detail: "no samples")
        guard let value else { return result }
        let words = unit.description(of: value, besides: threshold.bound)
        switch range(around: value, of: threshold).flatMap({ threshold.comparison.holds($0, threshold.bound) })
        {
        case true?: (result.verdict, result.detail) = (.pass, "is \(words)")
        case false?: (result.verdict, result.detail) = (.fail, "is \(words)")
        case nil: result.detail = "is \(words), but \(gap(of: threshold))"
        }
        return result
    }

    private func value(of threshold: Threshold) -> Double? {
        let fairness = service.fairness
        if let kind = threshold.traffic {
            let traffic = fairness.traffic.first { $0.kind == kind }
            return switch threshold.measure {
            case .maxShareError: traffic?.maxShareError
            case .jain: traffic?.jain
            case .coefficientOfVariation: traffic?.coefficientOfVariation
            case .maxOverMean: traffic?.maxOverMean
            default: nil
            }
        }
        return switch threshold.measure {
        case .assignments: Double(service.assignments)
        case .unexplained: service.conformance.checked > 0 ? Double(service.conformance.unexplainedTotal) : nil
        case .auditUnexplained: service.audit.kernelConns.map { _ in Double(service.audit.unexplained) }
        case .packetsDropped: Double(service.audit.packetsDropped)
        case .maxShareError: fairness.maxShareError
        case .jain: fairness.jain
        case .coefficientOfVariation: fairness.coefficientOfVariation
        case .maxOverMean: fairness.maxOverMean
        case .prefixDiscrepancy: fairness.prefixDiscrepancy
        case .longestRun: fairness.longestRun > 0 ? Double(fairness.longestRun) : nil
        case .repeats: service.assignments > 1 ? Double(fairness.repeats) : nil
        case .windowMaxShareError: fairness.window?.maxShareError
        case .chiSquare: fairness.chiSquare
        case .pUpper: fairness.pUpper
        case .pLower: fairness.pLower
        case .realServerConnect: threshold.statistic?.value(of: service.latency.realServerConnect)
        }
    }

    /// What the value may have been, had everything been captured; `nil` if there is no telling.
    private func range(around value: Double, of threshold: Threshold) -> ClosedRange<Double>? {
        let lacking = missing + unseen
        if let kind = threshold.traffic { return unexplained(kind) == 0 && lacking == 0 ? value...value : nil }
        switch threshold.measure {
        // These are as they are: the kernel's and our own counts, and times of the handshakes that were seen.
        case .auditUnexplained, .packetsDropped, .realServerConnect: return value...value
        case .assignments: return max(0, value - Double(surplus))...(value + Double(missing))
        case .unexplained:
            if service.audit.closed { return value...(value + Double(unchecked)) }
            // What is missing may excuse all but one of those that make the verdict fail, and hide any number.
            return (service.verdict == .fail ? 1 : 0)...(.infinity)
        case .maxShareError:
            // A share and its due one each move by this much at most.
            let slack = lacking == 0 ? 0 : 2 * Double(lacking) / Double(service.assignments + missing)
            return max(0, value - slack)...(value + slack)
        case .jain, .coefficientOfVariation, .maxOverMean, .chiSquare, .pUpper, .pLower:
            return lacking == 0 ? value...value : nil
        case .prefixDiscrepancy, .longestRun, .repeats, .windowMaxShareError:
            return lacking == 0 && missingPackets == 0 ? value...value : nil
        }
    }

    /// How much of it differs from the kernel's count without an explanation.
    private func unexplained(_ kind: TrafficKind) -> Int {
        switch kind {
        case .packetsIn: service.audit.packets.in.unexplained
        case .packetsOut: service.audit.packets.out.unexplained
        case .bytesIn: service.audit.bytes.in.unexplained
        case .bytesOut: service.audit.bytes.out.unexplained
        case .openConnections: service.audit.unexplained
        }
    }

    /// What is missing, as the end of a sentence.
    private func gap(of threshold: Threshold) -> String {
        var parts: [String] = []
        if missing > 0 { parts.append("up to \(plural(missing, "connection")) may be missing") }
        if missing == 0, missingPackets > 0 { parts.append("\(plural(missingPackets, "packet")) may be missing") }
        if unseen > 0 { parts.append("\(plural(unseen, "choice")) stayed unseen") }
        if threshold.measure == .unexplained, unchecked > 0 {
            parts.append("\(plural(unchecked, "assignment")) not checked")
        }
        if let kind = threshold.traffic, unexplained(kind) > 0 {
            parts.append("\(unexplained(kind)) of the \(kind.help) are unexplained")
        }
        if parts.isEmpty { parts.append("what is missing from the evidence may explain it") }
        return list(parts)
    }
}

extension ServiceVerdict {
    /// Takes in what became of the thresholds: a failed one fails the verdict, and none passes for want of evidence.
    mutating func apply(_ results: [ThresholdResult]) {
        thresholds = results
        let sentences = { (verdict: Verdict) in
            results.filter { $0.verdict == verdict }.map { "threshold \($0.expression): \($0.detail)" }
        }
        let (failed, open) = (sentences(.fail), sentences(.inconclusive))
        if !failed.isEmpty {
            // What made the verdict fail comes first.
            reasons = verdict == .fail ? reasons + failed : failed + reasons
            verdict = .fail
        } else if !open.isEmpty, verdict == .pass {
            verdict = .inconclusive
        }
        reasons += open
    }
}
