public import IPVSModel

/// Weighted overflow: the heaviest server whose active connections do not exceed its weight. So each takes one more
/// than its weight before the next one's turn comes.
///
/// - Source: `ip_vs_ovf_schedule` in `net/netfilter/ipvs/ip_vs_ovf.c`.
public enum Overflow: CountingRule {
    public static let scheduler = Scheduler.overflow

    public static func choice(
        among servers: [CountedCandidate], overhead: ConnectionOverhead
    ) -> CountedCandidate? {
        var heaviest: CountedCandidate?
        for server in servers where server.active <= server.weight && server.weight > heaviest?.weight ?? 0 {
            heaviest = server
        }
        return heaviest
    }
}
