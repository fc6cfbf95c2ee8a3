import Balance
import IPVSModel

/// A verdict as one test suite: each service is tested for conformance, audit and each threshold. What is inconclusive
/// is an error, since CI systems take a skipped test for a good one.
enum VerdictJUnit {
    static func render(_ report: VerdictReport) -> String {
        let duration = report.run.ended.map { $0.timestamp.seconds - report.run.started.timestamp.seconds }
        return JUnitSuite(
            name: "ipvscope run \(report.run.id) (\(report.run.name))", timestamp: report.run.started.description,
            duration: duration,
            properties: [("verdict", report.verdict.rawValue), ("level", report.level.rawValue)]
                + (report.levelSentence.map { [("level_detail", $0)] } ?? [])
                + (report.baselineSentence.map { [("baseline", $0)] } ?? [])
                + report.virtualServices.flatMap { service in
                    service.baselineLines.map { ("baseline \(service.virtualService)", $0) }
                },
            cases: cases(report)
        ).render()
    }

    private static func cases(_ report: VerdictReport) -> [JUnitSuite.Case] {
        let hasTraffic = report.virtualServices.contains(where: \.hasTraffic)
        let all = report.virtualServices.flatMap { service -> [JUnitSuite.Case] in
            // Without traffic a virtual service has no say, unless none has any.
            service.hasTraffic || !hasTraffic
                ? cases(service)
                : [
                    .init(
                        className: service.virtualService.description, name: "conformance",
                        result: .skipped(message: service.reasons.first ?? ""))
                ]
        }
        guard all.isEmpty else { return all }
        // A suite without a test passes.
        return [
            .init(
                className: "ipvscope", name: "virtual services",
                result: .error(type: "verdict", message: "no virtual service was seen", details: ""))
        ]
    }

    private static func cases(_ service: ServiceVerdict) -> [JUnitSuite.Case] {
        let name = service.virtualService.description
        let audit: JUnitSuite.Result =
            service.audit.closed ? .passed : .error(type: "audit", message: service.auditSentence, details: "")
        return [
            .init(className: name, name: "conformance", result: conformance(of: service)),
            .init(className: name, name: "audit", result: audit),
        ]
            + service.thresholds.map { threshold in
                let message = "\(threshold.expression): \(threshold.detail)"
                let result: JUnitSuite.Result =
                    switch threshold.verdict {
                    case .pass: .passed
                    case .fail: .failed(type: "threshold", message: message, details: "")
                    case .inconclusive: .error(type: "threshold", message: message, details: "")
                    }
                return .init(className: name, name: "threshold \(threshold.expression)", result: result)
            }
    }

    /// What the verdict would be without thresholds, which are tests of their own.
    private static func conformance(of service: ServiceVerdict) -> JUnitSuite.Result {
        let reasons = service.promise.reasons
        let message = reasons.first ?? ""
        let details = (reasons.dropFirst() + service.conformanceDetails).joined(separator: "\n")
        return switch service.promise.verdict {
        case .pass: .passed
        case .fail: .failed(type: "conformance", message: message, details: details)
        case .inconclusive: .error(type: "conformance", message: message, details: details)
        }
    }
}
