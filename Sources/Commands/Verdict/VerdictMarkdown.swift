import Balance
import IPVSModel

/// A verdict in Markdown, as for the summary page of a CI run.
enum VerdictMarkdown {
    static func render(_ report: VerdictReport) -> String {
        let run = report.run
        let command = run.command.isEmpty ? "" : ": " + MarkdownText.code(run.command.joined(separator: " "))
        let ended = run.ended.map { " to \($0)" } ?? ""
        return "## ipvscope: \(report.verdict.rawValue)\n\n"
            + "Run \(run.id), \(MarkdownText.escaped(run.name))\(command), \(run.started)\(ended)\n"
            + (report.levelSentence.map { "\nLevel \(MarkdownText.escaped($0))\n" } ?? "")
            + (report.baselineSentence.map { "\nBaseline: \(MarkdownText.escaped($0))\n" } ?? "")
            + report.virtualServices.map(render).joined()
    }

    private static func render(_ service: ServiceVerdict) -> String {
        let title = "\(service.virtualService) (\(service.scheduler)), \(service.summary)"
        var text = "\n### \(service.verdict.rawValue): \(MarkdownText.escaped(title))\n\n"
        if !service.reasons.isEmpty { text += MarkdownText.list(service.reasons.map(MarkdownText.escaped)) + "\n" }
        if !service.rows.isEmpty { text += MarkdownText.table(ServiceVerdict.columns, service.rows) + "\n" }
        if !service.thresholds.isEmpty {
            let rows = service.thresholds.map { [$0.expression, $0.verdict.rawValue, $0.detail] }
            text += MarkdownText.table(["threshold", "verdict", "value"], rows) + "\n"
        }
        if let baseline = service.baseline {
            let rows = baseline.comparisons.map { [$0.measure, $0.change.rawValue, $0.thenAndNow, $0.evidence] }
            text += MarkdownText.table(["against the baseline", "change", "then → now", "evidence"], rows) + "\n"
        }
        if service.whatIf != nil {
            text += MarkdownText.table(ServiceVerdict.whatIfColumns, service.whatIfRows) + "\n"
        }
        let lines = [
            ("Conformance", service.conformanceSentence),
            ("Fairness", ([service.fairnessSentence] + service.fairnessDetails).joined(separator: "; ")),
            ("Audit", service.auditSentence), ("Latency", service.latencySentence),
        ]
        text += MarkdownText.list(lines.map { "**\($0.0)**: \(MarkdownText.escaped($0.1))" })
        let details = service.conformanceDetails + service.whatIfLeftOut
        return text + MarkdownText.list(details.map(MarkdownText.escaped))
    }
}
