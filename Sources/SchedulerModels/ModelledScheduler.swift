public import IPVSModel

/// The schedulers that have a model: one case, and one file in `Schedulers`, each.
public enum ModelledScheduler: String, CaseIterable, Sendable {
    /// Round robin.
    case roundRobin = "rr"
    /// Weighted round robin.
    case weightedRoundRobin = "wrr"
    /// Weighted failover.
    case failover = "fo"
    /// Source hashing.
    case sourceHashing = "sh"
    /// Destination hashing.
    case destinationHashing = "dh"
    /// Maglev hashing.
    case maglevHashing = "mh"
    /// Least connection.
    case leastConnection = "lc"
    /// Weighted least connection.
    case weightedLeastConnection = "wlc"
    /// Shortest expected delay.
    case shortestExpectedDelay = "sed"
    /// Never queue.
    case neverQueue = "nq"
    /// Weighted overflow.
    case overflow = "ovf"
    /// Locality-based least connection.
    case localityBasedLeastConnection = "lblc"
    /// Locality-based least connection with replication.
    case replicatedLocalityBasedLeastConnection = "lblcr"
    /// Weighted random twos.
    case twoRandomChoices = "twos"

    /// - Parameter scheduler: A virtual service's scheduler.
    /// - Returns: `nil` if there is no model of `scheduler`.
    public init?(_ scheduler: Scheduler) {
        self.init(rawValue: scheduler.rawValue)
    }

    /// The model's type, from which one is made for each virtual service.
    public var model: any SchedulerModel.Type {
        switch self {
        case .roundRobin: RoundRobin.self
        case .weightedRoundRobin: WeightedRoundRobin.self
        case .failover: Failover.self
        case .sourceHashing: SourceHashing.self
        case .destinationHashing: DestinationHashing.self
        case .maglevHashing: MaglevHashing.self
        case .leastConnection: CountingModel<LeastConnection>.self
        case .weightedLeastConnection: CountingModel<WeightedLeastConnection>.self
        case .shortestExpectedDelay: CountingModel<ShortestExpectedDelay>.self
        case .neverQueue: CountingModel<NeverQueue>.self
        case .overflow: CountingModel<Overflow>.self
        case .localityBasedLeastConnection: MemoryModel<LocalityBasedLeastConnection>.self
        case .replicatedLocalityBasedLeastConnection: MemoryModel<ReplicatedLocalityBasedLeastConnection>.self
        case .twoRandomChoices: TwoRandomChoices.self
        }
    }
}
