public import IPVSModel

/// Source hashing: by the client's address, and its port with the flag `sh-port`.
///
/// The list is repeated over 256 buckets, each server taking as many in a row as its weight, and at least one. If the
/// bucket's server has no weight or is overloaded nobody is chosen; with the flag `sh-fallback` the buckets from another
/// place on are tried.
public typealias SourceHashing = RuleModel<SourceHashingRule>

/// - Source: `ip_vs_sh_reassign`, `ip_vs_sh_hashkey` and `ip_vs_sh_get_fallback` in `net/netfilter/ipvs/ip_vs_sh.c`,
///   with the usual `CONFIG_IP_VS_SH_TAB_BITS` of 8.
public struct SourceHashingRule: ChoiceRule {
    public static let scheduler = Scheduler.sourceHashing
    private static let size = 256

    private let flags: VirtualService.Flags
    private let buckets: [SchedulingCandidate]

    public init(for service: ScheduledService, after former: Self?) {
        flags = service.flags
        var buckets: [SchedulingCandidate] = []
        while buckets.count < Self.size, !service.candidates.isEmpty {
            for candidate in service.candidates {
                let count = min(max(Int(candidate.weight), 1), Self.size - buckets.count)
                buckets.append(contentsOf: repeatElement(candidate, count: count))
            }
        }
        self.buckets = buckets
    }

    public func choices(for attempt: Attempt) -> PossibleChoices {
        guard !buckets.isEmpty else { return PossibleChoices(trying: []) }
        let port = flags.contains(.schedulerFlag2) ? UInt32(attempt.client.port) : 0
        let hash = goldenHash(port &+ attempt.client.address.folded, bits: 8)
        let first = CollectionOfOne(buckets[hash])
        guard flags.contains(.schedulerFlag1) else { return PossibleChoices(trying: first) }
        // The kernel adds the hash to an offset that begins at the hash.
        let others = (0..<Self.size).lazy.map { buckets[($0 + 2 * hash) % Self.size] }
        return PossibleChoices(trying: [first.first!] + others)
    }
}
