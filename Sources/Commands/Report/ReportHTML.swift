import Balance
import Charts

/// A report as one page: style and pictures are in it, nothing is fetched, and nothing runs.
enum ReportHTML {
    static func render(_ document: ReportDocument) -> String {
        let title = "ipvscope: \(document.verdict.rawValue), \(document.title)"
        // Makes the browser hold what is said above, whatever the data holds.
        let policy = ["script", "object", "frame", "img", "connect", "font", "media"].map { "\($0)-src 'none'; " }
            .joined()
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="\(policy)form-action 'none'; base-uri 'none'">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>\(XMLText.escaped(title))</title>
            <style>
            \(ChartStyle.css)\(ReportStyle.css)</style>
            </head>
            <body>
            <main>
            <h1>\(badge(document.verdict)) \(XMLText.escaped(document.title))</h1>
            \(document.groups.enumerated().map { render($0.element, "g\($0.offset)") }.joined())</main>
            </body>
            </html>

            """
    }

    private static func badge(_ verdict: Verdict) -> String {
        "<span class=\"badge \(verdict.rawValue)\">\(verdict.rawValue)</span>"
    }

    /// - Parameter id: Unique in the page, as in the rest.
    private static func render(_ group: ReportDocument.Group, _ id: String) -> String {
        let head = group.title.map { title in
            "<h2>\(group.verdict.map { badge($0) + " " } ?? "")\(XMLText.escaped(title))</h2>\n"
        }
        return "<section class=\"group\">\n\(head ?? "")"
            + group.sections.enumerated().map { render($0.element, "\(id)s\($0.offset)") }.joined() + "</section>\n"
    }

    private static func render(_ section: ReportDocument.Section, _ id: String) -> String {
        var text = "<section>\n<h3>\(XMLText.escaped(section.title))</h3>\n"
        var figures: [String] = []
        for (index, block) in section.blocks.enumerated() {
            switch block {
            case .figure(let figure): figures.append(render(figure, "\(id)b\(index)"))
            default:
                text += grid(figures) + render(block)
                figures = []
            }
        }
        return text + grid(figures) + "</section>\n"
    }

    /// Pictures side by side, where there is room.
    private static func grid(_ figures: [String]) -> String {
        figures.isEmpty ? "" : "<div class=\"figures\">\n\(figures.joined())</div>\n"
    }

    private static func render(_ block: ReportDocument.Block) -> String {
        switch block {
        case .text(let text): "<p>\(XMLText.escaped(text))</p>\n"
        case .list(let items):
            items.isEmpty ? "" : "<ul>\n" + items.map { "<li>\(XMLText.escaped($0))</li>\n" }.joined() + "</ul>\n"
        case .table(let table): table.rows.isEmpty ? "" : render(table)
        case .figure: ""
        }
    }

    private static func render(_ figure: ReportDocument.Figure, _ id: String) -> String {
        "<figure>\n<figcaption>\(XMLText.escaped(figure.title))</figcaption>\n\(figure.chart.svg(figure, id: id))"
            + (figure.table.map { "<details>\n<summary>As a table</summary>\n\(render($0))</details>\n" } ?? "")
            + "</figure>\n"
    }

    private static func render(_ table: ReportDocument.Table) -> String {
        let head = table.titles.enumerated().map { column, title in
            "<th scope=\"col\"\(alignment(column, table))>\(XMLText.escaped(title))</th>"
        }
        let rows = table.rows.map { row in
            "<tr>"
                + row.enumerated().map { column, cell in
                    let name = column == 0 ? "th" : "td"
                    return "<\(name)\(column == 0 ? " scope=\"row\"" : "")\(alignment(column, table, cell))>"
                        + "\(XMLText.escaped(cell))</\(name)>"
                }.joined() + "</tr>\n"
        }
        return
            "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"\(XMLText.escaped(table.caption))\">\n<table>\n"
            + "<caption>\(XMLText.escaped(table.caption))</caption>\n<thead><tr>\(head.joined())</tr></thead>\n"
            + "<tbody>\n\(rows.joined())</tbody>\n</table>\n</div>\n"
    }

    /// Words are set left, and many of them may take several lines.
    private static func alignment(_ column: Int, _ table: ReportDocument.Table, _ cell: String = "") -> String {
        guard table.words.contains(column) else { return "" }
        return cell.count > 40 ? " class=\"w long\"" : " class=\"w\""
    }
}
