import ConnectionTracing
import Testing

struct LatencyBucketsTests {
    private func buckets(_ nanoseconds: [Int64]) -> LatencyBuckets {
        nanoseconds.reduce(into: LatencyBuckets()) { $0.record(nanoseconds: $1) }
    }

    @Test func `every latency lies within the bounds of its bucket, and buckets join without gap`() {
        var values: [Int64] = Array(stride(from: 0, to: 20_000, by: 37))
        for power in 1..<47 {
            values += [1 << power - 1, 1 << power, 1 << power + 1].map { $0 * LatencyBuckets.tick / 128 }
        }
        for value in values {
            let bucket = buckets([value]).counts.keys.first ?? -1
            let (lower, upper) = LatencyBuckets.bounds(of: bucket)
            let seconds = Double(value / LatencyBuckets.tick * LatencyBuckets.tick) / 1e9
            #expect(lower <= seconds * 1.000_000_1 && seconds < upper, "\(value) ns in bucket \(bucket)")
            #expect(upper - lower <= max(lower / 16, 1e-7) * 1.000_000_1)
            #expect(LatencyBuckets.bounds(of: bucket + 1).lower == upper)
        }
    }

    @Test func `a quantile is within a sixteenth of the true one`() throws {
        let values = (1...10_000).map { Int64($0) * 12_345 }
        let histogram = buckets(values)
        for part in [0.01, 0.5, 0.9, 0.99, 1] {
            let exact = Double(values[Int(part * 10_000) - 1]) / 1e9
            let found = try #require(histogram.quantile(part))
            #expect(abs(found - exact) <= exact / 16)
        }
        #expect(LatencyBuckets().quantile(0.5) == nil)
    }

    @Test func `histograms added are those of all values, and text gives them back`() {
        var sum = buckets([5, 1_000, 70_000])
        sum.add(buckets([70_000, 3_000_000_000]))
        #expect(sum == buckets([5, 1_000, 70_000, 70_000, 3_000_000_000]))
        #expect(sum.count == 5)
        #expect(LatencyBuckets(json: sum.json) == sum)
        #expect(buckets([1_050, 1_050]).json == #"{"10":2}"#)
    }

    @Test(arguments: ["", "{", #"{"1":0}"#, #"{"1":-1}"#, #"{"9999":1}"#, #"{"1":1,"1":2}"#, #"{1:1}"#, "[1,2]"])
    func `other text is no histogram`(text: String) {
        #expect(LatencyBuckets(json: text) == nil)
    }
}
