/// Values of digits, eight at once. The first digit stands in a word's highest byte.
enum Digits {
    /// `0000`, for four digits to stand behind.
    static var fourZeros: UInt64 { 0x3030_3030_0000_0000 }

    private static var ones: UInt64 { 0x0101_0101_0101_0101 }

    /// The value of eight hexadecimal digits in either case.
    ///
    /// - Parameter wrong: Gets a bit set if one is no digit, and the value means nothing; keeps those it has.
    @inline(__always)
    static func hexadecimal(_ text: UInt64, wrong: inout UInt64) -> UInt32 {
        let letters = (text >> 6) & ones
        var value = (text & (ones &* 0x0f)) &+ (letters &* 9)
        // Spell the digits again and compare: what was no digit does not come out as it went in.
        let aboveNine = ((value &+ (ones &* 6)) >> 4) & ones
        let spelled = value &+ (ones &* 0x30) &+ (aboveNine &* 7)
        wrong |= spelled ^ (text & ~(letters << 5)) | value & (ones &* 0xf0)
        value = (value | value >> 4) & 0x00ff_00ff_00ff_00ff
        value = (value | value >> 8) & 0x0000_ffff_0000_ffff
        return UInt32(truncatingIfNeeded: value | value >> 16)
    }

    /// The value of seven decimal digits behind a blank; blanks may stand for leading zeros, but not for all.
    ///
    /// - Parameter wrong: As for ``hexadecimal(_:wrong:)``.
    @inline(__always)
    static func paddedDecimal(_ text: UInt64, wrong: inout UInt64) -> UInt32 {
        let blanks = (text ^ (ones &* 0x20)).leadingZeroBitCount / 8
        // Eight blanks count as seven: the last one is then found to be no digit.
        let digitsOnly = UInt64.max >> UInt64(min(blanks, 7) &* 8)
        let digits = text & digitsOnly | (ones &* 0x30) & ~digitsOnly
        wrong |= (digits ^ (ones &* 0x30)) & (ones &* 0xf0)
        wrong |= ((digits &+ (ones &* 6)) ^ (ones &* 0x30)) & (ones &* 0xf0)
        // Join neighbours: digits to numbers of two, of four, of eight digits.
        var value = (digits &- (ones &* 0x30)).byteSwapped
        value = (value &* 10 &+ value >> 8) & 0x00ff_00ff_00ff_00ff
        value = (value &* 100 &+ value >> 16) & 0x0000_ffff_0000_ffff
        return UInt32(truncatingIfNeeded: value &* 10_000 &+ value >> 32)
    }
}
