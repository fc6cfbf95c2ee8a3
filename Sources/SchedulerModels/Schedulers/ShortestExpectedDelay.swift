public import IPVSModel

/// Shortest expected delay: the server of the fewest active connections for its weight, the new one included.
///
/// - Source: `ip_vs_sed_schedule` and `ip_vs_sed_dest_overhead` in `net/netfilter/ipvs/ip_vs_sed.c`.
public enum ShortestExpectedDelay: CountingRule {
    public static let scheduler = Scheduler.shortestExpectedDelay

    public static func choice(
        among servers: [CountedCandidate], overhead: ConnectionOverhead
    ) -> CountedCandidate? {
        least(of: servers) { $0.active + 1 }
    }
}
