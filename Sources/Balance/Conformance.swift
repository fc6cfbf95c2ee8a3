import IPVSModel
import SchedulerModels

/// A service's assignments held against the model of its scheduler.
struct Conformance {
    /// An assignment that the scheduler could not have made.
    struct Finding {
        /// The assignment's place in the evidence.
        var index: Int
        var violation: Violation
    }

    /// The first findings; see ``limit``.
    private(set) var findings: [Finding] = []
    /// All findings.
    private(set) var count = 0
    /// The smallest number of unseen assignments that would explain every finding which such a number can explain.
    private(set) var unseenToExplain = 0
    /// Findings that no number of unseen assignments would explain.
    private(set) var inexplicable = 0
    /// Assignments whose choice was held against a model.
    private(set) var checked = 0
    /// Unseen choices that the model took in.
    private(set) var unseen = 0
    /// Assignments that a persistence template made.
    private(set) var followed = 0
    /// Assignments that a persistence template made, or the scheduler: nobody can tell.
    private(set) var uncertain = 0
    /// Assignments that were made while no model applied.
    private(set) var unchecked = 0
    /// Assignments that were right only if a server was overloaded.
    private(set) var permittedByOverload = 0
    /// Assignments that were right only for some value of what the kernel does not tell.
    private(set) var permittedByHiddenInput = 0
    /// Of those checked, the ones of schedulers that ask how many entries each server has.
    private(set) var checkedByEntries = 0
    /// Of these, the ones for which the entries are not known well enough to tell the right choice from all others.
    private(set) var leftOpenByEntries = 0
    /// Assignments that were right only in another order than they were captured in: two for each exchange.
    private(set) var reordered = 0
    /// By configuration: assignments that were right only while the change to it was pending.
    private(set) var permittedByChange: [Int]

    /// Whether the model's scheduler asks how many entries each server has.
    private var asks = false
    /// How many readings of entries came before the last choice that was out of turn.
    private var lastReadingViolated: Int?
    /// How many entries each server had; `nil` if no scheduler asks.
    private var timeline: EntryTimeline?

    /// How many findings are kept in full.
    static let limit = 100

    /// - Parameter edits: How many edits that changed nothing may have happened between two changes that did.
    init(_ evidence: VirtualServiceEvidence, _ sequence: ServiceSequence, edits: Int = 0) {
        let configurations = evidence.configurations
        permittedByChange = Array(repeating: 0, count: configurations.count)
        guard let first = configurations.first else {
            unchecked = evidence.assignments.count
            return
        }
        var model: (any SchedulerModel)? = first.modelledScheduler.map {
            $0.model.init(attachedTo: sequence.service(in: first))
        }
        model?.allowEdits(edits)
        let input = SchedulerInput(evidence, sequence)
        asks = first.scheduler.asksForEntries
        if configurations.contains(where: { $0.scheduler.asksForEntries }) {
            timeline = EntryTimeline(evidence, sequence)
        }
        var handover: SchedulerHandover?
        var reordering = Reordering(input)
        reordering.restart(model, at: 0)
        reordering.end = configurations.dropFirst().first?.notBefore
        // The configuration last known to be in force, and whether the next one may be.
        var current = 0
        var isChanging = false
        // Whether an assignment came while the change was pending.
        var isUsed = false

        // Up to where nothing changes: that far a model may follow by itself.
        var quietUntil = sequence.isPlain ? evidence.assignments.place(at: reordering.end) : 0
        // The next one that was not taken in together with one before it.
        var following = 0
        var index = 0
        while index < evidence.assignments.count {
            let limit = min(quietUntil, reordering.copyDue)
            if index < limit, let followed = model?.follow(sequence.choices[index..<limit]), followed > 0 {
                checked += followed
                isUsed = true
                index += followed
                continue
            }
            let assignment = evidence.assignments[index]
            defer { index = max(index + 1, following) }
            while current + 1 < configurations.count, assignment.time >= configurations[current + 1].notBefore {
                let next = configurations[current + 1]
                defer {
                    reordering.restart(model, at: index)
                    let next = current + 1 < configurations.count ? configurations[current + 1] : nil
                    reordering.end = isChanging ? next?.seen : next?.notBefore
                    quietUntil = isChanging || !sequence.isPlain ? 0 : evidence.assignments.place(at: reordering.end)
                }
                if !isChanging {
                    isChanging = true
                    isUsed = false
                    if next.modelledScheduler == configurations[current].modelledScheduler {
                        model?.beginChange(to: sequence.service(in: next))
                    } else {
                        if let old = model, let new = next.modelledScheduler {
                            handover = SchedulerHandover(
                                from: old, of: sequence.service(in: configurations[current]), to: new.model,
                                of: sequence.service(in: next))
                        }
                        model = nil
                    }
                }
                guard assignment.time >= next.seen else { break }
                if let done = handover {
                    model = done.successor
                    model?.allowEdits(edits)
                    handover = nil
                } else if let scheduler = next.modelledScheduler, model == nil {
                    // Bound anew, it starts at the beginning, if it did not choose since.
                    let isFresh = configurations[current].scheduler != next.scheduler && !isUsed
                    let service = sequence.service(in: next)
                    model =
                        isFresh
                        ? scheduler.model.init(startingWith: service) : scheduler.model.init(attachedTo: service)
                    model?.allowEdits(edits)
                } else {
                    model?.endChange()
                }
                current += 1
                isChanging = false
                asks = next.scheduler.asksForEntries
            }
            // A client that follows its template does not move the scheduler.
            if assignment.isScheduled == false {
                followed += 1
                continue
            }
            isUsed = true
            if index >= reordering.copyDue { reordering.pass(model, at: index) }
            guard assignment.isScheduled != nil else {
                uncertain += 1
                model?.observeUnseen()
                handover?.observeUnseen()
                continue
            }
            let excuse =
                handover == nil
                ? take(assignment, at: index, from: input, into: &model, &reordering, &following)
                : take(assignment, at: index, from: input, into: &handover)
            switch excuse {
            case .overload: permittedByOverload += 1
            case .configurationChange: permittedByChange[current + 1] += 1
            case .hiddenInput: permittedByHiddenInput += 1
            case nil: break
            }
        }
    }

