package import IPVSModel

/// Decides when the kernel's connection table is read.
///
/// The table's cost grows with its size, before Linux 6.14 with the square of it: every read of the file walks the
/// table from its beginning. The kernel's version does not tell, since distributions take patches back; the measured cost
/// of a row does. A value without clock or I/O.
package struct TableReadingPlan: Sendable {
    /// The part of the time that may go into reading: one part in this many.
    package static let partOfTime = 10
    /// No reading may take longer: one that is expected to is not begun, one that does is given up.
    package static let longestReading: Duration = .seconds(10)
    /// How long a table that takes too long is left alone. Then it is tried again, whatever is expected.
    package static let longestPause: Duration = .seconds(600)

    /// What to do now.
    package enum Decision: Sendable, Hashable {
        case read
        /// It is not yet time.
        case wait
        /// It would take longer than a reading may.
        case tooLong(expected: Duration)
    }

    /// A reading as it was.
    package struct Reading: Sendable {
        package var began: Timestamp
        package var duration: Duration
        /// Rows without the repeated ones.
        package var rows: Int
        /// Whether it was given up.
        package var isCutOff: Bool

        package init(began: Timestamp, duration: Duration, rows: Int, isCutOff: Bool = false) {
            self.began = began
            self.duration = duration
            self.rows = rows
            self.isCutOff = isCutOff
        }
    }

    private let interval: Duration
    private var last: Reading?
    /// The time that so many rows take, measured; a reading that was given up stands for twice the longest.
    private var cost: (rows: Int, duration: Duration) = (0, .zero)
    /// Whether the cost was seen to grow with the rows and not with their square.
    private var isLinear = false

    /// - Parameter interval: How often to read a table that costs little.
    package init(interval: Duration) { self.interval = interval }

    /// - Parameters:
    ///   - rows: How many rows the table is thought to have.
    ///   - isForced: Whether to read even if it is not yet time, as at the end of a run.
    package func decision(at now: Timestamp, rows: Int, isForced: Bool) -> Decision {
        guard let last else { return .read }
        let expected = expectedDuration(rows: rows)
        if isForced { return expected > Self.longestReading ? .tooLong(expected: expected) : .read }
        // Whoever asks once an interval does so a little early at times.
        return now.since(last.began) >= pause(rows: rows) - .milliseconds(100) ? .read : .wait
    }

    /// How long to wait from the beginning of one reading to the beginning of the next.
    package func pause(rows: Int) -> Duration {
        let expected = expectedDuration(rows: rows)
        if expected > Self.longestReading { return Self.longestPause }
        return max(interval, max(expected, last?.duration ?? .zero) * Self.partOfTime)
    }

    /// How long a reading of so many rows should take; 0 before the first reading, whose limit keeps it short.
    package func expectedDuration(rows: Int) -> Duration {
        guard last != nil else { return .zero }
        // What a small table costs is chance, and not its rows: a bad guess from it would keep a larger one unread.
        let growth = Double(max(rows, Self.smallTable)) / Double(max(cost.rows, Self.smallTable))
        return cost.duration * (isLinear ? growth : growth * growth)
    }

    private static let smallTable = 5_000

    /// Whether a reading came out shorter than the table can be: the newest kernels break it off when they resize the
    /// table meanwhile. Such a reading is worth repeating once.
    ///
    /// - Parameters:
    ///   - rows: How many rows it gave.
    ///   - expected: How many entries the kernel counted at about the same time: connections known to have expired are
    ///     no longer among them.
    package func isShort(rows: Int, expected: Int) -> Bool {
        // Fewer than fit into a page may come and go between two readings.
        guard let last, expected - rows > Self.rowsPerPage else { return false }
        return rows * 2 < expected && rows * 2 < last.rows
    }

    private static let rowsPerPage = 62

    /// Learns from a reading.
    ///
    /// - Parameter expected: How many rows the table was thought to have.
    package mutating func note(_ reading: Reading, expected: Int) {
        last = reading
        guard !reading.isCutOff else {
            cost = (max(expected, reading.rows), Self.longestReading * 2)
            isLinear = false
            return
        }
        cost = (reading.rows, reading.duration)
        guard reading.rows >= Self.tellingRows else { return }
        isLinear = reading.duration <= Self.linearRow * reading.rows
    }

    /// From so many rows on, the cost of one tells how it grows.
    private static let tellingRows = 50_000
    /// Printing and parsing a row takes 0.6 µs. Where each read walks the table anew, a row of 50 000 takes ten times as
    /// long and more: 24 µs were measured.
    private static let linearRow: Duration = .microseconds(2)
}
