internal import IPVSModel

extension RawSpan {
    /// The byte at `offset`. `UInt8` accepts every bit pattern, and the load traps if `offset` is out of bounds.
    @inline(__always)
    func byte(at offset: Int) -> UInt8 { unsafe unsafeLoad(fromByteOffset: offset, as: UInt8.self) }

    /// Four bytes from `offset` on, the first the most significant.
    @inline(__always)
    func word32(at offset: Int) -> UInt32 {
        UInt32(bigEndian: unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    /// Eight bytes from `offset` on, the first the most significant.
    @inline(__always)
    func word64(at offset: Int) -> UInt64 {
        UInt64(bigEndian: unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// Bytes as text; what is not UTF-8 is repaired.
    func text(_ range: Range<Int>) -> String {
        // The buffer is bounds-checked and does not leave the call.
        unsafe withUnsafeBytes { unsafe String(decoding: $0[range], as: UTF8.self) }
    }
}

/// A place within whole lines of text. Fields are read one by one and never reach over a line's end.
struct TextCursor {
    private(set) var offset: Int
    /// Behind the last line end.
    let end: Int

    private static let lineEnd = UInt8(ascii: "\n")

    /// Whether a byte ends a field.
    @inline(__always)
    private static func isBlank(_ byte: UInt8) -> Bool { byte <= UInt8(ascii: " ") }

    /// `Pro `, with which the title begins.
    static var title: UInt32 { 0x5072_6f20 }
    /// `TCP `, `UDP ` and `SCTP`.
    static var tcp: UInt32 { 0x5443_5020 }
    static var udp: UInt32 { 0x5544_5020 }
    private static var sctp: UInt32 { 0x5343_5450 }

    @inline(__always)
    mutating func skipBlanks(_ bytes: RawSpan) {
        while offset < end {
            let byte = bytes.byte(at: offset)
            guard Self.isBlank(byte), byte != Self.lineEnd else { return }
            offset += 1
        }
    }

    /// Moves on by `count` bytes, which are within the text.
    @inline(__always)
    mutating func skip(_ count: Int) { offset += count }

    func isAtLineEnd(_ bytes: RawSpan) -> Bool { offset >= end || bytes.byte(at: offset) == Self.lineEnd }

    /// Moves behind the end of this line.
    @inline(__always)
    mutating func skipLine(_ bytes: RawSpan) {
        while offset < end, bytes.byte(at: offset) != Self.lineEnd { offset += 1 }
        offset += 1
    }

    /// The next field of this line; empty at its end.
    @inline(__always)
    mutating func field(_ bytes: RawSpan) -> Range<Int> {
        skipBlanks(bytes)
        let start = offset
        while offset < end, !Self.isBlank(bytes.byte(at: offset)) { offset += 1 }
        return start..<offset
    }

    /// The next field of this line as two words, first letter highest, filled with blanks.
    ///
    /// - Returns: `nil`, and nothing is read, if the field is empty, longer than 15 letters, or too near to the end of
    ///   the text for reading it in whole words.
    @inline(__always)
    mutating func shortField(_ bytes: RawSpan) -> (first: UInt64, second: UInt64)? {
        skipBlanks(bytes)
        guard offset + 16 <= end else { return nil }
        let first = bytes.word64(at: offset)
        let firstLength = Self.letters(in: first)
        if firstLength < 8 {
            guard firstLength > 0 else { return nil }
            offset += firstLength
            return (Self.letters(firstLength, of: first), Self.blanks)
        }
        let second = bytes.word64(at: offset + 8)
        let secondLength = Self.letters(in: second)
        guard secondLength < 8 else { return nil }
        offset += 8 + secondLength
        return (first, Self.letters(secondLength, of: second))
    }

    /// Eight blanks.
    static var blanks: UInt64 { 0x2020_2020_2020_2020 }

    /// The first few letters of a word, then blanks.
    @inline(__always)
    private static func letters(_ count: Int, of word: UInt64) -> UInt64 {
        let rest = UInt64.max >> UInt64(count * 8)
        return word & ~rest | blanks & rest
    }

    /// How many letters come before the first blank; 8 if there is no blank.
    @inline(__always)
    private static func letters(in text: UInt64) -> Int {
        let word = text.byteSwapped
        // A byte below 0x21 borrows when 0x21 is taken from it. A borrow reaches upwards only, past the first one found.
        let blanks = (word &- 0x2121_2121_2121_2121) & ~word & 0x8080_8080_8080_8080
        return blanks.trailingZeroBitCount / 8
    }

    /// What is left of this line, without blanks at its end.
    mutating func restOfLine(_ bytes: RawSpan) -> Range<Int> {
        let start = offset
        while !isAtLineEnd(bytes) { offset += 1 }
        var last = offset
        while last > start, Self.isBlank(bytes.byte(at: last - 1)) { last -= 1 }
        return start..<last
    }

    @inline(__always)
    mutating func transportProtocol(_ bytes: RawSpan) -> TransportProtocol? {
        if offset + 4 <= end {
            let word = bytes.word32(at: offset)
            if word == Self.tcp || word == Self.udp {
                offset += 4
                // Numbers from IANA, spelled out because a static constant of another module costs a call per row.
                return TransportProtocol(rawValue: word == Self.tcp ? 6 : 17)
            }
            if word == Self.sctp, offset + 4 < end, Self.isBlank(bytes.byte(at: offset + 4)) {
                offset += 4
                return TransportProtocol(rawValue: 132)
            }
        }
        return TransportProtocol(bytes.text(field(bytes)))
    }

    /// Eight hexadecimal digits, or an IPv6 address of eight groups of four.
    @inline(__always)
    mutating func address(_ bytes: RawSpan) -> IPAddress? {
        skipBlanks(bytes)
        // The byte behind the field is within the line, since lines end with a line end.
        if offset + 8 < end, Self.isBlank(bytes.byte(at: offset + 8)) {
            guard let bits = hexadecimal(bytes.word64(at: offset)) else { return nil }
            offset += 8
            return IPAddress(ipv4: bits)
        }
        return addressIPv6(bytes)
    }

    @inline(never)
    private mutating func addressIPv6(_ bytes: RawSpan) -> IPAddress? {
        // Digits and colons are checked one and all, so no blank and no line end is among them.
        guard offset + 39 < end, Self.isBlank(bytes.byte(at: offset + 39)) else { return nil }
        var wrong: UInt64 = 0
        let high = halfIPv6(bytes, at: offset, wrong: &wrong)
        let low = halfIPv6(bytes, at: offset + 20, wrong: &wrong)
        guard wrong == 0, bytes.byte(at: offset + 19) == UInt8(ascii: ":") else { return nil }
        offset += 39
        return IPAddress(high: high, low: low)
    }

    /// Four groups of four hexadecimal digits with colons between them.
    @inline(__always)
    private func halfIPv6(_ bytes: RawSpan, at start: Int, wrong: inout UInt64) -> UInt64 {
        let colon = UInt8(ascii: ":")
        func groups(_ group: Int) -> UInt64 { UInt64(bytes.word32(at: start + 5 * group)) }
        wrong |= UInt64(
            (bytes.byte(at: start + 4) ^ colon) | (bytes.byte(at: start + 9) ^ colon)
                | (bytes.byte(at: start + 14) ^ colon))
        let first = Digits.hexadecimal(groups(0) << 32 | groups(1), wrong: &wrong)
        let second = Digits.hexadecimal(groups(2) << 32 | groups(3), wrong: &wrong)
        return UInt64(first) << 32 | UInt64(second)
    }

    /// Four hexadecimal digits.
    @inline(__always)
    mutating func port(_ bytes: RawSpan) -> UInt16? {
        skipBlanks(bytes)
        guard offset + 4 < end, Self.isBlank(bytes.byte(at: offset + 4)),
            let value = hexadecimal(four: bytes.word32(at: offset))
        else { return nil }
        offset += 4
        return UInt16(truncatingIfNeeded: value)
    }

    /// A decimal number of at most nine digits.
    @inline(__always)
    mutating func decimal(_ bytes: RawSpan) -> UInt32? {
        skipBlanks(bytes)
        let start = offset
        var value: UInt32 = 0
        while offset < end {
            let digit = bytes.byte(at: offset) &- UInt8(ascii: "0")
            guard digit < 10 else { break }
            value = value &* 10 &+ UInt32(digit)
            offset += 1
        }
        guard offset - start <= 9 else { return nil }
        guard offset > start, offset < end, Self.isBlank(bytes.byte(at: offset)) else { return nil }
        return value
    }

    @inline(__always)
    private func hexadecimal(four digits: UInt32) -> UInt32? {
        hexadecimal(Digits.fourZeros | UInt64(digits))
    }

    @inline(__always)
    private func hexadecimal(_ text: UInt64) -> UInt32? {
        var wrong: UInt64 = 0
        let value = Digits.hexadecimal(text, wrong: &wrong)
        return wrong == 0 ? value : nil
    }
}
