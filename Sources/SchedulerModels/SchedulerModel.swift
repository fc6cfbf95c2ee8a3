public import IPVSModel

/// An exact model of one kernel scheduler.
///
/// A model is a value without clock or input: it carries the set of states that the kernel's scheduler may be in,
/// given everything observed so far. An assignment keeps the states that could have made it; if none could, the
/// assignment is a violation, and the model goes on as if the scheduler had just made that choice.
public protocol SchedulerModel: Sendable {
    /// The kernel's name for the scheduler.
    static var scheduler: Scheduler { get }

    /// How many assignments it takes until the scheduler is back where it began; 0 if it has no turns, so that every
    /// assignment can be judged alone.
    static func period(of service: ScheduledService) -> Int

    /// A scheduler that has been at work for an unknown time: every state is possible.
    init(attachedTo service: ScheduledService)

    /// A scheduler just bound to its service: the state is the kernel's initial one.
    init(startingWith service: ScheduledService)

    /// From now on the service may be the old one or `service`, or anything on the way from one to the other.
    ///
    /// A change still pending from before is taken as done.
    mutating func beginChange(to service: ScheduledService)

    /// From now on the service is the one that ``beginChange(to:)`` named. Without a pending change nothing happens.
    mutating func endChange()

    /// Takes in an assignment.
    ///
    /// - Parameters:
    ///   - server: The number of the real server that was chosen.
    ///   - attempt: What it was chosen for.
    /// - Returns: Whether the scheduler could have chosen it.
    mutating func observe(_ server: Int, for attempt: Attempt) -> Observation

    /// Takes in assignments one after the other, for as long as each is the only one that the rule allows.
    ///
    /// - Parameter servers: The numbers of the real servers that were chosen; -1 for a choice that stayed unseen.
    /// - Returns: How many, from the first on. Whatever comes next is to be observed.
    mutating func follow(_ servers: ArraySlice<Int>) -> Int

    /// Whether the scheduler may find nobody to choose. Without a pending change.
    func mayChooseNobody(for attempt: Attempt) -> Bool

    /// Takes in an attempt whose choice stayed unseen: the scheduler chose somebody, or was never asked.
    mutating func observeUnseen()

    /// From now on real servers may have been edited to what they were, so many times between two changes that can be
    /// seen: some schedulers begin anew then, and nothing tells.
    mutating func allowEdits(_ count: Int)
}

extension SchedulerModel {
    /// Where that would be no quicker, each is to be observed.
    public mutating func follow(_ servers: ArraySlice<Int>) -> Int { 0 }

    /// Most schedulers take no notice of such edits.
    public mutating func allowEdits(_ count: Int) {}
}

/// What a model says of one assignment.
public enum Observation: Sendable, Hashable {
    /// The scheduler's rule alone demands or allows this choice.
    case conforming

    /// The choice is right only if something happened that cannot be seen from outside.
    case permitted(Uncertainty)

    /// No state that was still possible leads to this choice.
    case violation(Violation)
}

/// What cannot be seen from outside, and excuses a choice.
public enum Uncertainty: Sendable, Hashable {
    /// A server with an upper threshold was passed over or not.
    case overload

    /// The configuration was changing.
    case configurationChange

    /// The choice rests on what the kernel does not tell: a weight from before the server was set to 0, the
    /// destination of a packet with a firewall mark, or chance.
    case hiddenInput
}

/// A choice that the scheduler could not have made.
public struct Violation: Sendable, Hashable {
    /// The numbers of the real servers it could have chosen, in the order it would have tried them; empty if none.
    public var expected: [Int]

    /// No fewer assignments than these, unseen since the last violation, make the choice right; `nil` if no number
    /// would, because the server could not be chosen at all.
    public var unseenToExplain: Int?

    /// - Parameters:
    ///   - expected: The numbers of the real servers that could have been chosen.
    ///   - unseenToExplain: How many unseen assignments would explain the choice.
    public init(expected: [Int], unseenToExplain: Int?) {
        self.expected = expected
        self.unseenToExplain = unseenToExplain
    }
}
