import Balance

/// A verdict for a person, at a terminal or through a pipe: plain text, the overall verdict last.
enum VerdictText {
    static func render(_ report: VerdictReport) -> String {
        report.virtualServices.map { render($0) + "\n" }.joined()
            + (report.baselineSentence.map { "baseline: \($0)\n" } ?? "")
            + (report.levelSentence.map { "level: \($0)\n" } ?? "")
            + "verdict: \(report.verdict.rawValue) (run \(report.run.id), \(report.run.name))\n"
    }

    private static func render(_ service: ServiceVerdict) -> String {
        var text = "\(service.verdict.rawValue)  \(service.virtualService)  \(service.scheduler)  \(service.summary)\n"
        if !service.rows.isEmpty {
            var table = TextTable(
                ServiceVerdict.columns.enumerated().map { ($0.element, $0.offset == 0 ? .left : .right) })
            for row in service.rows { table.add(row) }
            text += indent(table.render())
        }
        text += "  conformance  \(service.conformanceSentence)\n"
        for detail in service.conformanceDetails { text += "               \(detail)\n" }
        text += "  fairness     \(service.fairnessSentence)\n"
        for detail in service.fairnessDetails { text += "               \(detail)\n" }
        text += "  audit        \(service.auditSentence)\n"
        text += "  latency      \(service.latencySentence)\n"
        for (index, line) in service.thresholdLines.enumerated() {
            text += (index == 0 ? "  thresholds   " : "               ") + line + "\n"
        }
        for (index, line) in service.baselineLines.enumerated() {
            text += (index == 0 ? "  baseline     " : "               ") + line + "\n"
        }
        text += whatIf(service)
        for (index, reason) in service.reasons.enumerated() {
            text += (index == 0 ? "  because      " : "               ") + reason + "\n"
        }
        return text
    }

    private static func whatIf(_ service: ServiceVerdict) -> String {
        guard service.whatIf != nil else { return "" }
        var table = TextTable(
            ServiceVerdict.whatIfColumns.enumerated().map { ($0.element, $0.offset == 0 ? .left : .right) })
        for row in service.whatIfRows { table.add(row) }
        return indent(table.render() + service.whatIfLeftOut.map { $0 + "\n" }.joined())
    }

    private static func indent(_ text: String) -> String {
        text.split(separator: "\n").map { "  \($0)\n" }.joined()
    }
}
