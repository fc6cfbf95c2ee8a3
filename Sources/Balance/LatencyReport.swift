/// How long something took, over all connections where it was seen: exact order statistics by nearest rank.
///
/// - Unit: seconds.
package struct LatencyDistribution: Sendable, Hashable, Codable {
    package var count: Int
    @OrNull package var p50: Double?
    @OrNull package var p90: Double?
    @OrNull package var p95: Double?
    @OrNull package var p99: Double?
    @OrNull package var max: Double?

    package init(nanoseconds: [Int64]) {
        var values = nanoseconds
        count = values.count
        guard count > 0 else { return }
        // From the lowest rank up, so that what is below it need not be looked at again.
        var sorted = 0
        let ranks = [50, 90, 95, 99, 100].map { percent in
            let place = Swift.max((values.count * percent + 99) / 100, 1) - 1
            values.select(place, from: sorted)
            sorted = place
            return Double(values[place]) / 1e9
        }
        (p50, p90, p95, p99, max) = (ranks[0], ranks[1], ranks[2], ranks[3], ranks[4])
    }
}

extension [Int64] {
    /// Moves elements so that the one at `place` is where sorting would put it, none before it is greater, and none
    /// after it less: Hoare's selection.
    ///
    /// - Parameter start: Elements before this one stay: none of them is greater than any of the others.
    mutating func select(_ place: Int, from start: Int) {
        var (low, high) = (start, count - 1)
        while low < high {
            let pivot = self[low + (high - low) / 2]
            var (left, right) = (low, high)
            while left <= right {
                while self[left] < pivot { left += 1 }
                while self[right] > pivot { right -= 1 }
                if left <= right {
                    swapAt(left, right)
                    left += 1
                    right -= 1
                }
            }
            if place <= right { high = right } else if place >= left { low = left } else { return }
        }
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
