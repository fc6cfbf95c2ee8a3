public import IPVSModel

/// Never queue: the first server without an active connection, whatever its weight; if there is none, the shortest
/// expected delay.
///
/// - Source: `ip_vs_nq_schedule` in `net/netfilter/ipvs/ip_vs_nq.c`.
public enum NeverQueue: CountingRule {
    public static let scheduler = Scheduler.neverQueue

    public static func choice(
        among servers: [CountedCandidate], overhead: ConnectionOverhead
    ) -> CountedCandidate? {
        servers.first { $0.active == 0 } ?? ShortestExpectedDelay.choice(among: servers, overhead: overhead)
    }
}
