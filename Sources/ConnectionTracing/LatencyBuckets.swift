import IPVSModel

/// How many latencies fell into each of fixed buckets, of which only those with any are kept.
///
/// Up to 1.6 µs a bucket is 100 ns wide, above that every doubling is cut into 16: a quantile is off by no more than
/// 6.25 %. The bounds never change, so histograms of any times and places can be added.
package struct LatencyBuckets: Sendable, Hashable {
    /// Buckets of one doubling.
    private static let parts: UInt64 = 16
    /// The width of the first buckets.
    ///
    /// - Unit: nanoseconds.
    package static let tick: Int64 = 100
    /// Later than this, about 30 hours, is the same.
    private static let longest: UInt64 = 1 << 40
    /// How many buckets there are.
    package static let bucketCount = bucket(of: longest) + 1

    /// By bucket; none is 0.
    package private(set) var counts: [Int: UInt64] = [:]

    package init() {}

    package var isEmpty: Bool { counts.isEmpty }

    /// How many latencies there are.
    package var count: UInt64 { counts.values.reduce(0, +) }

    package mutating func record(nanoseconds: Int64) {
        counts[Self.bucket(of: UInt64(clamping: nanoseconds / Self.tick)), default: 0] += 1
    }

    package mutating func add(_ other: Self) {
        counts.merge(other.counts, uniquingKeysWith: +)
    }

    /// The latency that a part of all did not exceed; within its bucket they are taken to lie evenly.
    ///
    /// - Parameter part: From 0 to 1: 0.99 for p99.
    /// - Returns: Seconds; `nil` without latencies.
    package func quantile(_ part: Double) -> Double? {
        guard !isEmpty else { return nil }
        let rank = min(max(part, 0), 1) * Double(count)
        var below = 0.0
        var last = 0.0
        for (bucket, count) in counts.sorted(by: { $0.key < $1.key }) {
            let (lower, upper) = Self.bounds(of: bucket)
            if below + Double(count) >= rank { return lower + (upper - lower) * (rank - below) / Double(count) }
            below += Double(count)
            last = upper
        }
        return last
    }

    /// From the lower bound up to the upper one, which belongs to the next bucket.
    ///
    /// - Unit: seconds.
    package static func bounds(of bucket: Int) -> (lower: Double, upper: Double) {
        let seconds = { (bucket: Int) in Double(lowest(of: bucket)) * Double(tick) / 1e9 }
        return (seconds(bucket), seconds(bucket + 1))
    }

    private static func bucket(of ticks: UInt64) -> Int {
        let ticks = min(ticks, longest)
        guard ticks >= parts else { return Int(ticks) }
        let shift = UInt64(63 - ticks.leadingZeroBitCount) - 4
        return Int((shift + 1) * parts + ticks >> shift - parts)
    }

    /// - Unit: ticks.
    private static func lowest(of bucket: Int) -> UInt64 {
        let bucket = UInt64(bucket)
        return bucket < parts ? bucket : (parts + bucket % parts) << (bucket / parts - 1)
    }
}

extension LatencyBuckets {
    /// The buckets as a JSON object, which SQLite's `json_each` takes apart: `{"120":3,"121":5}`.
    package var json: String {
        "{" + counts.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",") + "}"
    }

    /// - Parameter json: As ``json`` writes it; `nil` if it is anything else.
    package init?(json: String) {
        guard json.hasPrefix("{"), json.hasSuffix("}") else { return nil }
        for member in json.dropFirst().dropLast().split(separator: ",") {
            let parts = member.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 2, parts[0].hasPrefix("\""), parts[0].hasSuffix("\""),
                let bucket = Int(parts[0].dropFirst().dropLast()), (0..<Self.bucketCount).contains(bucket),
                let count = UInt64(parts[1]), count > 0, counts[bucket] == nil
            else { return nil }
            counts[bucket] = count
        }
    }
}

/// The latencies of the connections to one real server that ended in one interval.
package struct RealServerLatencies: Sendable, Hashable {
    /// The SYN out, the SYN-ACK in, on the DIP side; with UDP the first datagrams.
    package var connect = LatencyBuckets()
    /// The first payload in, the first payload out, on the VIP side; on the DIP side if the other saw nothing.
    package var firstByte = LatencyBuckets()
    /// From the first packet to the last.
    package var duration = LatencyBuckets()

    package init() {}

    /// Takes in a connection that ended, once.
    package mutating func record(_ connection: borrowing ConnectionRecord) {
        let (vip, dip) = (connection.vip, connection.dip)
        if let syn = dip.$syn.nanoseconds, let synAck = dip.$synAck.nanoseconds, synAck >= syn {
            connect.record(nanoseconds: synAck - syn)
        }
        let side = vip.inPackets > 0 || vip.outPackets > 0 ? vip : dip
        if let request = side.$firstRequest.nanoseconds, let response = side.$firstResponse.nanoseconds,
            response >= request
        {
            firstByte.record(nanoseconds: response - request)
        }
        duration.record(nanoseconds: connection.lastSeen.rawValue - connection.firstSeen.rawValue)
    }

    package mutating func add(_ other: Self) {
        connect.add(other.connect)
        firstByte.add(other.firstByte)
        duration.add(other.duration)
    }
}
