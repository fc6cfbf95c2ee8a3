import Balance
import IPVSModel

/// A verdict as one test suite: each service is tested for conformance and audit, and inconclusive is skipped.
enum VerdictJUnit {
    static func render(_ report: VerdictReport) -> String {
        let duration = report.run.ended.map { $0.timestamp.seconds - report.run.started.timestamp.seconds }
        return JUnitSuite(
            name: "ipvscope run \(report.run.id) (\(report.run.name))", timestamp: report.run.started.description,
            duration: duration,
            properties: [("level", report.level.rawValue)]
                + (report.levelSentence.map { [("level_detail", $0)] } ?? []),
            cases: report.virtualServices.flatMap(cases)
        ).render()
    }

    private static func cases(_ service: ServiceVerdict) -> [JUnitSuite.Case] {
        let reason = service.reasons.first ?? ""
        let conformance: JUnitSuite.Result =
            switch service.verdict {
            case .pass: .passed
            case .fail:
                .failed(
                    message: reason,
                    details: (service.reasons.dropFirst() + service.conformanceDetails).joined(separator: "\n"))
            case .inconclusive: .skipped(message: reason)
            }
        let name = service.virtualService.description
        return [
            .init(className: name, name: "conformance", result: conformance),
            .init(
                className: name, name: "audit",
                result: service.audit.closed ? .passed : .skipped(message: service.auditSentence)),
        ]
    }
}
