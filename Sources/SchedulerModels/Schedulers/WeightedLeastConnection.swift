public import IPVSModel

/// Weighted least connection: the server of the least overhead for its weight.
///
/// - Source: `ip_vs_wlc_schedule` in `net/netfilter/ipvs/ip_vs_wlc.c`.
public enum WeightedLeastConnection: CountingRule {
    public static let scheduler = Scheduler.weightedLeastConnection

    public static func choice(
        among servers: [CountedCandidate], overhead: ConnectionOverhead
    ) -> CountedCandidate? {
        least(of: servers) { overhead($0) }
    }
}
