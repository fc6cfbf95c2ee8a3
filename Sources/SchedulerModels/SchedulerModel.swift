public import IPVSModel

/// An exact model of one kernel scheduler.
///
/// A model is a value without clock or input: it carries the set of states that the kernel's scheduler may be in,
/// given everything observed so far. An assignment keeps the states that could have made it; if none could, the
/// assignment is a violation, and the model goes on as if the scheduler had just made that choice.
public protocol SchedulerModel: Sendable {
    /// The kernel's name for the scheduler.
    static var scheduler: Scheduler { get }

    /// A scheduler that has been at work for an unknown time: every state is possible.
    ///
    /// - Parameter candidates: The real servers in the kernel's list order, which is netlink's dump order.
    init(attachedTo candidates: [SchedulingCandidate])

    /// A scheduler just bound to its service: the state is the kernel's initial one.
    ///
    /// - Parameter candidates: The real servers in the kernel's list order.
    init(startingWith candidates: [SchedulingCandidate])

    /// From now on the list may be the old one or `candidates`, or anything on the way from one to the other.
    ///
    /// A change still pending from before is taken as done.
    ///
    /// - Parameter candidates: The new list, in the kernel's order.
    mutating func beginChange(to candidates: [SchedulingCandidate])

    /// From now on the list is the one that ``beginChange(to:)`` named. Without a pending change nothing happens.
    mutating func endChange()

    /// Takes in an assignment.
    ///
    /// - Parameter server: The number of the real server that was chosen.
    /// - Returns: Whether the scheduler could have chosen it.
    mutating func observe(_ server: Int) -> Observation

    /// Takes in an attempt whose choice stayed unseen: the scheduler chose somebody, or was never asked.
    mutating func observeUnseen()
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
}

/// A choice that the scheduler could not have made.
public struct Violation: Sendable, Hashable {
    /// The numbers of the real servers it could have chosen, in the order it would have tried them; empty if none.
    public var expected: [Int]

    /// The smallest number of assignments which, had they happened unseen just before, would make the choice right;
    /// `nil` if no number would, because the server could not be chosen at all.
    public var unseenToExplain: Int?

    /// - Parameters:
    ///   - expected: The numbers of the real servers that could have been chosen.
    ///   - unseenToExplain: How many unseen assignments would explain the choice.
    public init(expected: [Int], unseenToExplain: Int?) {
        self.expected = expected
        self.unseenToExplain = unseenToExplain
    }
}
