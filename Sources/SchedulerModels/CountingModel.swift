public import IPVSModel

/// The model of a scheduler that follows a ``CountingRule``: who has how many entries comes with each attempt.
///
/// Its state is how the kernel weighs connections, which depends on its version: either way until a choice rules one out.
public struct CountingModel<Rule: CountingRule>: ChoosingModel {
    public static var scheduler: Scheduler { Rule.scheduler }

    private var service: ScheduledService
    private var pending: ScheduledService?
    private var overheads = ConnectionOverhead.allCases

    public static func period(of service: ScheduledService) -> Int { 0 }

    public init(attachedTo service: ScheduledService) { self.service = service }

    public init(startingWith service: ScheduledService) { self.init(attachedTo: service) }

    public mutating func beginChange(to service: ScheduledService) {
        endChange()
        pending = service
    }

    public mutating func endChange() {
        if let pending { service = pending }
        pending = nil
    }

    public mutating func observe(_ server: Int, for attempt: Attempt) -> Observation {
        guard let entries = attempt.entries else { return .permitted(.hiddenInput) }
        let lists = [service.candidates] + [pending?.candidates].compactMap(\.self)
        // What lies between two lists nobody saw.
        if let pending, pending.candidates.changes(from: service.candidates) == .several {
            let anybody = PossibleChoices(anyOf: service.candidates + pending.candidates)
            return anybody.servers.contains(server)
                ? .permitted(.configurationChange) : violation(expected: anybody.servers)
        }
        var agreeing: [ConnectionOverhead] = []
        var expected: [Int] = []
        var observation = Observation.conforming
        for overhead in overheads {
            let found = lists.map { choices(among: $0, entries, overhead) }
            for server in found.flatMap(\.servers) where !expected.contains(server) { expected.append(server) }
            guard found.contains(where: { $0.servers.contains(server) }) else { continue }
            agreeing.append(overhead)
            let isDecided = found.allSatisfy { $0.servers == [server] }
            if isDecided { continue }
            observation =
                pending != nil
                ? .permitted(.configurationChange) : found[0].isOpen ? .permitted(.hiddenInput) : .permitted(.overload)
        }
        guard !agreeing.isEmpty else { return violation(expected: expected) }
        overheads = agreeing
        return observation
    }

    /// A single connection that nobody saw may explain it, and others that follow.
    private func violation(expected: [Int]) -> Observation {
        .violation(Violation(expected: expected, unseenToExplain: 1))
    }

    /// As the first kernel does that is still possible.
    public func choices(for attempt: Attempt) -> PossibleChoices {
        guard let entries = attempt.entries, let overhead = overheads.first else {
            return PossibleChoices(anyOf: service.candidates)
        }
        return choices(among: service.candidates, entries, overhead)
    }

    private func choices(
        among list: [SchedulingCandidate], _ entries: [EntryBounds], _ overhead: ConnectionOverhead
    ) -> PossibleChoices {
        Rule.choices(
            among: list.map { entries[$0.server].fewest($0) }, atMost: list.map { entries[$0.server].most($0) },
            overhead: overhead)
    }

    public func mayChooseNobody(for attempt: Attempt) -> Bool {
        guard let entries = attempt.entries else { return true }
        return overheads.contains { choices(among: service.candidates, entries, $0).mayBeNobody }
    }

    /// The counts that come with the next attempt allow for it.
    public mutating func observeUnseen() {}
}
