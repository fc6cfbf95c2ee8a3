public import IPVSModel

/// Least connection: the server of the least overhead, weights apart.
///
/// - Source: `ip_vs_lc_schedule` in `net/netfilter/ipvs/ip_vs_lc.c`.
public enum LeastConnection: CountingRule {
    public static let scheduler = Scheduler.leastConnection

    public static func choice(
        among servers: [CountedCandidate], overhead: ConnectionOverhead
    ) -> CountedCandidate? {
        servers.min { overhead($0) < overhead($1) }
    }
}
