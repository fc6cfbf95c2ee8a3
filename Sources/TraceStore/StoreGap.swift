package import IPVSModel

/// Rows that are missing from the database: what lies between two moments is not quiet, but unknown.
package struct StoreGap: Sendable, Hashable {
    package var from: Timestamp
    package var to: Timestamp
    /// A ``StoreRowKind``'s raw value, or `everything`.
    package var what: String
    /// How many rows; `nil` if nobody knows.
    package var count: UInt64?
    package var cause: Cause

    package init(from: Timestamp, to: Timestamp, what: String, count: UInt64?, cause: Cause) {
        self.from = from
        self.to = to
        self.what = what
        self.count = count
        self.cause = cause
    }

    /// The raw values are stored and stable.
    package enum Cause: String, Sendable, Hashable, CaseIterable {
        /// The database took no rows, and no more could wait.
        case queueFull = "queue_full"
        /// The collector went away.
        case interrupted
        /// The file was damaged, and set aside.
        case damaged
    }

    package static let everything = "everything"
}

/// The kinds of rows that wait to be written, the least valuable first: in this order they are given up when no more
/// can wait. The raw values are stored and stable.
package enum StoreRowKind: String, Sendable, Hashable, CaseIterable {
    /// A time series' finest interval: there is another in a second, and counters are cumulative.
    case sample
    /// A connection that is no assignment and ended as it should, or has not ended.
    case connection
    /// What became of entries in the kernel's table: verdicts on schedulers that ask for their number need each.
    case entry
    /// A connection that ended as it should, or has not ended, and the kernel chose a real server for it: a verdict needs each.
    case assignment
    /// A connection that did not end as it should.
    case failedConnection = "failed_connection"
    case event
    /// Settings of a virtual service, and the capture's level: few, and no verdict without.
    case setting
}
