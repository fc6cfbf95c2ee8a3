import Commands
import Foundation
import Testing
import TraceStore

struct ResultPrinterTests {
    private static let columns = ["name", "count", "ratio", "note"]
    private static let rows: [[SQLValue]] = [
        [.text("plain"), .integer(5), .real(0.1), .null],
        [.text("a,b \"c\"\nd | *e*"), .integer(-12_345), .real(1e21), .text("")],
        [.text("tab\tö\u{1}\\"), .null, .real(0.30000000000000004), .blob([0, 255])],
    ]

    private func render(_ format: ResultFormat, _ rows: [[SQLValue]] = Self.rows) throws -> String {
        var printer = try ResultPrinter(format, columns: Self.columns)
        let begin = printer.begin()
        return begin + rows.map { printer.add($0) }.joined() + printer.end()
    }

    @Test func `a table sets numbers to the right, and keeps each row on its line`() throws {
        #expect(
            try render(.table) == """
                name              count  ratio  note
                plain                 5    0.1  NULL
                a,b "c" d | *e*  -12345  1e+21
                tab ö \\            NULL    0.3  00ff

                """)
    }

    @Test func `CSV quotes what RFC 4180 says, and NULL is not an empty text`() throws {
        #expect(
            try render(.csv) == """
                name,count,ratio,note
                plain,5,0.1,
                "a,b ""c""
                d | *e*",-12345,1e+21,""
                tab\tö\u{1}\\,,0.30000000000000004,00ff

                """)
    }

    @Test func `JSON is an array of objects whose numbers are numbers`() throws {
        let text = try render(.json)
        #expect(
            text == #"""
                [
                  {"name": "plain", "count": 5, "ratio": 0.1, "note": null},
                  {"name": "a,b \"c\"\nd | *e*", "count": -12345, "ratio": 1e+21, "note": ""},
                  {"name": "tab\tö\u0001\\", "count": null, "ratio": 0.30000000000000004, "note": "00ff"}
                ]

                """#)
        struct Row: Decodable, Equatable {
            var name: String
            var count: Int?
            var ratio: Double
            var note: String?
        }
        let read = try JSONDecoder().decode([Row].self, from: Data(text.utf8))
        #expect(read[1] == Row(name: "a,b \"c\"\nd | *e*", count: -12_345, ratio: 1e21, note: ""))
        #expect(read[2].name == "tab\tö\u{1}\\")
    }

    @Test func `Markdown escapes what would be layout`() throws {
        #expect(
            try render(.markdown) == #"""
                | name | count | ratio | note |
                |---|---:|---:|---|
                | plain | 5 | 0.1 | NULL |
                | a,b "c" d \| \*e\* | -12345 | 1e+21 |  |
                | tab ö \\ | NULL | 0.3 | 00ff |

                """#)
    }

    @Test func `without rows each format is still whole`() throws {
        #expect(try render(.table, []) == "name  count  ratio  note\n(no rows)\n")
        #expect(try render(.csv, []) == "name,count,ratio,note\n")
        #expect(try render(.json, []) == "[]\n")
        #expect(try render(.markdown, []) == "| name | count | ratio | note |\n|---|---|---|---|\n")
    }

    @Test func `JSON refuses two columns of one name, and the others print them`() throws {
        #expect(throws: (any Error).self) { try ResultPrinter(.json, columns: ["id", "id"]) }
        #expect(try ResultPrinter(.csv, columns: ["id", "id"]).begin() == "id,id\n")
    }
}
