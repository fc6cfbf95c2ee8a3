public import IPVSModel

/// The model of a scheduler that is a ``LocalityModel``: who has how many entries comes with each attempt.
///
/// What it remembers of choices that were made during a change of the list is not relied on.
public struct MemoryModel<Memory: LocalityModel>: ChoosingModel {
    public static var scheduler: Scheduler { Memory.scheduler }

    private struct Kernel {
        let overhead: ConnectionOverhead
        var memory: Memory
    }

    private var service: ScheduledService
    private var pending: ScheduledService?
    /// What the kernel may be like, and may remember.
    private var kernels: [Kernel]

    public static func period(of service: ScheduledService) -> Int { 0 }

    public init(attachedTo service: ScheduledService) { self.init(service, .attached) }

    public init(startingWith service: ScheduledService) { self.init(service, .starting) }

    private init(_ service: ScheduledService, _ memory: Memory) {
        self.service = service
        kernels = ConnectionOverhead.allCases.map { Kernel(overhead: $0, memory: memory) }
    }

    public mutating func beginChange(to service: ScheduledService) {
        endChange()
        pending = service
    }

    public mutating func endChange() {
        if let pending { service = pending }
        pending = nil
    }

    public mutating func observe(_ server: Int, for attempt: Attempt) -> Observation {
        let candidates = service.candidates + (pending?.candidates ?? [])
        guard pending == nil, let entries = attempt.entries else {
            observeUnseen()
            let anybody = PossibleChoices(anyOf: candidates).servers
            guard anybody.contains(server) else { return violation(expected: anybody) }
            return .permitted(pending == nil ? .hiddenInput : .configurationChange)
        }
        let fewest = service.candidates.map { entries[$0.server].fewest($0) }
        let most = service.candidates.map { entries[$0.server].most($0) }
        var agreeing: [Kernel] = []
        var expected: [Int] = []
        var observation = Observation.conforming
        for kernel in kernels {
            var kernel = kernel
            let said = kernel.memory.observe(server, among: fewest, atMost: most, overhead: kernel.overhead)
            if case .violation(let violation) = said {
                for server in violation.expected where !expected.contains(server) { expected.append(server) }
            } else {
                agreeing.append(kernel)
                if said != .conforming { observation = said }
            }
        }
        guard !agreeing.isEmpty else {
            observeUnseen()
            return violation(expected: expected)
        }
        kernels = agreeing
        return observation
    }

    /// A single connection that nobody saw may explain it, and others that follow.
    private func violation(expected: [Int]) -> Observation {
        .violation(Violation(expected: expected, unseenToExplain: 1))
    }

    /// As the first kernel does that is still possible.
    public func choices(for attempt: Attempt) -> PossibleChoices {
        guard let entries = attempt.entries, let kernel = kernels.first else {
            return PossibleChoices(anyOf: service.candidates)
        }
        return kernel.memory.choices(
            among: service.candidates.map { entries[$0.server].fewest($0) },
            atMost: service.candidates.map { entries[$0.server].most($0) }, overhead: kernel.overhead)
    }

    public func mayChooseNobody(for attempt: Attempt) -> Bool { true }

    public mutating func observeUnseen() {
        for index in kernels.indices { kernels[index].memory.observeUnseen() }
    }
}
