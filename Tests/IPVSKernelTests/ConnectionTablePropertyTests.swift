import IPVSKernel
import IPVSModel
import TestSupport
import Testing

/// What holds for every listing, tried on generated ones.
@Suite struct ConnectionTablePropertyTests {
    private static let title = "Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\n"
    private static let states = ["ESTABLISHED", "SYN_RECV", "TIME_WAIT", "CLOSE", "FIN_WAIT", "NONE", "UDP"]

    private static func padded(_ text: String, _ width: Int, _ filler: Character = " ") -> String {
        String(repeating: filler, count: max(0, width - text.count)) + text
    }

    private static func hexadecimal(_ value: some BinaryInteger, _ width: Int) -> String {
        padded(String(value, radix: 16, uppercase: true), width, "0")
    }

    private static func address(isIPv6: Bool, from few: UInt32, _ random: inout SeededGenerator) -> String {
        let host = UInt32.random(in: 0..<few, using: &random)
        return isIPv6
            ? "fd00:0122:0000:0000:0000:0000:0000:" + hexadecimal(host & 0xffff, 4).lowercased()
            : hexadecimal(0xC0A8_0000 &+ host, 8)
    }

    /// A row as the kernel prints it.
    ///
    /// - Parameter few: How many different addresses and ports there are: few repeat rows.
    private static func row(few: UInt32 = .max, onlyPlain: Bool, _ random: inout SeededGenerator) -> String {
        let kind = onlyPlain ? 9 : Int.random(in: 0..<10, using: &random)
        let isIPv6 = kind < 2
        let transport = kind == 2 ? "SCTP" : kind == 3 ? "UDP" : "TCP"
        let endpoints = (0..<3).map { _ in
            address(isIPv6: isIPv6, from: few, &random) + " "
                + hexadecimal(UInt16(truncatingIfNeeded: UInt32.random(in: 0..<few, using: &random)), 4)
        }
        let state = states.randomElement(using: &random) ?? "NONE"
        let expires = UInt32.random(in: 0..<(Bool.random(using: &random) ? 900 : 10_000_000), using: &random)
        let engine = kind == 3 ? " sip call-\(UInt8.random(in: 0...9, using: &random))@192.168.122.1" : ""
        return "\(transport) \(endpoints.joined(separator: " ")) "
            + state + String(repeating: " ", count: 11 - state.count) + " \(padded(String(expires), 7))\(engine)"
    }

    private func parse(_ listing: some Sequence<UInt8>, readingAtMost limit: Int = .max) -> ConnectionTable {
        ConnectionTable.parse(Array(listing), readingAtMost: limit)
    }

