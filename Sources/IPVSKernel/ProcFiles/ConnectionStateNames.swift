internal import IPVSModel

/// Remembers the state names met, so that a row of the table does not build its string anew.
///
/// There are about thirty; a listing with more (which no kernel prints) has the later ones built each time.
struct ConnectionStateNames {
    private var known: [(first: UInt64, second: UInt64, state: ConnectionState)] = []
    private static let limit = 64

    /// Reads the next field.
    ///
    /// - Returns: `nil` at the end of the line.
    @inline(__always)
    mutating func state(_ bytes: RawSpan, _ cursor: inout TextCursor) -> ConnectionState? {
        guard let (first, second) = cursor.shortField(bytes) else { return longState(bytes, &cursor) }
        for index in known.indices where known[index].first == first && known[index].second == second {
            return known[index].state
        }
        return newState(first, second)
    }

    @inline(never)
    private mutating func newState(_ first: UInt64, _ second: UInt64) -> ConnectionState {
        let letters = [first, second].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
        let state = ConnectionState(rawValue: String(decoding: letters.prefix { $0 != 0 }, as: UTF8.self))
        if known.count < Self.limit { known.append((first, second, state)) }
        return state
    }

    @inline(never)
    private func longState(_ bytes: RawSpan, _ cursor: inout TextCursor) -> ConnectionState? {
        let field = cursor.field(bytes)
        return field.isEmpty ? nil : ConnectionState(rawValue: bytes.text(field))
    }
}
