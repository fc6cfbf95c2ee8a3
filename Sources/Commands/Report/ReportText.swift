import Balance

/// A report for a person, at a terminal or through a pipe; pictures are tables.
enum ReportText {
    static func render(_ document: ReportDocument) -> String {
        "ipvscope report: \(line(document.title))\n" + document.groups.map(render).joined()
    }

    private static func render(_ group: ReportDocument.Group) -> String {
        var text = ""
        if let title = group.title {
            let heading = line((group.verdict.map { "\($0.rawValue): " } ?? "") + title)
            text = "\n\(heading)\n\(String(repeating: "=", count: heading.count))\n"
        }
        return text + group.sections.map(render).joined()
    }

    private static func render(_ section: ReportDocument.Section) -> String {
        "\n\(line(section.title))\n" + section.blocks.map(render).joined()
    }

    private static func render(_ block: ReportDocument.Block) -> String {
        switch block {
        case .text(let text): "  \(line(text))\n"
        case .list(let items): items.map { "  - \(line($0))\n" }.joined()
        case .table(let table): render(table)
        case .figure(let figure): figure.table.map(render) ?? ""
        }
    }

    private static func render(_ table: ReportDocument.Table) -> String {
        guard !table.rows.isEmpty else { return "" }
        var text = TextTable(
            table.titles.enumerated().map { (line($0.element), table.words.contains($0.offset) ? .left : .right) })
        for row in table.rows { text.add(row.map(line)) }
        return "  \(line(table.caption)):\n"
            + text.render().split(separator: "\n").map { "    \($0)\n" }.joined()
    }

    /// `text` on one line, without what a terminal would obey.
    private static func line(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { scalar in
                    switch scalar.properties.generalCategory {
                    case .control, .lineSeparator, .paragraphSeparator: " "
                    default: scalar
                    }
                }))
    }
}
