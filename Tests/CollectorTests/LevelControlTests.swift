import Balance
import Collector
import IPVSModel
import Testing

struct LevelControlTests {
    /// A made-up capture: what is offered each second, and what the levels lose of it.
    private struct Trial {
        var control = LevelControl()
        var dropped: UInt64 = 0
        var second: Int64 = 0
        var changes: [LevelChange] = []

        /// The seconds at which the level changed, with the new level.
        var summary: [String] {
            changes.map { "\($0.time.timestamp.rawValue / 1_000_000_000) \($0.level.rawValue) \($0.cause.rawValue)" }
        }

        mutating func pass(_ seconds: Int, offered: Double?, losing: (CaptureLevel) -> UInt64) {
            for _ in 0..<seconds {
                dropped += losing(control.level)
                second += 1
                let time = Timestamp(seconds: second, nanoseconds: 0)
                if let change = control.observe(dropped: dropped, offered: offered, at: time) { changes.append(change) }
            }
        }

        /// A capture that loses what goes beyond 100 000 packets a second, a tenth of them being handshakes.
        mutating func pass(_ seconds: Int, offered: Double) {
            pass(seconds, offered: offered) { level in
                UInt64(max(0, (level == .full ? offered : offered / 10) - 100_000))
            }
        }
    }

    @Test func `loss in two of three seconds switches to handshakes`() {
        var trial = Trial()
        trial.pass(10, offered: 90_000)
        trial.pass(2, offered: 120_000)
        #expect(trial.summary == ["12 handshake sustained_loss"])

        var broken = Trial()
        var lossy = [true, false, true].makeIterator()
        broken.pass(3, offered: 1) { _ in lossy.next() == true ? 1 : 0 }
        #expect(broken.summary == ["3 handshake sustained_loss"])
    }

    @Test(arguments: [UInt64(1), 1_000_000])
    func `a burst of a second switches nothing, however often it comes again after a while`(size: UInt64) {
        var trial = Trial()
        for _ in 0..<50 {
            trial.pass(1, offered: 90_000) { _ in size }
            trial.pass(2, offered: 90_000) { _ in 0 }
        }
        #expect(trial.changes == [])
    }

    @Test func `a load that full capture cannot carry stays at handshakes, without flapping`() {
        var trial = Trial()
        trial.pass(3_600, offered: 120_000)
        #expect(trial.summary == ["2 handshake sustained_loss"])
    }

    @Test func `a load that varies a little below the losing rate stays at handshakes`() {
        var trial = Trial()
        for _ in 0..<100 {
            trial.pass(20, offered: 120_000)
            trial.pass(20, offered: 99_000)
        }
        #expect(trial.summary == ["2 handshake sustained_loss"])
    }

    @Test func `after half a minute without loss and with less to do everything is captured again`() {
        var trial = Trial()
        trial.pass(10, offered: 120_000)
        trial.pass(60, offered: 80_000)
        trial.pass(10, offered: 120_000)
        #expect(trial.summary == ["2 handshake sustained_loss", "32 full recovered", "72 handshake sustained_loss"])
    }

    @Test func `loss at handshakes too puts off the return`() {
        var trial = Trial()
        trial.pass(2, offered: 120_000)
        trial.pass(20, offered: 10) { _ in 1 }
        trial.pass(40, offered: 10)
        #expect(trial.summary == ["2 handshake sustained_loss", "52 full recovered"])
    }

    @Test func `a rate that the kernel tells late still counts as the one at which loss began`() {
        var trial = Trial()
        trial.pass(2, offered: 0) { _ in 500 }
        trial.pass(5, offered: 60_000) { _ in 0 }
        trial.pass(120, offered: 50_000) { _ in 0 }
        #expect(trial.summary == ["2 handshake sustained_loss"])
        trial.pass(1, offered: 48_000) { _ in 0 }
        #expect(trial.summary.last == "128 full recovered")
    }

    @Test func `without the kernel's rate nobody knows whether it would go well`() {
        var trial = Trial()
        trial.pass(2, offered: 120_000)
        trial.pass(300, offered: nil) { _ in 0 }
        #expect(trial.control.level == .handshake)
        trial.pass(1, offered: 10)
        #expect(trial.control.level == .full)
    }

    @Test func `loss from before the start is not ours`() {
        var control = LevelControl(dropped: 7)
        for second in 1...3 {
            #expect(
                control.observe(dropped: 7, offered: 1, at: Timestamp(seconds: Int64(second), nanoseconds: 0)) == nil)
        }
    }
}
