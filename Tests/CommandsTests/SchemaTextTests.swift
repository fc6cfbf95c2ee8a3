import Commands
import Foundation
import Testing
import TraceStore

struct SchemaTextTests {
    private static let docs = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../docs")

    @Test func `the reference in docs/database.md is what the schema says`() throws {
        let page = try String(contentsOf: Self.docs.appending(path: "database.md"), encoding: .utf8)
        let parts = page.components(separatedBy: "<!-- schema -->\n")
        try #require(parts.count == 2)
        #expect(
            parts[1] == "\n" + (try SchemaText.markdown()),
            "rewrite it: (sed '/<!-- schema -->/q' docs/database.md; echo; ipvscope schema --format markdown) > NEW")
    }

    @Test func `docs/database.md lists every question that has a name`() throws {
        let page = try String(contentsOf: Self.docs.appending(path: "database.md"), encoding: .utf8)
        for query in CannedQuery.all {
            #expect(page.contains("| `\(query.name)` | \(query.sentence) |\n"), "\(query.name)")
        }
        for (call, meaning) in SQLFunctions.list { #expect(page.contains("| `\(call)` | \(meaning) |\n"), "\(call)") }
    }

    @Test func `as text each column is one line that begins with its full name`() throws {
        let lines = try SchemaText.text().split(separator: "\n")
        for relation in try SchemaRelation.all() {
            #expect(lines.contains { $0.hasPrefix("\(relation.kind.rawValue) \(relation.name): ") })
            for column in relation.columns {
                let own = lines.filter { $0.hasPrefix("  \(relation.name).\(column.name) ") }
                #expect(own.count == 1)
                #expect(own.first?.hasSuffix(column.meaning) == true)
            }
        }
    }
}
