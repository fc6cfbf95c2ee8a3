internal import IPVSModel

/// A row of TCP or UDP over IPv4 without a persistence engine: the only kind on most directors, and 66 bytes long.
///
/// ```text
/// TCP C0A87A01 C878 C0A87A64 0050 0A0A0A14 0050 TIME_WAIT       118
/// 0   4        13   18       27   32       41   46          57 58   65: line end
/// ```
///
/// - Source: `%-3s %08X %04X %08X %04X %08X %04X %-11s %7u\n` in `ip_vs_conn_seq_show`.
enum PlainRow {
    /// The line end included.
    static let length = 66

    /// Reads the line at `offset` if it is such a row whose state was met before; any other is for the general reader.
    @inline(__always)
    static func read(
        _ text: RawSpan, at offset: Int, end: Int, _ states: inout ConnectionStateNames
    ) -> ConnectionRows.Packed? {
        guard offset + length <= end else { return nil }
        // Checks bounds once.
        let bytes = text.extracting(offset..<(offset + length))
        guard bytes.byte(at: 65) == UInt8(ascii: "\n") else { return nil }
        let transport = bytes.word32(at: 0)
        // ` C878 C0`, ` 0050 0A`, ` 0050 TI`
        let first = bytes.word64(at: 12)
        let second = bytes.word64(at: 26)
        let third = bytes.word64(at: 40)
        let timer = bytes.word64(at: 57)
        // A blank before and behind each port, and before the timer.
        var wrong = ((first ^ blanks) | (second ^ blanks) | (third ^ blanks)) & blankMask
        wrong |= (timer ^ TextCursor.blanks) >> 56
        let client = Digits.hexadecimal(bytes.word64(at: 4), wrong: &wrong)
        let virtual = Digits.hexadecimal(bytes.word64(at: 18), wrong: &wrong)
        let realServer = Digits.hexadecimal(bytes.word64(at: 32), wrong: &wrong)
        let ports = Digits.hexadecimal((first >> 24) << 32 | second >> 24 & 0xffff_ffff, wrong: &wrong)
        let serverPort = Digits.hexadecimal(Digits.fourZeros | third >> 24 & 0xffff_ffff, wrong: &wrong)
        let expiresIn = Digits.paddedDecimal(timer, wrong: &wrong)
        guard wrong == 0, transport == TextCursor.tcp || transport == TextCursor.udp,
            let state = states.number(
                bytes.word64(at: 46), bytes.word64(at: 50) << 32 | TextCursor.blanks >> 32),
            state <= UInt8.max
        else { return nil }
        return ConnectionRows.Packed(
            client: client, virtual: virtual, realServer: realServer,
            clientPort: UInt16(truncatingIfNeeded: ports >> 16), virtualPort: UInt16(truncatingIfNeeded: ports),
            realServerPort: UInt16(truncatingIfNeeded: serverPort),
            // Numbers from IANA, spelled out because a static constant of another module costs a call per row.
            transportProtocol: transport == TextCursor.tcp ? 6 : 17, state: UInt8(truncatingIfNeeded: state),
            timer: expiresIn)
    }

    /// A blank, five places of anything, a blank.
    private static var blanks: UInt64 { 0x2000_0000_0020_0000 }
    private static var blankMask: UInt64 { 0xff00_0000_00ff_0000 }
}
