internal import IPVSModel

/// Parses the text of `/proc/net/ip_vs_conn` (or `_sync`) in chunks.
///
/// Fields are split on blanks, never at columns: `SCTP` and IPv6 shift them. No row allocates.
///
/// - Source: `ip_vs_conn_seq_show` and `ip_vs_conn_sync_seq_show` in `net/netfilter/ipvs/ip_vs_conn.c`.
struct ConnectionTableParser {
    private(set) var entries: [ConnectionEntry] = []
    /// One per entry if the listing has origins, else empty.
    private(set) var origins: [ConnectionOrigin] = []
    private(set) var statistics = ConnectionTable.Statistics()

    private let hasOrigin: Bool
    private var line = 0
    private var states = ConnectionStateNames()
    private var index = ConnectionEntryIndex()

    init(hasOrigin: Bool) { self.hasOrigin = hasOrigin }

    /// A read returns at most a page on procfs, but a copy is an ordinary file.
    static let chunk = 1 << 16

    /// Reads and parses a file.
    static func run(path: String, hasOrigin: Bool) throws(KernelError) -> ConnectionTableParser {
        let clock = ContinuousClock()
        let start = clock.now
        let file = try InputFile.open(path)
        var parser = ConnectionTableParser(hasOrigin: hasOrigin)
        var buffer = [UInt8](repeating: 0, count: chunk)
        var filled = 0
        while true {
            let count = try file.read(into: &buffer, at: filled)
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
        parser.finish(isInsideLine: filled > 0)
        parser.statistics.duration = start.duration(to: clock.now)
        return parser
    }

    /// Parses the whole lines at the beginning of `bytes`.
    ///
    /// - Returns: How many bytes they were; the rest is to be given again, with what follows it.
    mutating func parse(_ bytes: RawSpan) -> Int {
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
    mutating func finish(isInsideLine: Bool) {
        guard isInsideLine, !isInsideLongLine else { return }
        line += 1
        reject(.cutShort)
    }

    private var isInsideLongLine = false

    /// Gives up on a line that does not fit into a chunk.
    mutating func skipLongLine() {
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

    /// Parses one row and keeps it.
    ///
    /// - Returns: What is wrong with the row, or `nil` if it was taken.
    @inline(__always)
    private mutating func row(_ bytes: RawSpan, _ cursor: inout TextCursor) -> MalformedLine.Reason? {
        guard let transport = cursor.transportProtocol(bytes) else { return .badProtocol }
        guard let clientAddress = cursor.address(bytes) else { return .badAddress }
        guard let clientPort = cursor.port(bytes) else { return .badPort }
        guard let virtualAddress = cursor.address(bytes) else { return .badAddress }
        guard let virtualPort = cursor.port(bytes) else { return .badPort }
        guard let serverAddress = cursor.address(bytes) else { return .badAddress }
        guard let serverPort = cursor.port(bytes) else { return .badPort }
        guard let state = states.state(bytes, &cursor) else { return .badState }
        var origin: ConnectionOrigin?
        if hasOrigin {
            origin = ConnectionOrigin(rawValue: bytes.text(cursor.field(bytes)))
            if origin == nil { return .badOrigin }
        }
        guard let expiresIn = cursor.decimal(bytes) else { return .badExpiry }
        statistics.rows += 1
        let key = ConnectionEntryKey(
            transportProtocol: transport, client: Endpoint(address: clientAddress, port: clientPort),
            virtual: Endpoint(address: virtualAddress, port: virtualPort),
            realServer: Endpoint(address: serverAddress, port: serverPort))
        guard index.insert(key, into: entries) else {
            statistics.duplicates += 1
            return nil
        }
        entries.append(
            ConnectionEntry(
                transportProtocol: transport, client: key.client, virtual: key.virtual, realServer: key.realServer,
                state: state, expiresIn: expiresIn))
        if let origin { origins.append(origin) }
        cursor.skipBlanks(bytes)
        if !cursor.isAtLineEnd(bytes) { persistence(bytes, &cursor) }
        return nil
    }

    /// Adds the persistence engine and its data to the entry just taken.
    @inline(never)
    private mutating func persistence(_ bytes: RawSpan, _ cursor: inout TextCursor) {
        let last = entries.count - 1
        entries[last].persistenceEngine = bytes.text(cursor.field(bytes))
        cursor.skipBlanks(bytes)
        // The data is raw and may hold blanks: all that is left of the line.
        entries[last].persistenceData = bytes.text(cursor.restOfLine(bytes))
    }
}
