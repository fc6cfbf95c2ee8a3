/// A model that tells beforehand whom its scheduler chooses, so that it can stand in for a kernel.
public protocol ChoosingModel: SchedulerModel {
    /// Whom the scheduler may choose next. Without a pending change.
    func choices(for attempt: Attempt) -> PossibleChoices
}

extension ChoosingModel {
    /// Chooses as a kernel does that finds nobody overloaded.
    ///
    /// - Returns: The number of the chosen server; `nil` if the scheduler chooses nobody, or if its choice rests on what
    ///   is not known.
    public mutating func choose(for attempt: Attempt) -> Int? {
        let choices = choices(for: attempt)
        guard !choices.isOpen, let server = choices.servers.first else { return nil }
        _ = observe(server, for: attempt)
        return server
    }
}