    /// Takes in an assignment, or the exchange that it is a part of.
    ///
    /// - Parameter following: Becomes the one after the exchange.
    /// - Returns: What excuses the choice, if it needs an excuse and has one.
    private mutating func take(
        _ assignment: Assignment, at index: Int, from input: SchedulerInput,
        into model: inout (any SchedulerModel)?, _ reordering: inout Reordering, _ following: inout Int
    ) -> Uncertainty? {
        guard model != nil else {
            unchecked += 1
            return nil
        }
        if asks, timeline?.isKnown != true {
            unchecked += 1
            return nil
        }
        guard let choice = input.choice(index) else {
            unseen += 1
            model?.observeUnseen()
            return nil
        }
        checked += 1
        if asks { checkedByEntries += 1 }
        // A copy costs: it is made only where one may have to go back.
        let former = asks ? model : nil
        switch model?.observe(choice, for: attempt(for: assignment, at: index, from: input)) {
        case .conforming, nil: break
        case .permitted(let uncertainty):
            if asks, uncertainty == .hiddenInput { leftOpenByEntries += 1 }
            return uncertainty
        case .violation(let violation):
            if let former, let timeline {
                // Between neighbours nobody knows who was counted already.
                var attempt = input.attempt(for: assignment)
                attempt.entries = timeline.boundsWithinWindow()
                var other = former
                if case .violation = other.observe(choice, for: attempt) {
                    note(violation, at: index, reading: timeline.readingsPassed)
                } else {
                    reordered += 1
                    model = other
                }
            } else if let exchange = reordering.exchange(explaining: index) {
                reordered += 2
                if exchange.second > index {
                    checked += 1
                    followed += exchange.second - index - 1
                }
                model = exchange.model
                following = exchange.next
                reordering.restart(model, at: following)
            } else {
                note(violation, at: index)
                reordering.restart(model, at: index + 1)
            }
        }
        return nil
    }

    /// Takes in an assignment that was made while the scheduler was being changed.
    private mutating func take(
        _ assignment: Assignment, at index: Int, from input: SchedulerInput, into handover: inout SchedulerHandover?
    ) -> Uncertainty? {
        guard let choice = input.choice(index) else {
            unseen += 1
            handover?.observeUnseen()
            return nil
        }
        checked += 1
        let violation = handover?.observe(choice, for: attempt(for: assignment, at: index, from: input))
        if let violation { note(violation, at: index) }
        return violation == nil ? .configurationChange : nil
    }

    /// - Parameter reading: How many readings of entries came before; `nil` if the scheduler does not ask for them. The
    ///   next reading tells of a connection that nobody saw, so that it explains what is out of turn before that, all of
    ///   it, and nothing after.
    private mutating func note(_ violation: Violation, at index: Int, reading: Int? = nil) {
        count += 1
        let isExplained = reading != nil && reading == lastReadingViolated
        lastReadingViolated = reading
        if let unseen = violation.unseenToExplain {
            unseenToExplain += isExplained ? 0 : unseen
        } else {
            inexplicable += 1
        }
        if findings.count < Self.limit { findings.append(Finding(index: index, violation: violation)) }
    }

    /// With how many entries each server has, if a scheduler of the run asks and the kernel was read.
    private mutating func attempt(for assignment: Assignment, at index: Int, from input: SchedulerInput) -> Attempt {
        var attempt = input.attempt(for: assignment)
        if timeline?.isKnown == true { attempt.entries = timeline?.bounds(before: index) }
        return attempt
    }
}

extension ServiceConfiguration {
    /// The scheduler, if there is a model of it.
    var modelledScheduler: ModelledScheduler? { ModelledScheduler(scheduler) }
}
