package import IPVSModel

/// A run's time, cut into steps of equal length.
package struct TimeAxis: Sendable, Hashable {
    package let start: Timestamp
    /// Nanoseconds.
    package let step: Int64
    /// At least 1.
    package let count: Int

    /// More steps than this are hard to tell apart in a picture, and tedious in a table.
    package static let mostSteps = 40

    /// The shortest steps that people count in, and that are enough of them.
    ///
    /// - Parameter end: A time before `start` counts as `start`.
    package init(from start: Timestamp, to end: Timestamp) {
        let span = max(end.rawValue - start.rawValue, 0)
        let day = Self.steps[Self.steps.count - 1]
        let needed = span / Int64(Self.mostSteps) + 1
        self.start = start
        step = Self.steps.first { $0 >= needed } ?? (needed + day - 1) / day * day
        count = Int(span / step) + 1
    }

    /// From 1 ms to one day.
    private static let steps: [Int64] = {
        let milliseconds: [Int64] = [1, 2, 5, 10, 20, 50, 100, 200, 500]
        let seconds: [Int64] = [1, 2, 5, 10, 15, 30]
        let minutes: [Int64] = [1, 2, 5, 10, 15, 30]
        let hours: [Int64] = [1, 2, 3, 6, 12, 24]
        return milliseconds.map { $0 * 1_000_000 } + seconds.map { $0 * 1_000_000_000 }
            + minutes.map { $0 * 60_000_000_000 } + hours.map { $0 * 3_600_000_000_000 }
    }()

    /// The step that holds `time`; the first or the last if it is outside.
    package func index(of time: Timestamp) -> Int {
        Int(min(max((time.rawValue - start.rawValue) / step, 0), Int64(count - 1)))
    }

    /// Where a step begins, in seconds after ``start``.
    package func offset(_ index: Int) -> Double { Double(index) * stepSeconds }

    package var stepSeconds: Double { Double(step) / 1e9 }
}
