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

    private let numbers: [Endpoint: Int]

    init(_ evidence: VirtualServiceEvidence) {
        var all = Set(evidence.realServers.map(\.endpoint))
        for configuration in evidence.configurations { all.formUnion(configuration.realServers.map(\.endpoint)) }
        for assignment in evidence.assignments {
            if let server = assignment.realServer { all.insert(server) }
        }
        let servers = all.sorted()
        let numbers = Dictionary(uniqueKeysWithValues: servers.enumerated().map { ($1, $0) })
        var counts = Array(repeating: 0, count: servers.count)
        var unseen = 0
        choices = evidence.assignments.map { assignment in
            guard let server = assignment.realServer, let number = numbers[server] else {
                unseen += 1
                return -1
            }
            counts[number] += 1
            return number
        }
        self.servers = servers
        self.numbers = numbers
        self.counts = counts
        self.unseen = unseen
    }

    /// Assignments whose choice was seen.
    var seen: Int { choices.count - unseen }

    /// The number of a real server of this service.
    func number(of server: Endpoint) -> Int? { numbers[server] }

    /// A configuration's list for a scheduler model.
    func candidates(in configuration: ServiceConfiguration) -> [SchedulingCandidate] {
        configuration.realServers.compactMap { server in
            numbers[server.endpoint].map {
                SchedulingCandidate(server: $0, weight: server.weight, hasUpperThreshold: server.upperThreshold > 0)
            }
        }
    }

    /// By server: its due part of the assignments made under `configuration`, adding up to 1, or all 0.
    func dues(in configuration: ServiceConfiguration) -> [Double] {
        var dues = Array(repeating: 0.0, count: servers.count)
        let shares = configuration.scheduler.dueShares(weights: configuration.realServers.map(\.weight))
        for (server, share) in zip(configuration.realServers, shares) {
            if let number = numbers[server.endpoint] { dues[number] = share }
        }
        return dues
    }
}
