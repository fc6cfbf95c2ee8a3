import Collector
import IPVSModel
import Testing

@Suite struct TableReadingPlanTests {
    /// A kernel, a clock, and whoever asks the plan once an interval.
    private struct Director {
        var plan = TableReadingPlan(interval: .seconds(1))
        var now = Timestamp(seconds: 1_000, nanoseconds: 0)
        /// How long so many rows take.
        var cost: (Int) -> Duration
        var spent: Duration = .zero
        /// When readings were made that were not given up.
        var readings: [Timestamp] = []
        var attempts = 0

        /// - Parameter rows: By the seconds since the beginning.
        mutating func run(seconds: Int, rows: (Int) -> Int) {
            for second in 0..<seconds {
                let due = now.advanced(by: .seconds(1))
                let count = rows(second)
                if plan.decision(at: now, rows: count, isForced: false) == .read {
                    let took = min(cost(count), TableReadingPlan.longestReading)
                    let isCutOff = cost(count) > TableReadingPlan.longestReading
                    plan.note(
                        TableReadingPlan.Reading(began: now, duration: took, rows: count, isCutOff: isCutOff),
                        expected: count)
                    attempts += 1
                    spent += took
                    if !isCutOff { readings.append(now) }
                    now = now.advanced(by: took)
                }
                now = max(now, due)
            }
        }
    }

    /// Since Linux 6.14: 0.6 µs a row.
    private static func linear(_ rows: Int) -> Duration { .nanoseconds(600) * rows + .microseconds(100) }
    /// Before: 20 s for 100 000 rows.
    private static func quadratic(_ rows: Int) -> Duration { .nanoseconds(2) * rows * rows + .microseconds(100) }

    @Test func `a small table is read once an interval`() {
        var director = Director(cost: Self.quadratic)
        director.run(seconds: 100) { $0 * 10 }
        #expect(director.readings.count == 100)
    }

    @Test(arguments: [1_000, 20_000, 50_000, 70_000, 100_000, 1_000_000])
    func `at most a tenth of the time goes into reading, however the cost grows`(rows: Int) {
        for cost in [Self.linear, Self.quadratic] {
            var director = Director(cost: cost)
            director.run(seconds: 3_600) { _ in rows }
            let time = director.now.since(Timestamp(seconds: 1_000, nanoseconds: 0)) + .seconds(100)
            #expect(director.spent * TableReadingPlan.partOfTime <= time)
        }
    }

    @Test func `a table that grew since the last reading is not read before its time has come`() {
        var plan = TableReadingPlan(interval: .seconds(1))
        let began = Timestamp(seconds: 1, nanoseconds: 0)
        plan.note(.init(began: began, duration: .milliseconds(200), rows: 10_000), expected: 10_000)
        // 0.2 s for 10 000 rows are 3.2 s for 40 000 if each read begins anew.
        #expect(plan.expectedDuration(rows: 40_000) == .milliseconds(3_200))
        #expect(plan.decision(at: began.advanced(by: .seconds(2)), rows: 10_000, isForced: false) == .read)
        #expect(plan.decision(at: began.advanced(by: .seconds(31)), rows: 40_000, isForced: false) == .wait)
        #expect(plan.decision(at: began.advanced(by: .seconds(32)), rows: 40_000, isForced: false) == .read)
    }

    @Test func `a cost seen to grow with the rows is expected to go on so, and one seen otherwise is not`() {
        var plan = TableReadingPlan(interval: .seconds(1))
        let began = Timestamp(seconds: 1, nanoseconds: 0)
        plan.note(.init(began: began, duration: .milliseconds(60), rows: 100_000), expected: 100_000)
        #expect(plan.expectedDuration(rows: 1_000_000) == .milliseconds(600))
        plan.note(.init(began: began, duration: .seconds(2), rows: 100_000), expected: 100_000)
        #expect(plan.expectedDuration(rows: 200_000) == .seconds(8))
    }

    @Test(arguments: [10_000, 100_000, 1_000_000])
    func `a table that suddenly grew is read again within ten minutes if that is possible`(rows: Int) {
        var director = Director(cost: Self.linear)
        director.run(seconds: 700) { $0 < 60 ? 100 : rows }
        let grown = director.readings.filter { $0 >= Timestamp(seconds: 1_060, nanoseconds: 0) }
        #expect(grown.count >= 10)
    }

    @Test func `a table too large to be read is tried seldom, and read soon after it shrank`() throws {
        var director = Director(cost: Self.quadratic)
        director.run(seconds: 3_600) { $0 < 1_900 ? 1_000_000 : 10_000 }
        let first = try #require(director.readings.first)
        #expect(first.since(Timestamp(seconds: 2_900, nanoseconds: 0)) <= .seconds(100))
        #expect(director.attempts - director.readings.count == 4)
        #expect(director.readings.count > 100)
    }

    @Test func `a reading at the end of a run is skipped if it would take longer than ten seconds`() {
        var plan = TableReadingPlan(interval: .seconds(1))
        let began = Timestamp(seconds: 1, nanoseconds: 0)
        #expect(plan.decision(at: began, rows: 1_000_000, isForced: true) == .read)
        plan.note(.init(began: began, duration: .seconds(2), rows: 50_000), expected: 50_000)
        #expect(plan.decision(at: began, rows: 100_000, isForced: true) == .read)
        #expect(plan.decision(at: began, rows: 150_000, isForced: true) == .tooLong(expected: .seconds(18)))
        plan.note(.init(began: began, duration: .seconds(10), rows: 40_000, isCutOff: true), expected: 150_000)
        #expect(plan.decision(at: began, rows: 150_000, isForced: true) == .tooLong(expected: .seconds(20)))
        #expect(plan.decision(at: began, rows: 50_000, isForced: true) == .read)
    }

    @Test(arguments: [
        (4_000, 10_000, true), (4_999, 10_000, true), (5_000, 10_000, false), (10_000, 10_000, false),
        // The kernel's own count fell too: connections expired.
        (4_000, 4_100, false), (4_000, 7_000, false),
        // Too few to tell.
        (10, 70, false),
    ])
    func `a reading is short if it gives less than half of the last one and of the kernel's count`(
        rows: Int, expected: Int, isShort: Bool
    ) {
        var plan = TableReadingPlan(interval: .seconds(1))
        #expect(!plan.isShort(rows: rows, expected: expected))
        plan.note(
            .init(began: Timestamp(seconds: 1, nanoseconds: 0), duration: .milliseconds(10), rows: 10_000),
            expected: 10_000)
        #expect(plan.isShort(rows: rows, expected: expected) == isShort)
    }
}
