import AssignmentLog
import Foundation
import Testing

/// What a kernel 6.1 chose in the lab (`lab/tools/assignments`), judged again without one.
@Suite struct RecordedLogTests {
    static let schedulers = ["rr", "wrr", "fo", "sh", "dh", "mh", "lc", "wlc", "sed", "nq", "ovf", "lblc", "lblcr"]

    private static func lines(_ scheduler: String) throws -> [String] {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Recordings/\(scheduler).log")
        return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map(String.init)
    }

    @Test(arguments: schedulers)
    func `every choice of the kernel is one of the model's`(scheduler: String) throws {
        var judge = LogJudge()
        for line in try Self.lines(scheduler) { judge.take(line) }
        #expect(judge.mismatches == 0, "\(judge.findings)")
        #expect(judge.unreadable == [])
        #expect(judge.checked >= 100)
        #expect(Array(judge.tallies.keys) == [scheduler])
        #expect(judge.tallies[scheduler]!.permitted < judge.checked / 2)
    }

    /// A choice moved to another server of the list is noticed, unless what cannot be seen may have led there.
    @Test(arguments: schedulers)
    func `a choice that was tampered with is found`(scheduler: String) throws {
        let lines = try Self.lines(scheduler)
        let candidates = lines.indices.filter { lines[$0].hasPrefix("conn ") && !lines[$0].hasSuffix(" -") }
        var tampered = 0
        var found = 0
        for index in candidates where index % 11 == 0 {
            let list = lines[..<index].last { $0.hasPrefix("list ") }!.split(separator: " ").dropFirst()
            var words = lines[index].split(separator: " ")
            let others = list.map { $0.prefix { $0 != "=" } }.filter { $0 != words[2] }
            guard let other = others.first else { continue }
            words[2] = other
            var judge = LogJudge()
            for (number, line) in lines.enumerated() {
                judge.take(number == index ? words.joined(separator: " ") : line)
            }
            tampered += 1
            if judge.mismatches > 0 { found += 1 }
        }
        #expect(tampered >= 5)
        #expect(found * 10 >= tampered * 6, "\(found) of \(tampered)")
    }

    @Test func `what is no line of a log is told`() {
        var judge = LogJudge()
        for line in ["# a comment", "", "conn nowhere", "list 10.10.10.10:80=1", "scheduler rr"] { judge.take(line) }
        #expect(judge.unreadable == [3, 4, 5])
        #expect(judge.checked == 0)
        #expect(judge.findings == [])
    }
}
