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
        String(decoding: range.map { byte(at: $0) }, as: UTF8.self)
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
    /// `TCP ` and `UDP `.
    private static var tcp: UInt32 { 0x5443_5020 }
    private static var udp: UInt32 { 0x5544_5020 }

    @inline(__always)
    mutating func skipBlanks(_ bytes: RawSpan) {
        while offset < end {
            let byte = bytes.byte(at: offset)
            guard Self.isBlank(byte), byte != Self.lineEnd else { return }
            offset += 1
        }
    }

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

    /// The next field of this line as two words, first letter lowest, filled with zeros.
    ///
    /// - Returns: `nil`, and nothing is read, if the field is empty, longer than 15 letters, or too near to the end of
    ///   the text for reading it in whole words.
    @inline(__always)
    mutating func shortField(_ bytes: RawSpan) -> (first: UInt64, second: UInt64)? {
        skipBlanks(bytes)
        guard offset + 16 <= end else { return nil }
        let first = bytes.word64(at: offset).byteSwapped
        let firstLength = Self.letters(in: first)
        if firstLength < 8 {
            guard firstLength > 0 else { return nil }
            offset += firstLength
            return (first & ~(.max << UInt64(firstLength * 8)), 0)
        }
        let second = bytes.word64(at: offset + 8).byteSwapped
        let secondLength = Self.letters(in: second)
        guard secondLength < 8 else { return nil }
        offset += 8 + secondLength
        return (first, second & ~(.max << UInt64(secondLength * 8)))
    }

    /// How many letters come before the first blank, first letter lowest; 8 if there is no blank.
    @inline(__always)
    private static func letters(in word: UInt64) -> Int {
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
        let field = field(bytes)
        guard field.count == 39 else { return nil }
        var words: (UInt64, UInt64) = (0, 0)
        for group in 0..<8 {
            let start = field.lowerBound + group * 5
            guard let value = hexadecimal(four: bytes.word32(at: start)) else { return nil }
            if group < 7, bytes.byte(at: start + 4) != UInt8(ascii: ":") { return nil }
            words = (words.0 << 16 | words.1 >> 48, words.1 << 16 | UInt64(value))
        }
        return IPAddress(high: words.0, low: words.1)
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
        hexadecimal(0x3030_3030_0000_0000 | UInt64(digits))
    }

    /// The value of eight hexadecimal digits in either case, all at once; `nil` if one is no digit.
    @inline(__always)
    private func hexadecimal(_ text: UInt64) -> UInt32? {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let letters = (text >> 6) & ones
        var value = (text & (ones &* 0x0f)) &+ (letters &* 9)
        // Spell the digits again and compare: what was no digit does not come out as it went in.
        let aboveNine = ((value &+ (ones &* 6)) >> 4) & ones
        let spelled = value &+ (ones &* 0x30) &+ (aboveNine &* 7)
        guard spelled == text & ~(letters << 5), value & (ones &* 0xf0) == 0 else { return nil }
        value = (value | value >> 4) & 0x00ff_00ff_00ff_00ff
        value = (value | value >> 8) & 0x0000_ffff_0000_ffff
        return UInt32(truncatingIfNeeded: value | value >> 16)
    }
}
