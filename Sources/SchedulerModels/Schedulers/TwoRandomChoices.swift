public import IPVSModel

/// Weighted random twos: the less loaded of two servers drawn by their weights. Anybody with a weight may be chosen.
public typealias TwoRandomChoices = RuleModel<TwoRandomChoicesRule>

/// - Source: `ip_vs_twos_schedule` in `net/netfilter/ipvs/ip_vs_twos.c`.
public struct TwoRandomChoicesRule: ChoiceRule {
    public static let scheduler = Scheduler.twoRandomChoices

    private let choices: PossibleChoices

    public init(for service: ScheduledService, after former: Self?) {
        choices = PossibleChoices(anyOf: service.candidates)
    }

    public func choices(for attempt: Attempt) -> PossibleChoices { choices }
}
