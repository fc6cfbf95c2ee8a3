/// Why a query has no result: what is wrong, where in the SQL, and how to mend it.
package struct QueryError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What went wrong, for code that branches on it.
    package enum Code: Sendable, Hashable {
        /// SQLite does not understand it, or cannot evaluate it.
        case sql
        /// It would do something else than read.
        case notReading
        /// More than one statement, or none.
        case notOneStatement
        /// A parameter is not known, or one that was given is not used.
        case parameter
        /// It took longer than it may.
        case timeLimit
    }

    package let code: Code
    /// One line.
    package let problem: String
    /// The line that is wrong with a mark under the place, if it is known.
    package let excerpt: String?
    package let remedy: String?

    init(_ code: Code, _ problem: String, excerpt: String? = nil, remedy: String? = nil) {
        self.code = code
        self.problem = problem
        self.excerpt = excerpt
        self.remedy = remedy
    }

    /// The problem, the line with a mark under what is wrong, and the remedy, each on a line.
    package var description: String {
        ([problem] + [excerpt, remedy].compactMap(\.self)).joined(separator: "\n")
    }

    /// The line of `sql` that holds `offset`, with a mark under it; both indented.
    ///
    /// - Parameter offset: In bytes of UTF-8.
    static func excerpt(of sql: String, at offset: Int) -> String {
        let bytes = Array(sql.utf8)
        let place = min(max(offset, 0), bytes.count)
        let newline = UInt8(ascii: "\n")
        let start = bytes[..<place].lastIndex(of: newline).map { $0 + 1 } ?? 0
        let end = bytes[place...].firstIndex(of: newline) ?? bytes.count
        let line = String(decoding: bytes[start..<end], as: UTF8.self)
        // A tab stays one, so that the mark stands where it should on any terminal.
        let before = String(decoding: bytes[start..<place], as: UTF8.self).map { $0 == "\t" ? "\t" : " " as Character }
        return "  \(line)\n  \(String(before))^"
    }
}
