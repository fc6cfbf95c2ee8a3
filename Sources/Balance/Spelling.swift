/// Finds what somebody meant who mistyped a name.
package enum Spelling {
    /// The known name that is most like `name`; `nil` if none is like it.
    package static func nearest(to name: String, among known: [String]) -> String? {
        let nearest = known.map { ($0, distance(name.lowercased(), $0)) }.min { $0.1 < $1.1 }
        let close = nearest.flatMap { $0.1 <= max(2, $0.0.count / 3) ? $0.0 : nil }
        return close ?? known.first { name.count > 2 && $0.hasPrefix(name) }
    }

    /// How many characters have to be put in, taken out or replaced to make one of the other (Levenshtein).
    private static func distance(_ lhs: String, _ rhs: String) -> Int {
        let columns = Array(rhs)
        var row = Array(0...columns.count)
        for (line, character) in lhs.enumerated() {
            var diagonal = row[0]
            row[0] = line + 1
            for column in columns.indices {
                let substituted = diagonal + (character == columns[column] ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(substituted, row[column] + 1, row[column + 1] + 1)
            }
        }
        return row[columns.count]
    }
}
