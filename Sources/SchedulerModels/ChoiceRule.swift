public import IPVSModel

/// A scheduler without turns: whom it chooses follows from the service and the packet alone.
public protocol ChoiceRule: Sendable {
    /// The kernel's name for the scheduler.
    static var scheduler: Scheduler { get }

    /// - Parameters:
    ///   - service: The virtual service.
    ///   - former: The rule for what the service was before; `nil` if that is not known.
    init(for service: ScheduledService, after former: Self?)

    /// Whom the scheduler may choose for a packet.
    func choices(for attempt: Attempt) -> PossibleChoices
}

/// The servers that a scheduler may choose.
public struct PossibleChoices: Sendable, Hashable {
    /// Their numbers, in the order in which they are tried: all but the last may be overloaded.
    public var servers: [Int]

    /// Whether any of them may be chosen, because the choice rests on what the kernel does not tell.
    public var isOpen: Bool

    /// Whether the scheduler may choose nobody.
    public var mayBeNobody: Bool

    init(servers: [Int], isOpen: Bool = false, mayBeNobody: Bool = false) {
        self.servers = servers
        self.isOpen = isOpen
        self.mayBeNobody = mayBeNobody
    }

    /// Those of `tried` that the choice may fall on: perhaps eligible ones up to the first that surely is.
    init(trying tried: some Sequence<SchedulingCandidate>) {
        self.init(servers: [])
        for candidate in tried where candidate.eligibility != .never {
            if !servers.contains(candidate.server) { servers.append(candidate.server) }
            if candidate.eligibility == .surely { return }
        }
        mayBeNobody = true
    }

    /// Anybody who has a weight.
    init(anyOf candidates: [SchedulingCandidate]) {
        self.init(
            servers: candidates.filter { $0.eligibility != .never }.map(\.server), isOpen: true, mayBeNobody: true)
    }
}

extension PossibleChoices {
    /// What is to be said of a choice that ought to be one of these.
    public func observation(of server: Int?) -> Observation {
        guard let server else {
            return mayBeNobody ? .conforming : .violation(Violation(expected: servers, unseenToExplain: nil))
        }
        guard let tried = servers.firstIndex(of: server) else {
            return .violation(Violation(expected: servers, unseenToExplain: nil))
        }
        return isOpen ? .permitted(.hiddenInput) : tried > 0 ? .permitted(.overload) : .conforming
    }
}

/// The model of a scheduler that follows a ``ChoiceRule``.
///
/// It has no state. While a change is pending the old rule holds or the new one; the kernel fills its tables in place,
/// so that each of their places is the old or the new one too.
public struct RuleModel<Rule: ChoiceRule>: ChoosingModel {
    public static var scheduler: Scheduler { Rule.scheduler }

    private var service: ScheduledService
    private var rule: Rule

    private struct Change {
        var service: ScheduledService
        var rule: Rule
        /// Whether there are lists in between, which nobody saw.
        var isLoose: Bool
    }

    private var pending: Change?

    public static func period(of service: ScheduledService) -> Int { 0 }

    public init(attachedTo service: ScheduledService) {
        self.service = service
        rule = Rule(for: service, after: nil)
    }

    public init(startingWith service: ScheduledService) { self.init(attachedTo: service) }

    public mutating func beginChange(to service: ScheduledService) {
        endChange()
        pending = Change(
            service: service, rule: Rule(for: service, after: rule),
            isLoose: service.candidates.changes(from: self.service.candidates) == .several)
    }

    public mutating func endChange() {
        guard let pending else { return }
        service = pending.service
        rule = pending.rule
        self.pending = nil
    }

    public mutating func observe(_ server: Int, for attempt: Attempt) -> Observation {
        let choices = rule.choices(for: attempt)
        guard let pending else { return choices.observation(of: server) }
        let new = pending.rule.choices(for: attempt)
        if server == choices.servers.first, server == new.servers.first, !choices.isOpen, !new.isOpen {
            return .conforming
        }
        let allowed =
            pending.isLoose
            ? PossibleChoices(anyOf: service.candidates + pending.service.candidates).servers
            : choices.servers + new.servers
        guard allowed.contains(server) else {
            var expected: [Int] = []
            for server in allowed where !expected.contains(server) { expected.append(server) }
            return .violation(Violation(expected: expected, unseenToExplain: nil))
        }
        return .permitted(.configurationChange)
    }

    public func choices(for attempt: Attempt) -> PossibleChoices { rule.choices(for: attempt) }

    public func mayChooseNobody(for attempt: Attempt) -> Bool { rule.choices(for: attempt).mayBeNobody }

    /// Nothing follows from a choice, seen or unseen.
    public mutating func observeUnseen() {}
}
