import ArgumentParser
package import Balance

/// How verdicts are printed. The names are those of `--format` and stable.
package enum VerdictFormat: String, Sendable, CaseIterable, ExpressibleByArgument {
    /// For a person, at a terminal or through a pipe.
    case text
    /// For programs; the keys are stable.
    case json
    /// For CI systems that read JUnit's XML.
    case junit
    /// For a CI summary.
    case markdown

    /// Everything that is printed, with a line end.
    package func render(_ report: VerdictReport) throws -> String {
        switch self {
        case .text: VerdictText.render(report)
        case .json: try VerdictJSON.render(report)
        case .junit: VerdictJUnit.render(report)
        case .markdown: VerdictMarkdown.render(report)
        }
    }

    /// Everything that is printed, with a line end.
    package func render(_ report: EntriesReport) throws -> String {
        switch self {
        case .text: EntriesText.render(report)
        case .json: try VerdictJSON.render(report)
        case .junit: EntriesJUnit.render(report)
        case .markdown: EntriesMarkdown.render(report)
        }
    }
}
