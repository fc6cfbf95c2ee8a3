import IPVSModel
import Testing

@Suite struct QuantityTests {
    @Test(arguments: [-1_500_000_001, -1, 0, 1, 999_999_999, 1_000_000_000, 3_600_000_000_001] as [Int64])
    func `a moment moved by a duration lies that far from where it was`(nanoseconds: Int64) {
        let moment = Timestamp(seconds: 1_700_000_000, nanoseconds: 123_456_789)
        let moved = moment.advanced(by: .nanoseconds(nanoseconds))
        #expect(moved.rawValue == moment.rawValue + nanoseconds)
        #expect(moved.since(moment) == .nanoseconds(nanoseconds))
        #expect((moved < moment) == (nanoseconds < 0))
    }

    @Test func `seconds and nanoseconds make one number`() {
        let moment = Timestamp(seconds: 1, nanoseconds: 500_000_000)
        #expect(moment.rawValue == 1_500_000_000)
        #expect(moment.seconds == 1.5)
    }

    private static let earlier = TrafficCounters(
        connections: 1, inPackets: 20, outPackets: 300, inBytes: 4_000, outBytes: 50_000)

    @Test func `growth is taken counter by counter`() {
        let growth = TrafficCounters(connections: 5, inPackets: 4, outPackets: 3, inBytes: 2, outBytes: 1)
        #expect((Self.earlier + growth).growth(since: Self.earlier) == growth)
        #expect(Self.earlier.growth(since: Self.earlier) == TrafficCounters())
    }

    @Test(arguments: [
        TrafficCounters(connections: 1), TrafficCounters(inPackets: 1), TrafficCounters(outPackets: 1),
        TrafficCounters(inBytes: 1), TrafficCounters(outBytes: 1),
    ])
    func `a single counter that went backwards means a reset`(drop: TrafficCounters) throws {
        let later = try #require(Self.earlier.growth(since: drop))
        #expect(later.growth(since: Self.earlier) == nil)
    }
}
