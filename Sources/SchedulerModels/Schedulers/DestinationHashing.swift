public import IPVSModel

/// Destination hashing: by the address that the packet was sent to, which behind a virtual address is always the same.
///
/// The list is repeated over 256 buckets, weights apart. If the bucket's server has no weight or is overloaded, nobody
/// is chosen.
public typealias DestinationHashing = RuleModel<DestinationHashingRule>

/// - Source: `ip_vs_dh_reassign` and `ip_vs_dh_schedule` in `net/netfilter/ipvs/ip_vs_dh.c`, with the usual
///   `CONFIG_IP_VS_DH_TAB_BITS` of 8.
public struct DestinationHashingRule: ChoiceRule {
    public static let scheduler = Scheduler.destinationHashing

    private let candidates: [SchedulingCandidate]

    public init(for service: ScheduledService, after former: Self?) { candidates = service.candidates }

    public func choices(for attempt: Attempt) -> PossibleChoices {
        guard let destination = attempt.destination else { return PossibleChoices(anyOf: candidates) }
        guard !candidates.isEmpty else { return PossibleChoices(trying: []) }
        let bucket = goldenHash(destination.folded, bits: 8)
        return PossibleChoices(trying: CollectionOfOne(candidates[bucket % candidates.count]))
    }
}
