package import IPVSModel

/// One reading of the kernel's connection table.
///
/// A dump is not a snapshot: while connections come and go, rows are repeated and others are left out. So an entry's
/// end must never be inferred from its absence in one dump. Repeated rows are removed here.
///
/// - Source: `/proc/net/ip_vs_conn` and, with origins, `/proc/net/ip_vs_conn_sync`.
package struct ConnectionTable: Sendable {
    /// In the kernel's order, newest first among those of one hash bucket.
    package var rows: ConnectionRows
    /// What the reading was like.
    package var statistics: Statistics

    /// What a reading was like.
    package struct Statistics: Sendable, Hashable {
        /// Rows understood, repeated ones included.
        package var rows = 0
        /// Rows dropped because protocol, client, virtual service and real server had come before in the same dump. The
        /// first stays: the newest entry stands first in its bucket, and lookups find it.
        package var duplicates = 0
        /// Lines not understood.
        package var malformed = 0
        /// The first few lines not understood.
        package var malformedExamples: [MalformedLine] = []
        /// How long the reading took.
        package var duration: Duration = .zero
        /// Whether the reading took too long and was given up: what comes behind the last row is not known.
        package var isCutOff = false

        static let exampleLimit = 8
    }

    /// Reads a listing.
    ///
    /// - Parameters:
    ///   - path: The live table, the one of another network namespace (`/proc/PID/net/ip_vs_conn`), or a copy.
    ///   - expected: About how many rows there will be, for speed: those of the last reading.
    ///   - limit: When to give up, leaving ``Statistics/isCutOff`` set; `nil` is never.
    /// - Throws: ``KernelError`` if the file cannot be read. Lines not understood are counted, not thrown.
    package static func read(
        path: String = "/proc/net/ip_vs_conn", expecting expected: Int = 0, atMost limit: Duration? = nil
    ) throws(KernelError) -> ConnectionTable {
        try ConnectionTableParser.run(path: path, hasOrigin: false, expecting: expected, atMost: limit)
    }

    /// Parses a listing held in memory; its duration is 0.
    ///
    /// - Parameter readingAtMost: How many bytes to take at once, at least 1.
    package static func parse(_ listing: [UInt8], readingAtMost limit: Int = .max) -> ConnectionTable {
        var rest = listing[...]
        return ConnectionTableParser.run(hasOrigin: false, expecting: listing.count / PlainRow.length) {
            buffer, offset in
            let piece = rest.prefix(min(limit, buffer.count - offset))
            buffer.replaceSubrange(offset..<(offset + piece.count), with: piece)
            rest = rest.dropFirst(piece.count)
            return piece.count
        }
    }

    /// The rows with their text, for those who print them: six times as large.
    package var entries: [ConnectionEntry] { rows.indices.map { rows.entry(at: $0) } }
}

/// A line of a connection listing that was not understood.
package struct MalformedLine: Sendable, Hashable, CustomStringConvertible {
    /// Counted from 1, the title included.
    package let line: Int
    package let reason: Reason

    package var description: String { "line \(line): \(reason.rawValue)" }

    /// What is wrong with a line.
    package enum Reason: String, Sendable, Hashable, CaseIterable {
        case badProtocol = "the protocol is unknown"
        case badAddress = "an address is not 8 hexadecimal digits or an IPv6 address"
        case badPort = "a port is not 4 hexadecimal digits"
        case badState = "the state is missing"
        case badOrigin = "the origin is neither LOCAL nor SYNC"
        case badExpiry = "the expiry is not a number of seconds"
        case tooLong = "the line is too long"
        case cutShort = "the last line is cut short"
    }
}

/// Who made an entry of the connection table.
package enum ConnectionOrigin: String, Sendable, Hashable {
    /// This director scheduled the connection.
    case local = "LOCAL"
    /// The master's synchronization daemon told this backup of it.
    case synchronized = "SYNC"
}

/// The connection table with the origin of each entry.
///
/// It costs as much to read as ``ConnectionTable`` and is needed only where a synchronization daemon runs.
package struct ConnectionOrigins: Sendable {
    /// One per entry, in the kernel's order.
    package var entries: [(entry: ConnectionEntry, origin: ConnectionOrigin)]
    package var statistics: ConnectionTable.Statistics

    package static func read(path: String = "/proc/net/ip_vs_conn_sync") throws(KernelError) -> ConnectionOrigins {
        let table = try ConnectionTableParser.run(path: path, hasOrigin: true, expecting: 0)
        return ConnectionOrigins(
            entries: table.rows.indices.map {
                (table.rows.entry(at: $0), table.rows[$0].isSynchronized ? .synchronized : .local)
            },
            statistics: table.statistics)
    }
}
