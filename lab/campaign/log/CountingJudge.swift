import IPVSModel
import SchedulerModels

/// Judges schedulers that ask the servers' connections, as every kernel that may have written the log.
struct CountingJudge {
    private struct Kernel {
        let overhead: ConnectionOverhead
        var flags: OverloadFlags
        /// Of a scheduler that remembers: one that was there from the beginning, and one attached now and then.
        var memories: [any LocalityModel] = []
    }

    private static let rules: [any CountingRule.Type] = [
        LeastConnection.self, WeightedLeastConnection.self, ShortestExpectedDelay.self, NeverQueue.self, Overflow.self,
    ]
    private static let memories: [any LocalityModel.Type] = [
        LocalityBasedLeastConnection.self, ReplicatedLocalityBasedLeastConnection.self,
    ]

    private var kernels = ConnectionOverhead.allCases.map { Kernel(overhead: $0, flags: OverloadFlags($0)) }
    private var rule: (any CountingRule.Type)?
    private var memory: (any LocalityModel.Type)?
    private var servers: [LogLine.Server] = []
    private var candidates: [SchedulingCandidate] = []
    private var age = 0

    mutating func bind(_ scheduler: Scheduler) {
        rule = Self.rules.first { $0.scheduler == scheduler }
        memory = Self.memories.first { $0.scheduler == scheduler }
        for index in kernels.indices { kernels[index].memories = memory.map { [$0.starting, $0.attached] } ?? [] }
    }

    mutating func configure(_ servers: [LogLine.Server], _ candidates: [SchedulingCandidate]) {
        self.servers = servers
        self.candidates = candidates
        for index in kernels.indices { kernels[index].flags.configure(servers) }
    }

    /// - Returns: `nil` if there is nothing to judge by.
    mutating func judge(_ choice: Int?, _ counts: [LogLine.Counts]?) -> Observation? {
        guard let counts, counts.count == servers.count else {
            for index in kernels.indices {
                for memory in kernels[index].memories.indices { kernels[index].memories[memory].observeUnseen() }
            }
            return nil
        }
        age += 1
        if let memory, age % 37 == 0 {
            for index in kernels.indices { kernels[index].memories[1] = memory.attached }
        }
        read(counts)
        var agreeing: [Kernel] = []
        var observation: Observation?
        var expected: [Int] = []
        for kernel in kernels {
            var kernel = kernel
            let observations = observe(choice, among: counted(counts, kernel.flags), by: &kernel)
            if let violation = observations.first(where: \.isViolation), case .violation(let violation) = violation {
                expected += violation.expected
            } else {
                agreeing.append(kernel)
                if observation != .conforming { observation = observations.first }
            }
        }
        guard !agreeing.isEmpty else { return .violation(Violation(expected: expected, unseenToExplain: nil)) }
        kernels = agreeing
        return observation
    }

    private func observe(
        _ choice: Int?, among servers: [CountedCandidate], by kernel: inout Kernel
    ) -> [Observation] {
        if let rule { return [rule.choices(among: servers, overhead: kernel.overhead).observation(of: choice)] }
        return kernel.memories.indices.map {
            kernel.memories[$0].observe(choice, among: servers, overhead: kernel.overhead)
        }
    }

    private func counted(_ counts: [LogLine.Counts], _ flags: OverloadFlags) -> [CountedCandidate] {
        zip(candidates, zip(servers, counts)).map { candidate, row in
            CountedCandidate(
                candidate: candidate, active: row.1.active, inactive: row.1.inactive,
                isOverloaded: flags[row.0.endpoint])
        }
    }

    private mutating func read(_ counts: [LogLine.Counts]) {
        for index in kernels.indices {
            for (server, count) in zip(servers, counts) { kernels[index].flags.read(count, of: server.endpoint) }
        }
    }

    /// The flags for overload go on from the choice, whatever the scheduler is.
    mutating func follow(_ server: Endpoint?, _ counts: [LogLine.Counts]?) {
        if let counts, counts.count == servers.count { read(counts) }
        for index in kernels.indices {
            if counts == nil { kernels[index].flags.doubt() }
            if let server { kernels[index].flags.bind(server) }
        }
    }
}

extension Observation {
    var isViolation: Bool { if case .violation = self { true } else { false } }
}
