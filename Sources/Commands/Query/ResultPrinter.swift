import Foundation
package import TraceStore

/// Prints the result of a query, row by row where the format allows.
package struct ResultPrinter {
    private let format: ResultFormat
    private let columns: [String]
    /// JSON's keys, ready to be written.
    private let keys: [String]
    /// For formats whose columns are as wide as their widest cell.
    private var rows: [[SQLValue]] = []
    private var count = 0

    /// - Throws: `InputError` if two columns have one name, and the format needs names.
    package init(_ format: ResultFormat, columns: [String]) throws {
        self.format = format
        self.columns = columns
        keys = columns.map { SQLText.json($0) }
        if format == .json, let twice = columns.first(where: { name in columns.count { $0 == name } > 1 }) {
            throw InputError(description: "SQL: two columns are named \(twice); name them apart with AS")
        }
    }

    /// Whether there was no row.
    package var isEmpty: Bool { count == 0 }

    /// What is printed before the first row.
    package func begin() -> String {
        switch format {
        case .csv: CSV.line(columns)
        case .json: "["
        case .table, .markdown: ""
        }
    }

    /// What is printed for a row, as far as it can be already.
    package mutating func add(_ row: [SQLValue]) -> String {
        count += 1
        switch format {
        case .csv: return row.map(SQLText.csv).joined(separator: ",") + "\n"
        case .json:
            let members = zip(keys, row).map { "\($0): \(SQLText.json($1))" }.joined(separator: ", ")
            return (count == 1 ? "\n  {" : ",\n  {") + members + "}"
        case .table, .markdown:
            rows.append(row)
            return ""
        }
    }

    /// What is printed after the last row.
    package func end() -> String {
        switch format {
        case .csv: return ""
        case .json: return count == 0 ? "]\n" : "\n]\n"
        case .table:
            var table = TextTable(zip(columns, alignments).map { (title: SQLText.line($0), alignment: $1) })
            for row in rows { table.add(row.map(SQLText.plain)) }
            return table.render() + (count == 0 ? "(no rows)\n" : "")
        case .markdown:
            let line = { (cells: [String]) in "| " + cells.joined(separator: " | ") + " |\n" }
            let rule = "|" + alignments.map { $0 == .right ? "---:|" : "---|" }.joined() + "\n"
            return line(columns.map(MarkdownText.escaped)) + rule
                + rows.map { line($0.map { MarkdownText.escaped(SQLText.plain($0)) }) }.joined()
        }
    }

    /// Numbers stand to the right: columns that hold nothing else.
    private var alignments: [TextTable.Alignment] {
        columns.indices.map { column in
            let areNumbers = rows.allSatisfy { row in
                switch row[column] {
                case .integer, .real, .null: true
                case .text, .blob: false
                }
            }
            return areNumbers && rows.contains { $0[column] != .null } ? .right : .left
        }
    }
}

/// SQLite's values as text.
enum SQLText {
    /// For tables: one line, NULL by its name, numbers with 15 digits at most, as the sqlite3 tool prints them.
    static func plain(_ value: SQLValue) -> String {
        switch value {
        case .null: "NULL"
        case .integer(let value): "\(value)"
        case .real(let value): short(value)
        case .text(let text): line(text)
        case .blob(let bytes): hexadecimal(bytes)
        }
    }

    /// `text` on one line, without what a terminal would obey.
    static func line(_ text: String) -> String {
        String(text.map { $0.isNewline || $0.unicodeScalars.contains { $0.value < 32 || $0.value == 127 } ? " " : $0 })
    }

    /// A field as RFC 4180 has it. NULL is an empty field, an empty text one in quotes.
    static func csv(_ value: SQLValue) -> String {
        switch value {
        case .null: return ""
        case .text(let text):
            let needsQuotes = text.isEmpty || text.contains { ",\"\n\r\r\n".contains($0) }
            return needsQuotes ? "\"" + text.replacing("\"", with: "\"\"") + "\"" : text
        case .real(let value): return number(value)
        default: return plain(value)
        }
    }

    /// A value as RFC 8259 has it; numbers stay numbers.
    static func json(_ value: SQLValue) -> String {
        switch value {
        case .null: "null"
        case .integer(let value): "\(value)"
        case .real(let value): number(value)
        case .text(let text): json(text)
        case .blob(let bytes): json(hexadecimal(bytes))
        }
    }

    static func json(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _ where scalar.value < 32:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    /// The shortest text that reads back as the same number. SQLite knows infinities, and text formats do not: what
    /// overflows to one stands for it, as in SQLite's own JSON.
    private static func number(_ value: Double) -> String {
        value.isInfinite ? (value > 0 ? "9e999" : "-9e999") : value.description
    }

    private static func short(_ value: Double) -> String {
        let exact = value.description
        if exact.count <= 16 || value.isInfinite { return exact }
        let rounded = String(format: "%.15g", value)
        return rounded.contains { ".e".contains($0) } ? rounded : rounded + ".0"
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
