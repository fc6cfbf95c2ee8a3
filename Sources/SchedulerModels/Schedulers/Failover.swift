public import IPVSModel

/// Weighted failover: everything to the heaviest server that is not overloaded, the first of equals.
public typealias Failover = RuleModel<FailoverRule>

/// - Source: `ip_vs_fo_schedule` in `net/netfilter/ipvs/ip_vs_fo.c`.
public struct FailoverRule: ChoiceRule {
    public static let scheduler = Scheduler.failover

    private let choices: PossibleChoices

    public init(for service: ScheduledService, after former: Self?) {
        choices = PossibleChoices(
            trying: service.candidates.enumerated().sorted {
                ($1.element.weight, $0.offset) < ($0.element.weight, $1.offset)
            }.map(\.element))
    }

    public func choices(for attempt: Attempt) -> PossibleChoices { choices }
}
