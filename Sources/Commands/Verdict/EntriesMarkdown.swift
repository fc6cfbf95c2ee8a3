import Balance
import IPVSModel

/// A listing's judgement in Markdown.
enum EntriesMarkdown {
    static func render(_ report: EntriesReport) -> String {
        "## ipvscope: \(report.verdict.rawValue)\n\n"
            + MarkdownText.list(report.reasons.map(MarkdownText.escaped))
            + report.virtualServices.map { render($0, assumption: report.assumption) }.joined()
    }

    private static func render(_ service: EntriesVerdict, assumption: String) -> String {
        let rows = service.realServers.map { ["\($0.realServer)", "\($0.entries)"] }
        let lines = [service.orderSentence, "Assumption: \(assumption)", "States: \(service.stateSentence)"]
        return "\n### \(MarkdownText.escaped(service.virtualService.description))\n\n"
            + MarkdownText.table(["real server", "entries"], rows) + "\n"
            + MarkdownText.list((lines + service.hints).map(MarkdownText.escaped))
    }
}
