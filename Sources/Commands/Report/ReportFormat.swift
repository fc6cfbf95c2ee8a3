import ArgumentParser

/// How reports are printed. The names are those of `--format` and stable.
package enum ReportFormat: String, Sendable, CaseIterable, ExpressibleByArgument {
    /// For a person, at a terminal or through a pipe.
    case text
    /// For a ticket.
    case markdown
    /// One page with pictures that needs nothing else.
    case html
    /// For programs; the keys of `verify --format json` and more, all stable.
    case json
    /// One table of all figures, for a spreadsheet.
    case csv

    /// Everything that is printed, with a line end.
    package func render(_ report: RunReport) throws -> String {
        switch self {
        case .text: ReportText.render(ReportDocument(report))
        case .markdown: ReportMarkdown.render(ReportDocument(report))
        case .html: ReportHTML.render(ReportDocument(report))
        case .json: try VerdictJSON.render(report)
        case .csv: ReportCSV.render(report)
        }
    }
}
