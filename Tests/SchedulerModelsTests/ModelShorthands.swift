import IPVSModel
import SchedulerModels

/// Shorthands for schedulers that look neither at flags nor at the client.
extension SchedulerModel {
    static var anyAttempt: Attempt {
        Attempt(client: Endpoint("192.168.122.1:40000")!, destination: IPAddress("192.168.122.100"))
    }

    init(attachedTo candidates: [SchedulingCandidate]) {
        self.init(attachedTo: ScheduledService(candidates: candidates))
    }

    init(startingWith candidates: [SchedulingCandidate]) {
        self.init(startingWith: ScheduledService(candidates: candidates))
    }

    mutating func beginChange(to candidates: [SchedulingCandidate]) {
        beginChange(to: ScheduledService(candidates: candidates))
    }

    /// A change that is over at once.
    mutating func change(to candidates: [SchedulingCandidate]) {
        beginChange(to: candidates)
        endChange()
    }

    mutating func observe(_ server: Int) -> Observation { observe(server, for: Self.anyAttempt) }

    mutating func observe(all servers: [Int]) -> [Observation] { servers.map { observe($0) } }
}

/// Servers in the kernel's list order: the last one added first.
func list(_ weights: (Int, Int32)...) -> [SchedulingCandidate] {
    weights.map { SchedulingCandidate(server: $0.0, weight: $0.1) }
}
