import IPVSModel
import SchedulerModels

/// Somebody who watches a scheduler with a model.
protocol Follower {
    var name: String { get }
    mutating func change(to service: ScheduledService)
    /// - Parameter choice: The chosen server; `nil` for nobody.
    mutating func take(_ choice: Int?, for attempt: Attempt) -> Observation
}

extension SchedulerModel {
    fileprivate mutating func take(_ choice: Int?, for attempt: Attempt) -> Observation {
        if let choice { return observe(choice, for: attempt) }
        return mayChooseNobody(for: attempt) ? .conforming : .violation(Violation(expected: [], unseenToExplain: nil))
    }
}

/// Was there from the beginning, and sees every change as it comes.
struct ExactFollower: Follower {
    let name = "exact"
    private var model: any SchedulerModel

    init(_ type: any SchedulerModel.Type, _ service: ScheduledService) { model = type.init(startingWith: service) }

    mutating func change(to service: ScheduledService) {
        model.beginChange(to: service)
        model.endChange()
    }

    mutating func take(_ choice: Int?, for attempt: Attempt) -> Observation { model.take(choice, for: attempt) }
}

/// Comes in the middle of traffic, again and again.
struct Newcomer: Follower {
    let name = "attached"
    private let type: any SchedulerModel.Type
    private var service: ScheduledService
    private var model: any SchedulerModel
    private var age = 0

    init(_ type: any SchedulerModel.Type, _ service: ScheduledService) {
        self.type = type
        self.service = service
        model = type.init(attachedTo: service)
    }

    mutating func change(to service: ScheduledService) {
        self.service = service
        model.beginChange(to: service)
        model.endChange()
    }

    mutating func take(_ choice: Int?, for attempt: Attempt) -> Observation {
        age += 1
        if age % 37 == 0 { model = type.init(attachedTo: service) }
        return model.take(choice, for: attempt)
    }
}

/// Reads the list only now and then, so that changes are known too late, and by their sum.
struct LateReader: Follower {
    let name = "late"
    private var model: any SchedulerModel
    private let type: any SchedulerModel.Type
    /// The list, if it changed since the last reading, and how often it did.
    private var news: ScheduledService?
    private var changes = 0
    private var held: [(choice: Int?, attempt: Attempt)] = []

    init(_ type: any SchedulerModel.Type, _ service: ScheduledService) {
        self.type = type
        model = type.init(startingWith: service)
    }

    mutating func change(to service: ScheduledService) {
        news = service
        changes += 1
    }

    mutating func take(_ choice: Int?, for attempt: Attempt) -> Observation {
        held.append((choice, attempt))
        guard held.count == 11 else { return .conforming }
        defer {
            held = []
            news = nil
            changes = 0
        }
        // What was changed twice may be as it was, which no reading shows.
        if let news, changes > 1 {
            model = type.init(attachedTo: news)
            return .conforming
        }
        if let news { model.beginChange(to: news) }
        var worst = Observation.conforming
        for (choice, attempt) in held {
            guard let choice else { continue }
            if case .violation(let violation) = model.observe(choice, for: attempt) { worst = .violation(violation) }
        }
        model.endChange()
        return worst
    }
}
