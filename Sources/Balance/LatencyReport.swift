/// How long something took, over all connections where it was seen: exact order statistics by nearest rank.
///
/// - Unit: seconds.
package struct LatencyDistribution: Sendable, Hashable, Codable {
    package var count: Int
    @OrNull package var p50: Double?
    @OrNull package var p90: Double?
    @OrNull package var p99: Double?
    @OrNull package var max: Double?

    package init(nanoseconds: [Int64]) {
        let sorted = nanoseconds.sorted()
        let rank = { (percent: Int) -> Double? in
            guard !sorted.isEmpty else { return nil }
            let rank = (sorted.count * percent + 99) / 100
            return Double(sorted[Swift.max(rank, 1) - 1]) / 1e9
        }
        count = sorted.count
        p50 = rank(50)
        p90 = rank(90)
        p99 = rank(99)
        max = rank(100)
    }
}

/// A service's times.
package struct LatencyReport: Sendable, Hashable, Codable {
    /// Translated SYN out to SYN-ACK in, on the DIP side.
    package var realServerConnect: LatencyDistribution

    enum CodingKeys: String, CodingKey {
        case realServerConnect = "real_server_connect"
    }

    package init(realServerConnect: LatencyDistribution) { self.realServerConnect = realServerConnect }
}
