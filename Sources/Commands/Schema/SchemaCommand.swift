import ArgumentParser
import TraceStore

/// `ipvscope schema`.
struct SchemaCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Tell every table, view and column of the database.",
        discussion: """
            What it says stands as comments in the schema itself, so `.schema` of the sqlite3 tool tells the same. \
            --format sql prints that schema.
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text, markdown, sql
    }

    @Option(name: .long, help: "How to print it.")
    var format: Format = .text

    func run() async throws {
        Output.print(try SchemaText.render(format))
    }
}

/// The schema in words.
package enum SchemaText {
    static func render(_ format: SchemaCommand.Format) throws -> String {
        switch format {
        case .text: try text()
        case .markdown: try markdown()
        case .sql: Migration.all.map(\.sql).joined(separator: "\n")
        }
    }

    /// One line a column, its name first, so that `grep` finds it.
    package static func text() throws -> String {
        try SchemaRelation.all().map { relation in
            var table = TextTable([("\(relation.kind.rawValue) \(relation.name)", .left), ("", .left), ("", .left)])
            for column in relation.columns {
                table.add(["  \(relation.name).\(column.name)", column.type, column.meaning])
            }
            let lines = table.render().split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
            return "\(lines[0]): \(relation.meaning)\n" + (lines.count > 1 ? lines[1] : "")
        }.joined(separator: "\n")
    }

    /// The reference part of `docs/database.md`.
    package static func markdown() throws -> String {
        try SchemaRelation.all().map { relation in
            let rows = relation.columns.map { column in
                "| `\(column.name)` | \(column.type) | \(MarkdownText.escaped(column.meaning)) |\n"
            }
            return """
                ### \(relation.kind == .view ? "View" : "Table") `\(relation.name)`

                \(MarkdownText.escaped(relation.meaning))

                | column | type | |
                |---|---|---|
                \(rows.joined())
                """
        }.joined(separator: "\n")
    }
}