    /// A blank before a row leaves its meaning alone but moves it out of the columns that the fast reader looks at.
    @Test(arguments: 0..<20 as Range<UInt64>)
    func `rows mean the same at their columns and beside them`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        // Each state once, so that every later row may be read at its columns.
        var rows = Self.states.map { state in
            "TCP 0A000001 0001 C0A87A64 0050 0A0A0A14 0050 \(state)\(String(repeating: " ", count: 11 - state.count))       1"
        }
        rows += (0..<500).map { _ in Self.row(onlyPlain: seed % 2 == 0, &random) }
        let table = parse(rows.map { $0 + "\n" }.joined().utf8)
        let beside = parse(rows.map { " \($0)\n" }.joined().utf8)
        #expect(table.statistics.rows == rows.count)
        #expect(table.entries == beside.entries)
        #expect(table.statistics == beside.statistics)
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `a row with one byte changed is taken or refused alike at its columns and beside them`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let row = Array(Self.row(onlyPlain: true, &random).utf8)
        let likely = Array("0aFgG :\t\r\0@`/".utf8) + [0x7f, 0x80, 0xff]
        for offset in row.indices {
            var changed = row
            changed[offset] =
                Bool.random(using: &random)
                ? likely.randomElement(using: &random) ?? 0 : UInt8.random(in: 0...255, using: &random)
            let table = parse(row + [10] + changed + [10])
            let beside = parse([32] + row + [10, 32] + changed + [10])
            #expect(table.entries == beside.entries, "offset \(offset), byte \(changed[offset])")
            #expect(table.statistics == beside.statistics, "offset \(offset), byte \(changed[offset])")
        }
    }

    @Test(arguments: 0..<10 as Range<UInt64>)
    func `arbitrary bytes never trap, and mean the same however they are cut into pieces`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var listing = Array(Self.title.utf8)
        while listing.count < 12_000 {
            switch Int.random(in: 0..<4, using: &random) {
            case 0:
                listing += (0..<Int.random(in: 0...90, using: &random)).map { _ in .random(in: 0...255, using: &random)
                }
            case 1:
                var row = Array(Self.row(onlyPlain: false, &random).utf8)
                row[Int.random(in: row.indices, using: &random)] = .random(in: 0...255, using: &random)
                listing += row.prefix(Int.random(in: 0...row.count, using: &random))
            default: listing += Array(Self.row(few: 6, onlyPlain: false, &random).utf8)
            }
            if Bool.random(using: &random) { listing.append(10) }
        }
        let whole = parse(listing)
        #expect(whole.statistics.rows > 0)
        for limit in [1, 13, 66, 67, 4_096] {
            let pieces = parse(listing, readingAtMost: limit)
            #expect(pieces.entries == whole.entries, "\(limit) bytes at once")
            #expect(pieces.statistics == whole.statistics, "\(limit) bytes at once")
        }
    }

    @Test(arguments: [997, 4_092, 65_535, 65_536])
    func `lines around the buffer's size mean the same however they are cut into pieces`(limit: Int) {
        var random = SeededGenerator(seed: 7)
        var listing: [UInt8] = []
        for length in [65_534, 65_535, 65_536, 65_537, 140_000] {
            for _ in 0..<5 { listing += Array((Self.row(onlyPlain: true, &random) + "\n").utf8) }
            listing += [UInt8](repeating: UInt8(ascii: "x"), count: length) + [10]
        }
        let whole = parse(listing)
        // A line of 65 535 letters and its end fills the buffer.
        #expect(whole.statistics.rows == 25)
        #expect(
            whole.statistics.malformedExamples.map(\.reason) == [
                .badProtocol, .badProtocol, .tooLong, .tooLong, .tooLong,
            ])
        let pieces = parse(listing, readingAtMost: limit)
        #expect(pieces.entries == whole.entries)
        #expect(pieces.statistics == whole.statistics)
    }

    private struct Key: Hashable {
        let transportProtocol: TransportProtocol
        let client, virtual, realServer: Endpoint
    }

    @Test(arguments: 0..<10 as Range<UInt64>)
    func `of rows of one connection the first stays, however far apart they are`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let few: UInt32 = seed % 2 == 0 ? 3 : 5
        let rows = (0..<3_000).map { _ in Self.row(few: few, onlyPlain: false, &random) }
        let table = parse((Self.title + rows.map { $0 + "\n" }.joined()).utf8)
        var seen: Set<Key> = []
        var expected: [ConnectionEntry] = []
        for row in rows {
            let entry = try #require(parse((row + "\n").utf8).entries.first)
            let key = Key(
                transportProtocol: entry.transportProtocol, client: entry.client, virtual: entry.virtual,
                realServer: entry.realServer)
            if seen.insert(key).inserted { expected.append(entry) }
        }
        #expect(table.entries == expected)
        #expect(table.statistics.duplicates == rows.count - expected.count)
        #expect(table.statistics.duplicates > 0)
    }

    @Test func `a listing with more state names than any kernel has is read, and rows of one connection are one`() {
        let rows = (0..<600).map {
            "TCP C0A87A01 \(Self.hexadecimal($0 % 400, 4)) C0A87A64 0050 0A0A0A14 0050 STATE\($0 % 400) 9\n"
        }
        let table = parse(rows.joined().utf8)
        #expect(table.entries.map(\.state.rawValue) == (0..<400).map { "STATE\($0)" })
        #expect(table.statistics.duplicates == 200)
        // The same connection, once with a name that has a number and once with one of those above.
        let late = parse(
            ((0..<400).map { "TCP C0A87A01 0001 C0A87A64 0050 0A0A0A14 0050 STATE\($0) 9\n" }).joined().utf8)
        #expect(late.entries.map(\.state.rawValue) == ["STATE0"])
    }

    @Test func `a row of the collection says what its entry says`() throws {
        let table = try ConnectionTable.read(path: Fixture.path("linux-6.1/ip_vs_conn"))
        #expect(table.rows.count == 44)
        for (row, entry) in zip(table.rows, table.entries) {
            #expect(row.transportProtocol == entry.transportProtocol)
            #expect(row.client == entry.client)
            #expect(row.virtual == entry.virtual)
            #expect(row.realServer == entry.realServer)
            #expect(table.rows.states[row.stateNumber] == entry.state)
            #expect(row.expiresIn == entry.expiresIn)
            #expect(row.isTemplate == entry.isTemplate)
            #expect(!row.isSynchronized)
        }
        #expect(table.entries.contains { $0.isTemplate })
    }
}
