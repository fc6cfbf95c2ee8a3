internal import GRDB

/// A table or view, as the schema's own text explains it.
package struct SchemaRelation: Sendable, Hashable {
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        case table, view
    }

    package var kind: Kind
    package var name: String
    /// What one row is.
    package var meaning: String
    package var columns: [Column]

    package struct Column: Sendable, Hashable {
        package var name: String
        /// As declared; empty where a view computes it.
        package var type: String
        package var meaning: String
    }

    /// Everything in a new database, views first, each in the order of the schema's text.
    package static func all() throws -> [SchemaRelation] {
        let queue = try DatabaseQueue()
        return try queue.writeWithoutTransaction { database in
            try Migration.migrate(database)
            return try Kind.allCases.reversed().flatMap { kind in
                try Row.fetchAll(
                    database, sql: "SELECT name, sql FROM sqlite_schema WHERE type = ? ORDER BY rowid",
                    arguments: [kind.rawValue]
                ).map { row in try relation(kind, name: row["name"], sql: row["sql"], in: database) }
            }
        }
    }

    private static func relation(
        _ kind: Kind, name: String, sql: String, in database: Database
    ) throws -> SchemaRelation {
        let comments = SchemaComments(sql, isView: kind == .view)
        let rows = try Row.fetchAll(database, sql: "SELECT name, type FROM pragma_table_xinfo(?)", arguments: [name])
        return SchemaRelation(
            kind: kind, name: name, meaning: comments.relation,
            columns: rows.enumerated().map { place, row in
                Column(
                    name: row["name"], type: row["type"],
                    meaning: place < comments.columns.count ? comments.columns[place] : "")
            })
    }
}

/// The comments of a `CREATE` statement, by what they explain.
///
/// A comment behind a column is that column's, and goes on in the lines below that begin in the same place. One on a line
/// of its own is the next column's; before the first, it is the table's or view's.
struct SchemaComments {
    private(set) var relation = ""
    /// In the order of the columns; of a table, its constraints follow.
    private(set) var columns: [String] = []

    private struct Comment {
        var text: String
        /// Where it begins, and the next line.
        var start: Int
        var end: Int
        /// How far from the line's beginning.
        var indentation: Int
        var isAlone: Bool
    }

    init(_ sql: String, isView: Bool) {
        let text = Array(sql.utf8)
        let (code, comments) = Self.separate(text)
        let items = isView ? Self.resultColumns(code) : Self.definitions(code)
        columns = Array(repeating: "", count: items.count)
        let head = isView ? Self.firstQuery(code) : items.first?.lowerBound ?? 0
        // What the comment before explained: `nil` is the relation.
        var owner: Int?
        var previous: Comment?
        for comment in comments {
            let continues = previous.map { $0.end == comment.start - comment.indentation } ?? false
            if comment.isAlone, continues, previous?.indentation == comment.indentation {
                // The block above goes on.
            } else if let firstCode = code[comment.start...].firstIndex(where: { !Self.isBlank($0) }),
                comment.isAlone
            {
                owner = isView && comment.start < head ? nil : items.firstIndex { $0.contains(firstCode) } ?? -1
                if !isView, owner == 0 { owner = nil }
            } else {
                let before = code[..<comment.start].lastIndex { !Self.isBlank($0) && $0 != UInt8(ascii: ",") } ?? 0
                owner = items.firstIndex { $0.contains(before) } ?? -1
            }
            previous = comment
            switch owner {
            case nil: Self.append(comment.text, to: &relation)
            case let place? where place >= 0: Self.append(comment.text, to: &columns[place])
            default: break
            }
        }
    }

    private static func append(_ words: String, to text: inout String) {
        if !words.isEmpty { text += text.isEmpty ? words : " " + words }
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte <= UInt8(ascii: " ") }

    /// The statement with comments and quoted text blanked, so that places stay, and the comments.
    private static func separate(_ text: [UInt8]) -> ([UInt8], [Comment]) {
        var code = text
        var comments: [Comment] = []
        var lineStart = 0
        var index = 0
        while index < text.count {
            switch text[index] {
            case UInt8(ascii: "\n"):
                index += 1
                lineStart = index
            case UInt8(ascii: "'"), UInt8(ascii: "\""):
                let end = text[(index + 1)...].firstIndex(of: text[index]) ?? text.count - 1
                // A letter keeps it from looking like nothing.
                for place in index...end { code[place] = UInt8(ascii: "x") }
                index = end + 1
            case UInt8(ascii: "-") where index + 1 < text.count && text[index + 1] == UInt8(ascii: "-"):
                let end = text[index...].firstIndex(of: UInt8(ascii: "\n")) ?? text.count
                let isAlone = text[lineStart..<index].allSatisfy(isBlank)
                let words = String(decoding: text[(index + 2)..<end], as: UTF8.self)
                for place in index..<end { code[place] = UInt8(ascii: " ") }
                comments.append(
                    Comment(
                        text: String(words.trimmingPrefix { $0 == " " }), start: index,
                        end: end + 1, indentation: index - lineStart, isAlone: isAlone))
                index = end
            default: index += 1
            }
        }
        return (code, comments)
    }

    /// The parts between the commas of the outermost parentheses.
    private static func definitions(_ code: [UInt8]) -> [Range<Int>] {
        guard let open = code.firstIndex(of: UInt8(ascii: "(")) else { return [] }
        return parts(code, from: open + 1) { $0 == UInt8(ascii: ")") }
    }

    /// The parts between the commas of the last `SELECT` that stands in no parentheses.
    private static func resultColumns(_ code: [UInt8]) -> [Range<Int>] {
        guard let select = places(of: "SELECT", in: code).last else { return [] }
        let from = places(of: "FROM", in: code).last { $0 > select } ?? code.count
        return parts(Array(code[..<from]), from: select + "SELECT".utf8.count) { _ in false }
    }

    /// Where the query of a view begins.
    private static func firstQuery(_ code: [UInt8]) -> Int {
        (places(of: "SELECT", in: code) + places(of: "WITH", in: code)).min() ?? 0
    }

    /// Where a word stands that is in no parentheses.
    private static func places(of word: String, in code: [UInt8]) -> [Int] {
        let letters = Array(word.utf8)
        var places: [Int] = []
        var depth = 0
        for index in code.indices {
            if code[index] == UInt8(ascii: "(") { depth += 1 }
            if code[index] == UInt8(ascii: ")") { depth -= 1 }
            guard depth == 0, code[index...].starts(with: letters), index == 0 || isBlank(code[index - 1]) else {
                continue
            }
            let next = index + letters.count
            if next == code.count || isBlank(code[next]) { places.append(index) }
        }
        return places
    }

    private static func parts(_ code: [UInt8], from start: Int, until isEnd: (UInt8) -> Bool) -> [Range<Int>] {
        var parts: [Range<Int>] = []
        var depth = 0
        var begun = start
        for index in start..<code.count {
            let byte = code[index]
            if depth == 0, isEnd(byte) {
                parts.append(begun..<index)
                return parts
            }
            if byte == UInt8(ascii: "(") { depth += 1 }
            if byte == UInt8(ascii: ")") { depth -= 1 }
            if byte == UInt8(ascii: ","), depth == 0 {
                parts.append(begun..<index)
                begun = index + 1
            }
        }
        parts.append(begun..<code.count)
        return parts
    }
}
