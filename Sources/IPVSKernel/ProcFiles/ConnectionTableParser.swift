internal import IPVSModel

/// Parses the text of `/proc/net/ip_vs_conn` (or `_sync`) in chunks.
///
/// Most rows are plain IPv4 and stand at fixed columns; `SCTP`, IPv6 and persistence engines shift them, so whatever is
/// not found at those columns is split on blanks. No row of known state allocates.
///
/// - Source: `ip_vs_conn_seq_show` and `ip_vs_conn_sync_seq_show` in `net/netfilter/ipvs/ip_vs_conn.c`.
struct ConnectionTableParser {
    private(set) var statistics = ConnectionTable.Statistics()

    private let hasOrigin: Bool
    private var line = 0
    private var states = ConnectionStateNames()
    /// Without the names of states, which are kept apart until the end.
    private var rows = ConnectionRows(packed: [], wide: [], persistence: [], states: [])

    private var index = ConnectionRowIndex()
    /// The hashes of the last rows, which were not compared with those before them yet.
    private var pending = InlineArray<32, UInt64>(repeating: 0)
    private var pendingCount = 0

    /// - Parameter expected: About how many rows there will be: memory is taken for so many at once, since growing to
    ///   them step by step costs a third of the time.
    init(hasOrigin: Bool, expecting expected: Int) {
        self.hasOrigin = hasOrigin
        rows.packed.reserveCapacity(expected)
        index.reserve(expected) { _ in 0 }
    }

    /// A read returns at most a page on procfs, but a copy is an ordinary file.
    static let chunk = 1 << 16

    /// Reads and parses a file.
    ///
    /// - Parameters:
    ///   - expected: About how many rows there will be, if the file's size does not tell: 0 on procfs.
    ///   - limit: When to give up, leaving ``ConnectionTable/Statistics/isCutOff`` set; `nil` is never.
    static func run(
        path: String, hasOrigin: Bool, expecting expected: Int, atMost limit: Duration? = nil
    ) throws(KernelError) -> ConnectionTable {
        let clock = ContinuousClock()
        let start = clock.now
        let file = try InputFile.open(path)
        let expected = max(expected, try file.size() / PlainRow.length)
        var isCutOff = false
        var table = try run(hasOrigin: hasOrigin, expecting: expected) { (buffer, offset) throws(KernelError) in
            if let limit, start.duration(to: clock.now) > limit {
                isCutOff = true
                return 0
            }
            return try file.read(into: &buffer, at: offset)
        }
        table.statistics.isCutOff = isCutOff
        table.statistics.duration = start.duration(to: clock.now)
        return table
    }

    /// Parses what `read` puts into its buffer from the given offset on, until it returns 0 bytes.
    static func run<Failure>(
        hasOrigin: Bool, expecting expected: Int, read: (inout [UInt8], Int) throws(Failure) -> Int
    ) throws(Failure) -> ConnectionTable {
        var parser = ConnectionTableParser(hasOrigin: hasOrigin, expecting: expected)
        var buffer = [UInt8](repeating: 0, count: chunk)
        var filled = 0
        while true {
            let count = try read(&buffer, filled)
            if count == 0 { break }
            filled += count
            // The bytes of integers are always initialized.
            let used = parser.parse(unsafe buffer.span.extracting(first: filled).bytes)
            if used == 0, filled == buffer.count {
                parser.skipLongLine()
                filled = 0
            } else if used > 0 {
                buffer.replaceSubrange(0..<(filled - used), with: Array(buffer[used..<filled]))
                filled -= used
            }
        }
        return parser.finish(isInsideLine: filled > 0)
    }

    /// Parses the whole lines at the beginning of `bytes`.
    ///
    /// - Returns: How many bytes they were; the rest is to be given again, with what follows it.
    private mutating func parse(_ bytes: RawSpan) -> Int {
        var end = bytes.byteCount
        while end > 0, bytes.byte(at: end - 1) != UInt8(ascii: "\n") { end -= 1 }
        guard end > 0 else { return 0 }
        var cursor = TextCursor(offset: 0, end: end)
        if isInsideLongLine {
            isInsideLongLine = false
            cursor.skipLine(bytes)
        }
        while cursor.offset < end {
            line += 1
            if !hasOrigin, let row = PlainRow.read(bytes, at: cursor.offset, end: end, &states) {
                statistics.rows += 1
                take(row, hash: index.hash(row))
                cursor.skip(PlainRow.length)
                continue
            }
            cursor.skipBlanks(bytes)
            if cursor.isAtLineEnd(bytes) || (line == 1 && isTitle(bytes, at: cursor.offset)) {
                // An empty line, or the title.
            } else if let reason = row(bytes, &cursor) {
                reject(reason)
            }
            cursor.skipLine(bytes)
        }
        return end
    }

    /// Ends the listing.
    ///
    /// - Parameter isInsideLine: Whether bytes without a line end are left. The kernel ends every row, so the last field of
    ///   such a line cannot be trusted.
    private consuming func finish(isInsideLine: Bool) -> ConnectionTable {
        if isInsideLine, !isInsideLongLine {
            line += 1
            reject(.cutShort)
        }
        settle()
        rows.states = states.names
        return ConnectionTable(rows: rows, statistics: statistics)
    }

    private var isInsideLongLine = false

    /// Gives up on a line that does not fit into a chunk.
    private mutating func skipLongLine() {
        guard !isInsideLongLine else { return }
        isInsideLongLine = true
        line += 1
        reject(.tooLong)
    }

