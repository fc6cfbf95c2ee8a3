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
    private var counters = Dictionary(
        uniqueKeysWithValues: ConnectionOverhead.allCases.map { ($0, OverloadFlags($0)) })
    /// The kernels that may have written the log.
    private var kernels = ConnectionOverhead.allCases

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
        if address != self.address || scheduler != self.scheduler { configure([]) }
        self.scheduler = scheduler
        self.address = address
        service.flags = flags
        followers = []
        guard let model = ModelledScheduler(scheduler)?.model else { return }
        followers = [ExactFollower(model, service), Newcomer(model, service), LateReader(model, service)]
    }

    private mutating func configure(_ servers: [LogLine.Server]) {
        self.servers = servers
        for kernel in kernels { counters[kernel]?.configure(servers) }
        service.candidates = servers.map {
            SchedulingCandidate(
                server: number(of: $0.endpoint), weight: $0.weight, hasUpperThreshold: $0.upperThreshold > 0,
                endpoint: $0.endpoint)
        }
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
        if followers.isEmpty {
            judgeByCounts(choice, counts)
        } else {
            let attempt = Attempt(client: client, destination: address)
            tallies[scheduler.rawValue, default: Tally()].checked += 1
            for index in followers.indices {
                switch followers[index].take(choice, for: attempt) {
                case .conforming: break
                case .permitted: if index == 0 { tallies[scheduler.rawValue]?.permitted += 1 }
                case .violation(let violation):
                    miss(choice, violation.expected, by: followers[index].name)
                }
            }
        }
        follow(server, counts)
    }

    private mutating func judgeByCounts(_ choice: Int?, _ counts: [LogLine.Counts]?) {
        guard let rule = CountedSchedulers.rule(of: scheduler) else { return }
        guard let counts, counts.count == servers.count else {
            tallies[scheduler.rawValue, default: Tally()].skipped += 1
            return
        }
        for (server, count) in zip(servers, counts) {
            for kernel in kernels { counters[kernel]?.read(count, of: server.endpoint) }
        }
        tallies[scheduler.rawValue, default: Tally()].checked += 1
        let possible = kernels.map { kernel in
            rule.choices(
                among: zip(service.candidates, zip(servers, counts)).map { candidate, row in
                    CountedCandidate(
                        candidate: candidate, active: row.1.active, inactive: row.1.inactive,
                        isOverloaded: counters[kernel]?[row.0.endpoint])
                }, overhead: kernel)
        }
        let agreeing = zip(kernels, possible).filter { _, choices in
            choice.map { choices.servers.contains($0) } ?? choices.mayBeNobody
        }
        guard !agreeing.isEmpty else { return miss(choice, possible.flatMap(\.servers), by: "counting") }
        kernels = agreeing.map(\.0)
        if agreeing.contains(where: { $0.1.servers.first != choice }), choice != nil {
            tallies[scheduler.rawValue]?.permitted += 1
        }
    }

    /// The flags for overload are followed whatever the scheduler is.
    private mutating func follow(_ server: Endpoint?, _ counts: [LogLine.Counts]?) {
        for kernel in kernels {
            if let counts, counts.count == servers.count {
                for (server, count) in zip(servers, counts) { counters[kernel]?.read(count, of: server.endpoint) }
            } else {
                counters[kernel]?.doubt()
            }
            if let server { counters[kernel]?.bind(server) }
        }
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
