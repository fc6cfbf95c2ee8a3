import AssignmentLog
import Glibc

/// Judges a log of `lab/tools/assignments` from standard input by the scheduler models.
@main struct Main {
    static func main() {
        var judge = LogJudge()
        while let line = readLine() { judge.take(line) }
        for (scheduler, tally) in judge.tallies.sorted(by: { $0.key < $1.key }) {
            print(
                "\(scheduler): \(tally.checked) checked, \(tally.permitted) of them by what cannot be seen, "
                    + "\(tally.skipped) skipped, \(tally.mismatches) mismatches")
        }
        for finding in judge.findings { print(finding) }
        for line in judge.unreadable.prefix(5) { print("line \(line) cannot be read") }
        print("\(judge.checked) choices, \(judge.mismatches) mismatches")
        if judge.mismatches > 0 || judge.checked == 0 || !judge.unreadable.isEmpty { exit(1) }
    }
}
