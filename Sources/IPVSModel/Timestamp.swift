/// A moment in wall-clock time, as packets and the kernel report it.
///
/// - Unit: nanoseconds since 1970-01-01T00:00:00Z.
public struct Timestamp: RawRepresentable, Hashable, Sendable, Comparable, BitwiseCopyable {
    /// Nanoseconds since the epoch.
    public let rawValue: Int64

    public init(rawValue: Int64) { self.rawValue = rawValue }

    /// - Parameters:
    ///   - seconds: Whole seconds since the epoch.
    ///   - nanoseconds: Nanoseconds within that second.
    @inlinable
    public init(seconds: Int64, nanoseconds: Int64) {
        rawValue = seconds &* 1_000_000_000 &+ nanoseconds
    }

    public static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }

    /// Seconds since the epoch, for people and for floating-point formats.
    public var seconds: Double { Double(rawValue) / 1e9 }

    /// The time from `earlier` to this moment; negative if `earlier` is later.
    public func since(_ earlier: Self) -> Duration { .nanoseconds(rawValue - earlier.rawValue) }

    /// This moment moved by `duration`.
    public func advanced(by duration: Duration) -> Self {
        let parts = duration.components
        return Self(rawValue: rawValue + parts.seconds * 1_000_000_000 + parts.attoseconds / 1_000_000_000)
    }
}

extension Timestamp: Codable {
    public init(from decoder: any Decoder) throws {
        rawValue = try decoder.singleValueContainer().decode(Int64.self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
}
