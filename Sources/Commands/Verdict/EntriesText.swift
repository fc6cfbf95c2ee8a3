import Balance
import IPVSModel

/// A listing's judgement for a person: what the order says first, the verdict last.
enum EntriesText {
    static func render(_ report: EntriesReport) -> String {
        report.virtualServices.map { render($0, assumption: report.assumption) + "\n" }.joined()
            + "verdict: \(report.verdict.rawValue): \(report.reasons.joined(separator: "; "))\n"
    }

    private static func render(_ service: EntriesVerdict, assumption: String) -> String {
        var lines = [
            "\(service.virtualService): \(service.orderSentence)", "  assumption     \(assumption)",
            "  distribution   \(service.distributionSentence)", "  states         \(service.stateSentence)",
        ]
        for (index, hint) in service.hints.enumerated() {
            lines.append((index == 0 ? "  hint           " : "                 ") + hint)
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
