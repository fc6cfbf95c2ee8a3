import Balance

/// A report in Markdown, for a ticket; pictures are tables.
enum ReportMarkdown {
    static func render(_ document: ReportDocument) -> String {
        "# ipvscope report: \(MarkdownText.escaped(document.title))\n"
            + document.groups.map { group in
                (group.title.map { title in
                    "\n## \(MarkdownText.escaped((group.verdict.map { "\($0.rawValue): " } ?? "") + title))\n"
                } ?? "") + group.sections.map(render).joined()
            }.joined()
    }

    private static func render(_ section: ReportDocument.Section) -> String {
        "\n### \(MarkdownText.escaped(section.title))\n"
            + section.blocks.map(render).filter { !$0.isEmpty }.map { "\n" + $0 }.joined()
    }

    private static func render(_ block: ReportDocument.Block) -> String {
        switch block {
        case .text(let text): MarkdownText.escaped(text) + "\n"
        case .list(let items): MarkdownText.list(items.map(MarkdownText.escaped))
        case .table(let table): render(table)
        case .figure(let figure): figure.table.map(render) ?? ""
        }
    }

    private static func render(_ table: ReportDocument.Table) -> String {
        guard !table.rows.isEmpty else { return "" }
        return "\(MarkdownText.escaped(table.caption)):\n\n"
            + MarkdownText.table(table.titles, table.rows, left: table.words)
    }
}
