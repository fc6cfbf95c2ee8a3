/// Text in GitHub-flavoured Markdown.
enum MarkdownText {
    /// `text` without a meaning to Markdown, on one line; fit for table cells too.
    static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "\\", "`", "*", "_", "[", "]", "<", ">", "|", "#", "~": result += "\\\(character)"
            case "&": result += "&amp;"
            case _ where character.isNewline: result += " "
            default: result.append(character)
            }
        }
        return result
    }

    /// `text` as code, whatever backticks it holds.
    static func code(_ text: String) -> String {
        let line = String(text.map { $0.isNewline ? " " : $0 })
        let longest = line.split { $0 != "`" }.map(\.count).max() ?? 0
        let fence = String(repeating: "`", count: longest + 1)
        return longest == 0 ? fence + line + fence : "\(fence) \(line) \(fence)"
    }

    /// A table; columns are set right but those of `left`.
    static func table(_ titles: [String], _ rows: [[String]], left: Set<Int> = [0]) -> String {
        let line = { (cells: [String]) in "| " + cells.map(escaped).joined(separator: " | ") + " |\n" }
        let rule = "|" + titles.indices.map { left.contains($0) ? "---|" : "---:|" }.joined() + "\n"
        return line(titles) + rule + rows.map(line).joined()
    }

    static func list(_ items: [String]) -> String { items.map { "- \($0)\n" }.joined() }
}
