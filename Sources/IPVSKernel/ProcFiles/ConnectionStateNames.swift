internal import IPVSModel

/// Numbers the state names of a listing, so that a row of the table does not build a string.
///
/// There are about thirty; in a listing with more (which no kernel prints) the later ones get a number for each row.
struct ConnectionStateNames {
    /// By number.
    private(set) var names: [ConnectionState] = []

    /// A name of at most 15 letters, filled with blanks: see ``TextCursor/shortField(_:)``.
    private struct Column {
        var first: UInt64 = 0
        var second: UInt64 = 0
        var number = 0
    }

    private var known: [Column] = []
    /// Some of the known ones, by hash: a search that takes no branch which depends on the row.
    private var found = InlineArray<64, Column>(repeating: Column())

    private static let limit = 64

    /// The number of a name that was met before.
    @inline(__always)
    mutating func number(_ first: UInt64, _ second: UInt64) -> Int? {
        let slot = Int(truncatingIfNeeded: ((first ^ second) &* 0x9e37_79b9_7f4a_7c15) >> 58)
        if found[slot].first == first, found[slot].second == second { return found[slot].number }
        return search(first, second, slot: slot)
    }

    @inline(never)
    private mutating func search(_ first: UInt64, _ second: UInt64, slot: Int) -> Int? {
        guard let column = known.first(where: { $0.first == first && $0.second == second }) else { return nil }
        found[slot] = column
        return column.number
    }

    /// Reads the next field.
    ///
    /// - Returns: `nil` at the end of the line.
    @inline(__always)
    mutating func state(_ bytes: RawSpan, _ cursor: inout TextCursor) -> Int? {
        guard let (first, second) = cursor.shortField(bytes) else { return longState(bytes, &cursor) }
        return number(first, second) ?? newState(first, second)
    }

    @inline(never)
    private mutating func newState(_ first: UInt64, _ second: UInt64) -> Int {
        let letters = [first, second].flatMap { word in
            (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * UInt64($0))) }
        }
        let name = String(decoding: letters.prefix { $0 != UInt8(ascii: " ") }, as: UTF8.self)
        if known.count < Self.limit { known.append(Column(first: first, second: second, number: names.count)) }
        names.append(ConnectionState(rawValue: name))
        return names.count - 1
    }

    @inline(never)
    private mutating func longState(_ bytes: RawSpan, _ cursor: inout TextCursor) -> Int? {
        let field = cursor.field(bytes)
        guard !field.isEmpty else { return nil }
        names.append(ConnectionState(rawValue: bytes.text(field)))
        return names.count - 1
    }
}
