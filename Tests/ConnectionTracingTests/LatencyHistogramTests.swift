import ConnectionTracing
import Testing

struct LatencyHistogramTests {
    @Test func `a value falls into the first bucket whose bound it does not exceed`() {
        var histogram = LatencyHistogram()
        for bound in LatencyHistogram.boundsInNanoseconds {
            histogram.record(nanoseconds: bound)
            histogram.record(nanoseconds: bound + 1)
        }
        histogram.record(nanoseconds: 0)
        let buckets = LatencyHistogram.boundsInNanoseconds.count + 1
        #expect(histogram.buckets == [2] + Array(repeating: 2, count: buckets - 2) + [1])
        #expect(histogram.count == UInt64(2 * buckets - 1))
        #expect(histogram.sumInNanoseconds == LatencyHistogram.boundsInNanoseconds.reduce(0) { $0 + 2 * $1 + 1 })
    }

    @Test func `the bounds double from 50 µs to 26 s`() {
        let bounds = LatencyHistogram.boundsInNanoseconds
        #expect(bounds.first == 50_000)
        #expect(bounds.last == 26_214_400_000)
        #expect(zip(bounds, bounds.dropFirst()).allSatisfy { $1 == 2 * $0 })
    }
}
