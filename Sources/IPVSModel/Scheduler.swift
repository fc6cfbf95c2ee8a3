/// A virtual service's scheduler, by its kernel name (`rr`, `wrr`, `wlc` …).
///
/// A struct rather than an enum: the kernel may load a scheduler nobody here has heard of.
public struct Scheduler: RawRepresentable, Hashable, Sendable, Codable, CustomStringConvertible {
    /// The name as `ipvsadm -s` takes it.
    public let rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }

    public var description: String { rawValue }

    public static let roundRobin = Self(rawValue: "rr")
    public static let weightedRoundRobin = Self(rawValue: "wrr")
    public static let failover = Self(rawValue: "fo")
    public static let sourceHashing = Self(rawValue: "sh")
    public static let destinationHashing = Self(rawValue: "dh")
    public static let maglevHashing = Self(rawValue: "mh")
    public static let leastConnection = Self(rawValue: "lc")
    public static let weightedLeastConnection = Self(rawValue: "wlc")
    public static let shortestExpectedDelay = Self(rawValue: "sed")
    public static let neverQueue = Self(rawValue: "nq")
    public static let localityBasedLeastConnection = Self(rawValue: "lblc")
    public static let replicatedLocalityBasedLeastConnection = Self(rawValue: "lblcr")
    public static let twoRandomChoices = Self(rawValue: "twos")
    public static let overflow = Self(rawValue: "ovf")

    /// Whether its choices follow from how many entries each real server has.
    package var asksForEntries: Bool { Self.asking.contains(self) }

    private static let asking: Set<Self> = [
        .leastConnection, .weightedLeastConnection, .shortestExpectedDelay, .neverQueue, .overflow,
        .localityBasedLeastConnection, .replicatedLocalityBasedLeastConnection,
    ]
}