    private mutating func reject(_ reason: MalformedLine.Reason) {
        statistics.malformed += 1
        if statistics.malformedExamples.count < ConnectionTable.Statistics.exampleLimit {
            statistics.malformedExamples.append(MalformedLine(line: line, reason: reason))
        }
    }

    private func isTitle(_ bytes: RawSpan, at offset: Int) -> Bool {
        offset + 4 <= bytes.byteCount && bytes.word32(at: offset) == TextCursor.title
    }
}

// MARK: Rows of any kind

extension ConnectionTableParser {
    /// Parses one row, field by field, and keeps it.
    ///
    /// - Returns: What is wrong with the row, or `nil` if it was taken.
    private mutating func row(_ bytes: RawSpan, _ cursor: inout TextCursor) -> MalformedLine.Reason? {
        guard let transport = cursor.transportProtocol(bytes) else { return .badProtocol }
        guard let clientAddress = cursor.address(bytes) else { return .badAddress }
        guard let clientPort = cursor.port(bytes) else { return .badPort }
        guard let virtualAddress = cursor.address(bytes) else { return .badAddress }
        guard let virtualPort = cursor.port(bytes) else { return .badPort }
        guard let serverAddress = cursor.address(bytes) else { return .badAddress }
        guard let serverPort = cursor.port(bytes) else { return .badPort }
        guard let state = states.state(bytes, &cursor) else { return .badState }
        var timer: UInt32 = 0
        if hasOrigin {
            guard let origin = ConnectionOrigin(rawValue: bytes.text(cursor.field(bytes))) else { return .badOrigin }
            if origin == .synchronized { timer = ConnectionRows.Packed.isSynchronized }
        }
        guard let expiresIn = cursor.decimal(bytes) else { return .badExpiry }
        statistics.rows += 1
        var row = ConnectionRows.Packed(
            client: clientAddress.ipv4Bits, virtual: virtualAddress.ipv4Bits, realServer: serverAddress.ipv4Bits,
            clientPort: clientPort, virtualPort: virtualPort, realServerPort: serverPort,
            transportProtocol: transport.rawValue, state: UInt8(truncatingIfNeeded: state), timer: timer | expiresIn)
        cursor.skipBlanks(bytes)
        let hasPersistence = !cursor.isAtLineEnd(bytes)
        let isIPv4 = clientAddress.isIPv4 && virtualAddress.isIPv4 && serverAddress.isIPv4
        guard hasPersistence || !isIPv4 || state > UInt8.max else {
            take(row, hash: index.hash(row))
            return nil
        }
        let wide = ConnectionRows.Wide(
            client: clientAddress, virtual: virtualAddress, realServer: serverAddress,
            state: UInt32(truncatingIfNeeded: state), persistence: hasPersistence ? persistence(bytes, &cursor) : 0)
        row.client = UInt32(truncatingIfNeeded: rows.wide.count)
        row.timer |= ConnectionRows.Packed.isWide
        rows.wide.append(wide)
        take(row, hash: index.hash(row, wide))
        return nil
    }

    /// Keeps the persistence engine and its data; returns its number.
    private mutating func persistence(_ bytes: RawSpan, _ cursor: inout TextCursor) -> UInt32 {
        let engine = bytes.text(cursor.field(bytes))
        cursor.skipBlanks(bytes)
        // The data is raw and may hold blanks: all that is left of the line.
        rows.persistence.append(ConnectionRows.Persistence(engine: engine, data: bytes.text(cursor.restOfLine(bytes))))
        return UInt32(truncatingIfNeeded: rows.persistence.count)
    }
}

// MARK: Repeated rows

extension ConnectionTableParser {
    /// Keeps a row until it is settled whether it came before.
    @inline(__always)
    private mutating func take(_ row: ConnectionRows.Packed, hash: UInt64) {
        rows.packed.append(row)
        index.prefetch(hash)
        pending[pendingCount] = hash
        pendingCount += 1
        if pendingCount == pending.count { settle() }
    }

    private mutating func reserve(_ more: Int) {
        let hasher = index
        index.reserve(more) { hasher.hash(rows, at: $0) }
    }

    /// Drops those of the last rows that came before; the first of them stays.
    @inline(never)
    private mutating func settle() {
        let first = rows.packed.count - pendingCount
        var kept = first
        reserve(pendingCount)
        for offset in 0..<pendingCount {
            let row = rows.packed[first + offset]
            guard index.insert(pending[offset], at: kept, isSame: { rows.isSame(row, at: $0) }) else { continue }
            if kept != first + offset { rows.packed[kept] = row }
            kept += 1
        }
        statistics.duplicates += rows.packed.count - kept
        rows.packed.removeLast(rows.packed.count - kept)
        pendingCount = 0
    }
}

extension ConnectionRows {
    /// Whether a row is of the same connection as the one at `position`.
    fileprivate func isSame(_ row: Packed, at position: Int) -> Bool {
        let other = packed[position]
        guard row.clientPort == other.clientPort, row.virtualPort == other.virtualPort,
            row.realServerPort == other.realServerPort, row.transportProtocol == other.transportProtocol
        else { return false }
        return addresses(row) == addresses(other)
    }

    private func addresses(_ row: Packed) -> (client: IPAddress, virtual: IPAddress, realServer: IPAddress) {
        guard row.timer & Packed.isWide != 0 else {
            return (IPAddress(ipv4: row.client), IPAddress(ipv4: row.virtual), IPAddress(ipv4: row.realServer))
        }
        let wide = wide[Int(row.client)]
        return (wide.client, wide.virtual, wide.realServer)
    }
}
