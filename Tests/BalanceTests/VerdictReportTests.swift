import Balance
import FoundationEssentials
import IPVSModel
import Testing

@Suite struct VerdictReportTests {
    private func text(_ report: VerdictReport) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(report), as: UTF8.self)
    }

    @Test func `a report comes back from its JSON unchanged`() throws {
        for evidence in [
            Synthetic.complete(Synthetic.roundRobin(100)), Synthetic.complete([3, 3, 1, 2, 0, 3, 1, 2, 2]),
            Synthetic.evidence(kernel: nil, captured: []),
        ] {
            let report = Judge.verdict(on: evidence)
            #expect(try JSONDecoder().decode(VerdictReport.self, from: JSONEncoder().encode(report)) == report)
        }
    }

    @Test func `what is not known is null, and its key is there`() throws {
        var evidence = Synthetic.evidence(kernel: nil, captured: [])
        evidence.run.ended = nil
        let json = try text(Judge.verdict(on: evidence))
        for key in ["ended", "jain", "chi_square", "p_upper", "kernel_conns", "difference", "share", "p99"] {
            #expect(json.contains("\"\(key)\":null"), "\(key)")
        }
    }

    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000000000Z"), (1_772_366_400_000_000_001, "2026-03-01T12:00:00.000000001Z"),
            (951_782_400_500_000_000, "2000-02-29T00:00:00.500000000Z"), (-1, "1969-12-31T23:59:59.999999999Z"),
        ] as [(Int64, String)])
    func `a time is ISO 8601 in UTC, and comes back`(nanoseconds: Int64, text: String) {
        let time = UTCTime(Timestamp(rawValue: nanoseconds))
        #expect(time.description == text)
        #expect(UTCTime(text) == time)
    }

    @Test(arguments: ["", "2026-03-01", "2026-03-01T12:00:00Z", "2026-13-01T12:00:00.0Z", "2026-03-01T12:00:00.5", "x"])
    func `what is no time is refused`(text: String) {
        #expect(UTCTime(text) == nil)
    }

    @Test func `every day since 1970 comes back`() {
        for day in stride(from: Int64(0), to: 60_000, by: 1) {
            let time = UTCTime(Timestamp(seconds: day * 86_400 + 1, nanoseconds: 5))
            #expect(UTCTime(time.description) == time)
        }
    }
}
