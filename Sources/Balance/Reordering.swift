import IPVSModel
import SchedulerModels

/// Finds assignments that were captured in another order than the scheduler was asked in.
///
/// On a director with several receive queues, processors capture and schedule side by side: of two SYNs that arrive
/// nearly at once the one captured first may be scheduled second. Only neighbours are ever exchanged, each with one
/// other, and only if both then conform while the captured order does not.
///
/// It keeps copies of the model to go back to, one in ``interval`` assignments, and looks at nothing else until
/// something is out of turn.
struct Reordering {
    /// The longest time between two SYNs whose order may be another than it seems.
    ///
    /// - Unit: nanoseconds.
    static let window: Int64 = 50_000

    /// The largest part of the checked assignments that may have been exchanged: more looks like chance.
    static let largestShare = 0.05

    /// How many assignments lie between two copies of the model.
    private static let interval = 64

    /// How many assignments after an exchange tell which of several possible ones it was.
    private static let lookahead = 64

    /// An exchange of two neighbours that puts everything in turn.
    struct Exchange {
        /// The place of the one captured first.
        var first: Int
        var second: Int
        /// The first assignment after what the exchange explains.
        var next: Int
        /// The model there.
        var model: any SchedulerModel
        /// The first assignment that is out of turn all the same, as far as one looked.
        var reach: Int
    }

    private struct Point {
        var model: any SchedulerModel
        /// The first assignment that the model has not taken in.
        var index: Int
    }

    /// When the configuration next changes, if it does: no exchange reaches beyond.
    var end: Timestamp?

    private let input: SchedulerInput
    private var older: Point?
    private var newer: Point?
    /// Before which assignment the next copy is due.
    private(set) var copyDue = 0

    init(_ input: SchedulerInput) { self.input = input }

    /// Nothing before `index` is looked at again.
    mutating func restart(_ model: (any SchedulerModel)?, at index: Int) {
        newer = model.map { Point(model: $0, index: index) }
        older = newer
        copyDue = index + Self.interval
    }

    /// Called before the assignment at ``copyDue``, or the next one that asks the scheduler.
    mutating func pass(_ model: (any SchedulerModel)?, at index: Int) {
        guard let model else { return }
        older = newer
        newer = Point(model: model, index: index)
        copyDue = index + Self.interval
    }

    /// The exchange after which the assignment at `index`, which is out of turn, no longer is, nor any before it.
    ///
    /// Of several possible ones, that which keeps in turn what follows for longest, and then the last.
    func exchange(explaining index: Int) -> Exchange? {
        guard let older, input.hasCloseNeighbours(older.index...index, before: end) else { return nil }
        var model = older.model
        var best: Exchange?
        for first in older.index...index {
            if let second = input.closeSuccessor(of: first, before: end),
                let found = exchange(first, second, in: model, explaining: index),
                found.reach >= best?.reach ?? 0
            {
                best = found
            }
            if first < index { _ = input.give(first, to: &model) }
        }
        return best
    }

    private func exchange(
        _ first: Int, _ second: Int, in model: any SchedulerModel, explaining index: Int
    ) -> Exchange? {
        var model = model
        for place in [second, first] where input.isViolation(place, for: &model) { return nil }
        var place = second + 1
        while place <= index {
            if input.isViolation(place, for: &model) { return nil }
            place += 1
        }
        var exchange = Exchange(first: first, second: second, next: place, model: model, reach: place)
        let limit = min(place + Self.lookahead, input.count)
        while exchange.reach < limit, input.isBefore(end, exchange.reach),
            !input.isViolation(exchange.reach, for: &model)
        {
            exchange.reach += 1
        }
        return exchange
    }
}

/// A service's assignments as models take them in.
struct SchedulerInput {
    private let assignments: AssignmentList
    private let choices: [Int]
    private let destination: IPAddress?

    init(_ evidence: VirtualServiceEvidence, _ sequence: ServiceSequence) {
        assignments = evidence.assignments
        choices = sequence.choices
        destination = evidence.identity.endpoint?.address
    }

    var count: Int { assignments.count }

    /// Whom the kernel chose, if that was seen.
    func choice(_ index: Int) -> Int? { choices[index] >= 0 ? choices[index] : nil }

    func attempt(for assignment: Assignment) -> Attempt {
        Attempt(client: assignment.client, destination: destination)
    }

    /// Has a model take in one assignment.
    ///
    /// - Returns: What it says of it; `nil` if there is nothing to be said.
    func give(_ index: Int, to model: inout any SchedulerModel) -> Observation? {
        let assignment = assignments[index]
        if assignment.isScheduled == false { return nil }
        guard assignment.isScheduled == true, choices[index] >= 0 else {
            model.observeUnseen()
            return nil
        }
        return model.observe(choices[index], for: attempt(for: assignment))
    }

    fileprivate func isViolation(_ index: Int, for model: inout any SchedulerModel) -> Bool {
        if case .violation = give(index, to: &model) { true } else { false }
    }

    fileprivate func isBefore(_ end: Timestamp?, _ index: Int) -> Bool {
        end.map { assignments[index].time < $0 } ?? true
    }

    /// Whether any of these could be exchanged: a cheap look before the dear one.
    fileprivate func hasCloseNeighbours(_ indices: ClosedRange<Int>, before end: Timestamp?) -> Bool {
        indices.reversed().contains { closeSuccessor(of: $0, before: end) != nil }
    }

    /// The next assignment that the scheduler was asked for, if it came within the window, and both choices were seen
    /// and differ.
    fileprivate func closeSuccessor(of index: Int, before end: Timestamp?) -> Int? {
        let assignment = assignments[index]
        guard assignment.isScheduled == true, choices[index] >= 0 else { return nil }
        for next in (index + 1)..<count {
            let other = assignments[next]
            guard other.time.rawValue - assignment.time.rawValue <= Reordering.window, isBefore(end, next) else {
                return nil
            }
            // What follows a template leaves the scheduler alone.
            if other.isScheduled == false { continue }
            return other.isScheduled == true && choices[next] >= 0 && choices[next] != choices[index] ? next : nil
        }
        return nil
    }
}
