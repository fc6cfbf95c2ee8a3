import SchedulerModels

/// A change of scheduler that may have come at any moment of a while: up to some assignment the old one chose, and from
/// there on the new one.
struct SchedulerHandover {
    /// `nil` once it can no longer be the old one that chooses.
    private var old: (any SchedulerModel)?
    /// The new one, for each assignment with which it may have begun.
    private var begun: [any SchedulerModel] = []
    /// The new one as it begins.
    private let fresh: any SchedulerModel
    private let type: any SchedulerModel.Type
    private let service: ScheduledService
    /// Whether there were more beginnings than one can follow.
    private var isOverflowing = false

    /// More beginnings are not told apart.
    private static let most = 64

    init(
        from old: any SchedulerModel, of former: ScheduledService, to type: any SchedulerModel.Type,
        of service: ScheduledService
    ) {
        var old = old
        old.beginChange(to: service)
        self.old = old
        self.type = type
        self.service = service
        var fresh = type.init(startingWith: former)
        if former != service { fresh.beginChange(to: service) }
        self.fresh = fresh
    }

    /// Takes in an assignment.
    ///
    /// - Returns: What is wrong with it; `nil` if either scheduler could have made it.
    mutating func observe(_ server: Int, for attempt: Attempt) -> Violation? {
        if old != nil { begun.append(fresh) }
        var possible: [any SchedulerModel] = []
        var refusal: Violation?
        for model in begun {
            var model = model
            if case .violation(let violation) = model.observe(server, for: attempt) {
                refusal = refusal ?? violation
            } else {
                possible.append(model)
            }
        }
        if case .violation(let violation) = old?.observe(server, for: attempt) {
            old = nil
            refusal = violation
        }
        begun = Array(possible.prefix(Self.most))
        isOverflowing = isOverflowing || possible.count > Self.most
        guard old == nil, begun.isEmpty, !isOverflowing else { return nil }
        isOverflowing = true
        return refusal
    }

    mutating func observeUnseen() {
        if old != nil { begun.append(fresh) }
        old?.observeUnseen()
        for index in begun.indices { begun[index].observeUnseen() }
    }

    /// The new scheduler, which is in force by now.
    var successor: any SchedulerModel {
        let possible = begun + (old == nil ? [] : [fresh])
        guard possible.count == 1, !isOverflowing, var only = possible.first else {
            return type.init(attachedTo: service)
        }
        only.endChange()
        return only
    }
}
