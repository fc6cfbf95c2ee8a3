import IPVSModel
import SchedulerModels

/// A service's assignments with its real servers numbered, so that they are hashed once.
struct ServiceSequence {
    /// Every real server that was configured, took a connection or has counters, in order of address and port.
    let servers: [Endpoint]
    /// By assignment: the chosen server's number, or -1 if the choice stayed unseen.
    let choices: [Int]
    /// By server: its assignments.
    let counts: [Int]
    /// Assignments whose choice stayed unseen.
    let unseen: Int
    /// Whether the scheduler was asked for every one of them.
    let isPlain: Bool

    /// By a server's place among ``servers``.
    private let numbers: EndpointNumbers

    init(_ evidence: VirtualServiceEvidence) {
        var met = EndpointNumbers()
        for server in evidence.realServers { _ = met.number(adding: server.endpoint) }
        for server in evidence.configurations.flatMap(\.realServers) { _ = met.number(adding: server.endpoint) }
        var choices = evidence.assignments.choices { met.number(adding: $0) }

        servers = met.endpoints.sorted()
        var numbers = EndpointNumbers()
        for server in servers { _ = numbers.number(adding: server) }
        let places = met.endpoints.map { numbers.number(adding: $0) }
        var counts = Array(repeating: 0, count: servers.count)
        var unseen = 0
        for index in choices.indices {
            if choices[index] < 0 {
                unseen += 1
            } else {
                choices[index] = places[choices[index]]
                counts[choices[index]] += 1
            }
        }
        self.numbers = numbers
        self.choices = choices
        self.counts = counts
        self.unseen = unseen
        isPlain = evidence.assignments.areAllScheduled
    }

    /// Assignments whose choice was seen.
    var seen: Int { choices.count - unseen }

    /// The number of a real server of this service.
    func number(of server: Endpoint) -> Int? { numbers.number(of: server) }

    /// A configuration as a scheduler model takes it.
    func service(in configuration: ServiceConfiguration) -> ScheduledService {
        ScheduledService(
            candidates: configuration.realServers.compactMap { server in
                numbers.number(of: server.endpoint).map {
                    SchedulingCandidate(
                        server: $0, weight: server.weight, hasUpperThreshold: server.upperThreshold > 0,
                        endpoint: server.endpoint)
                }
            }, flags: configuration.flags)
    }

    /// By server: its due part of the assignments made under `configuration`, adding up to 1, or all 0.
    func dues(in configuration: ServiceConfiguration) -> [Double] {
        var dues = Array(repeating: 0.0, count: servers.count)
        let shares = configuration.scheduler.dueShares(weights: configuration.realServers.map(\.weight))
        for (server, share) in zip(configuration.realServers, shares) {
            if let number = numbers.number(of: server.endpoint) { dues[number] = share }
        }
        return dues
    }
}
