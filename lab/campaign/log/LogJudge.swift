import IPVSModel
import SchedulerModels

/// Holds every choice of a log against the models.
package struct LogJudge {
    /// What came out for one scheduler.
    package struct Tally: Sendable, Equatable {
        /// Choices that were held against a model.
        package var checked = 0
        /// Those that the model allowed among others: what is not visible from outside decided.
        package var permitted = 0
        /// Choices without counts, where the scheduler needs them.
        package var skipped = 0
        package var mismatches = 0
    }

    package private(set) var tallies: [String: Tally] = [:]
    /// The first mismatches, a sentence each.
    package private(set) var findings: [String] = []
    /// Lines that are none.
    package private(set) var unreadable: [Int] = []

    package var checked: Int { tallies.values.reduce(0) { $0 + $1.checked } }
    package var mismatches: Int { tallies.values.reduce(0) { $0 + $1.mismatches } }

    private var lineNumber = 0
    private var numbers: [Endpoint: Int] = [:]
    private var endpoints: [Endpoint] = []
    private var scheduler = Scheduler.roundRobin
    private var address: IPAddress?
    private var servers: [LogLine.Server] = []
    private var service = ScheduledService(candidates: [])
    private var followers: [any Follower] = []
    private var counting = CountingJudge()

    package init() {}

    package mutating func take(_ text: String) {
        lineNumber += 1
        if text.isEmpty || text.hasPrefix("#") { return }
        switch LogLine(text) {
        case .scheduler(let scheduler, let flags, let address): bind(scheduler, flags, address)
        case .flags(let flags):
            service.flags = flags
            change()
        case .list(let servers): configure(servers)
        case .choice(let client, let server, let counts): judge(client, server, counts)
        case nil: unreadable.append(lineNumber)
        }
    }

    private mutating func bind(_ scheduler: Scheduler, _ flags: VirtualService.Flags, _ address: IPAddress) {
        self.scheduler = scheduler
        self.address = address
        service.flags = flags
        followers = []
        counting.bind(scheduler)
        guard let model = ModelledScheduler(scheduler)?.model, !scheduler.asksForEntries else { return }
        followers = [ExactFollower(model, service), Newcomer(model, service), LateReader(model, service)]
    }

    private mutating func configure(_ servers: [LogLine.Server]) {
        self.servers = servers
        service.candidates = servers.map {
            SchedulingCandidate(
                server: number(of: $0.endpoint), weight: $0.weight, hasUpperThreshold: $0.upperThreshold > 0,
                endpoint: $0.endpoint)
        }
        counting.configure(servers, service.candidates)
        change()
    }

    private mutating func change() { for index in followers.indices { followers[index].change(to: service) } }

    private mutating func number(of server: Endpoint) -> Int {
        if let number = numbers[server] { return number }
        numbers[server] = endpoints.count
        endpoints.append(server)
        return endpoints.count - 1
    }

    private mutating func judge(_ client: Endpoint, _ server: Endpoint?, _ counts: [LogLine.Counts]?) {
        let choice = server.map { number(of: $0) }
        let attempt = Attempt(client: client, destination: address)
        var observations: [(Observation?, name: String)] = []
        for index in followers.indices {
            observations.append((followers[index].take(choice, for: attempt), followers[index].name))
        }
        if followers.isEmpty { observations.append((counting.judge(choice, counts), "counting")) }
        counting.follow(server, counts)

        guard observations[0].0 != nil else {
            tallies[scheduler.rawValue, default: Tally()].skipped += 1
            return
        }
        tallies[scheduler.rawValue, default: Tally()].checked += 1
        if case .permitted = observations[0].0 { tallies[scheduler.rawValue]?.permitted += 1 }
        for case (.violation(let violation), let name) in observations { miss(choice, violation.expected, by: name) }
    }

    private mutating func miss(_ choice: Int?, _ expected: [Int], by name: String) {
        tallies[scheduler.rawValue]?.mismatches += 1
        guard findings.count < 20 else { return }
        let actual = choice.map { endpoints[$0].description } ?? "nobody"
        let wanted = expected.map { endpoints[$0].description }.joined(separator: " or ")
        findings.append(
            "line \(lineNumber): \(scheduler) chose \(actual), and the model (\(name)) expects "
                + (wanted.isEmpty ? "nobody" : wanted))
    }
}
