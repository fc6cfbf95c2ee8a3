/// A time between two packets of a connection, as the director saw them.
///
/// The raw values are keys of the JSON and stable; those of view `connections` are the same.
package enum LatencyMeasure: String, Sendable, Hashable, CaseIterable, Codable {
    /// The SYN: in on the VIP side, out on the DIP side.
    case forwardingDelayIn = "forwarding_delay_in"
    /// On the DIP side: SYN out, SYN-ACK in.
    case realServerConnect = "real_server_connect"
    /// On the VIP side: SYN-ACK out, ACK in.
    case clientHandshake = "client_handshake"
    /// On the VIP side: SYN in, ACK in; all of the above, and the SYN-ACK's way through the director.
    case handshake
    /// First payload in, first payload out.
    case timeToFirstByte = "time_to_first_byte"
    /// First packet to last, of connections that ended in order, by a reset, or by their timer.
    case duration
}

/// How many times fell into each band of latency, step by step.
package struct LatencyHeat: Sendable, Hashable {
    /// The upper bounds of the bands, in nanoseconds: 1, 2 and 5 of each power of ten, from 1 µs to 100 s. One more band
    /// holds what is longer.
    package static let bounds: [Int64] = {
        var bounds: [Int64] = []
        var decade: Int64 = 1_000
        while decade < 100_000_000_000 {
            bounds += [decade, 2 * decade, 5 * decade]
            decade *= 10
        }
        return bounds + [decade]
    }()

    /// By band, then by step of the time axis.
    package private(set) var counts: [[Int]]

    init(steps: Int) {
        counts = Array(repeating: Array(repeating: 0, count: steps), count: Self.bounds.count + 1)
    }

    mutating func add(_ nanoseconds: Int64, at step: Int) {
        let band = Self.bounds.firstIndex { nanoseconds <= $0 } ?? Self.bounds.count
        counts[band][step] += 1
    }

    mutating func add(_ count: Int, band: Int, step: Int) { counts[band][step] += count }

    /// The bands from the lowest to the highest that hold anything; `nil` if none does.
    package var used: ClosedRange<Int>? {
        guard let first = counts.firstIndex(where: { $0.contains { $0 > 0 } }),
            let last = counts.lastIndex(where: { $0.contains { $0 > 0 } })
        else { return nil }
        return first...last
    }
}
