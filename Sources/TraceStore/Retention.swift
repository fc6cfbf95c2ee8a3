/// How much is kept.
package struct RetentionLimits: Sendable, Hashable {
    /// Connections, events and samples older than this go; minutes ten times as old; hours and runs a hundred times.
    package var age: Duration?
    /// The most that the database and its log may take, in bytes.
    package var size: Int64?

    package init(age: Duration? = nil, size: Int64? = nil) {
        self.age = age
        self.size = size
    }

    package var isEmpty: Bool { age == nil && size == nil }

    /// The least ``size``: a schema, a log, and something to keep.
    package static let leastSize: Int64 = 4 << 20

    /// How much of ``size`` is the log's.
    var logSize: Int64? { size.map { min($0 / 8, 16 << 20) } }

    /// How large the pages in use may be.
    var pagesSize: Int64? {
        guard let size, let logSize else { return nil }
        return size - logSize
    }
}

/// Kinds of rows that are removed, in the order in which they go when there is no room. The raw values are a metric's
/// labels.
package enum RemovedRows: String, Sendable, Hashable, CaseIterable {
    case connection
    case sample
    case event
    case entry
    case minute
    case hour
    case run
    /// Addresses that no row refers to any more.
    case address
}

/// What one step of ``TraceStore/trim(to:keeping:now:)`` did.
package struct RetentionStep: Sendable, Hashable {
    package var removed: [RemovedRows: UInt64] = [:]
    /// Whether there is nothing left to do now.
    package var isDone = true
}
