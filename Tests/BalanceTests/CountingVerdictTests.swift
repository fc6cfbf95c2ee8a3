import Balance
import IPVSModel
import SchedulerModels
import TestSupport
import Testing

/// Verdicts on schedulers that ask how many entries each real server has, over runs of a made-up kernel.
@Suite struct CountingVerdictTests {
    struct Turns {
        var until: Int
        var between = 1.805
        var and = 2.195
    }

    /// A kernel that chooses by the rule, and what is captured of it.
    struct Kernel {
        var scheduler: Scheduler
        var weights: [Int32] = [1, 2, 3]
        var overhead = ConnectionOverhead.activeAndInactive
        /// Entries from before the run, by server, that leave in its middle without anybody's seeing it.
        var old = [0, 0, 0]
        /// The place of a connection that goes to the next server instead.
        var mistake: Int?
        /// Round robin until this many were assigned, and when the change was seen to come.
        var turns: Turns?
        /// Whether somebody throws dice instead.
        var isRandom = false
        var readingEvery: Double = 1
        var seed: UInt64 = 1

        /// Connections ten milliseconds apart, each open for up to 0.2 s.
        func run(_ count: Int) -> RunEvidence {
            var random = SeededGenerator(seed: seed)
            let rule = Self.rules.first { $0.scheduler == scheduler }!
            let candidates = (0..<3).map { SchedulingCandidate(server: $0, weight: weights[$0]) }
            var (active, inactive) = ([0, 0, 0], old)
            var ends: [(time: Double, server: Int)] = []
            var changes: [EntryChange] = []
            var readings: [EntryReading] = []
            var nextReading = 0.0
            var choices: [Int] = []
            var durations: [Double] = []
            for index in 0..<count {
                let now = Double(index + 1) * 0.01
                while nextReading < now || ends.contains(where: { $0.time < now }) {
                    let end = ends.indices.min { ends[$0].time < ends[$1].time }
                    if let end, ends[end].time < nextReading, ends[end].time < now {
                        let (time, server) = ends.remove(at: end)
                        active[server] -= 1
                        inactive[server] += 1
                        changes.append(
                            EntryChange(
                                realServer: Synthetic.server(server + 1), time: Synthetic.time(time), active: -1,
                                inactive: 1))
                    } else {
                        for server in 0..<3 {
                            readings.append(
                                EntryReading(
                                    realServer: Synthetic.server(server + 1), began: Synthetic.time(nextReading),
                                    ended: Synthetic.time(nextReading + 0.0001), active: Int64(active[server]),
                                    inactive: Int64(inactive[server])))
                        }
                        nextReading += readingEvery
                    }
                }
                if index == count / 2 { for server in 0..<3 { inactive[server] -= old[server] } }
                let servers = candidates.map {
                    CountedCandidate(candidate: $0, active: active[$0.server], inactive: inactive[$0.server])
                }
                let right =
                    index < turns?.until ?? 0
                    ? index % 3
                    : isRandom
                        ? Int.random(in: 0..<3, using: &random)
                        : rule.choice(among: servers, overhead: overhead)?.candidate.server ?? 0
                let choice = index == mistake ? (right + 1) % 3 : right
                active[choice] += 1
                let duration = Double.random(in: 0.001...0.2, using: &random)
                ends.append((now + duration, choice))
                choices.append(choice + 1)
                durations.append(duration)
            }
            var evidence = Synthetic.evidence(
                kernel: choices, captured: Synthetic.assignments(choices),
                configurations: configurations)
            evidence.virtualServices[0].entryChanges = changes
            evidence.virtualServices[0].entryReadings = readings
            return evidence
        }

        private var configurations: [ServiceConfiguration] {
            let servers = weights.enumerated().map { ($0.offset + 1, $0.element) }
            guard let turns else { return [Synthetic.configuration(servers, scheduler: scheduler)] }
            return [
                Synthetic.configuration(servers),
                Synthetic.configuration(servers, between: turns.between, and: turns.and, scheduler: scheduler),
            ]
        }

        static let rules: [any CountingRule.Type] = [
            LeastConnection.self, WeightedLeastConnection.self, ShortestExpectedDelay.self, NeverQueue.self,
        ]
    }

    static let schedulers = Kernel.rules.map { $0.scheduler }

    private func judge(_ evidence: RunEvidence) -> ServiceVerdict { Judge.verdict(on: evidence).virtualServices[0] }

    @Test(arguments: schedulers, ConnectionOverhead.allCases)
    func `what the kernel chose passes, whichever way it weighs`(scheduler: Scheduler, overhead: ConnectionOverhead) {
        let service = judge(Kernel(scheduler: scheduler, overhead: overhead).run(500))
        #expect(service.verdict == .pass, "\(service.reasons)")
        #expect(service.conformance.checked == 500)
        #expect(service.conformance.explained.isEmpty)
    }

    @Test(arguments: schedulers)
    func `a single connection on another real server fails, and is named`(scheduler: Scheduler) {
        let service = judge(Kernel(scheduler: scheduler, mistake: 250).run(500))
        #expect(service.verdict == .fail, "\(service.reasons)")
        #expect(service.conformance.unexplained.first?.number == 251)
    }

    @Test func `least connection owes all the same, whatever their weights; weighted least connection does not`() {
        let due = { (scheduler: Scheduler) in
            self.judge(Kernel(scheduler: scheduler).run(600)).realServers.map(\.expected)
        }
        #expect(due(.leastConnection) == [200, 200, 200])
        #expect(due(.weightedLeastConnection).map { $0.rounded() } == [100, 200, 300])
    }

    @Test(arguments: schedulers)
    func `choices at random fail`(scheduler: Scheduler) {
        let service = judge(Kernel(scheduler: scheduler, isRandom: true).run(300))
        #expect(service.verdict == .fail)
        #expect(service.conformance.unexplainedTotal > 50)
    }

    @Test(arguments: schedulers)
    func `entries that left unseen leave room until the next reading, and no longer`(scheduler: Scheduler) {
        let service = judge(Kernel(scheduler: scheduler, old: [3, 40, 20]).run(600))
        #expect(service.verdict == .pass, "\(service.reasons)")
        let open = service.conformance.explained.first { $0.cause == "hidden_input" }?.count ?? 0
        #expect(open <= 100)
    }

    @Test func `a connection that may be missing leaves a violation open`() {
        var evidence = Kernel(scheduler: .weightedLeastConnection, mistake: 250).run(500)
        evidence.packetsDropped = 1
        let service = judge(evidence)
        #expect(service.verdict == .inconclusive)
        #expect(
            service.reasons[0].contains("at least 1 unaccounted connection would explain that"), "\(service.reasons)")
    }

    @Test(arguments: schedulers)
    func `without a reading there is no verdict`(scheduler: Scheduler) {
        var evidence = Kernel(scheduler: scheduler).run(100)
        evidence.virtualServices[0].entryReadings = []
        let service = judge(evidence)
        #expect(service.verdict == .inconclusive)
        #expect(service.reasons == ["how many entries each real server had was never read from the kernel"])
        #expect(service.conformance.checked == 0)
    }

    @Test func `counts that are hardly known decide nothing`() {
        // One reading before everything, and what became of entries went unseen.
        var evidence = Kernel(scheduler: .weightedLeastConnection, readingEvery: 1_000).run(300)
        for index in evidence.virtualServices[0].entryChanges.indices {
            evidence.virtualServices[0].entryChanges[index].latest = Synthetic.time(500)
            evidence.virtualServices[0].entryChanges[index].time = Synthetic.time(0)
            evidence.virtualServices[0].entryChanges[index].inactive = 0
        }
        let service = judge(evidence)
        #expect(service.verdict == .inconclusive)
        #expect(service.reasons.contains { $0.contains("half must") }, "\(service.reasons)")
    }

    @Test func `what comes and goes within the window may have been counted or not`() {
        let evidence = Kernel(scheduler: .leastConnection, weights: [1, 1, 1]).run(300)
        let service = evidence.virtualServices[0]
        var decisive = 0
        // An entry turned inactive after the SYN was captured, and the scheduler knew it already.
        for (index, change) in service.entryChanges.enumerated() {
            guard let next = service.assignments.first(where: { $0.time > change.time }),
                next.realServer == change.realServer, next.time.since(change.time) < .milliseconds(2)
            else { continue }
            let far = judge(Self.moving(index, to: next.time.advanced(by: .microseconds(500)), in: evidence))
            let near = judge(Self.moving(index, to: next.time.advanced(by: .microseconds(20)), in: evidence))
            #expect(near.verdict == .pass, "\(near.reasons)")
            #expect(near.conformance.explained.map(\.cause) == (far.verdict == .fail ? ["reordered"] : []))
            decisive += far.verdict == .fail ? 1 : 0
        }
        #expect(decisive > 0)
    }

    private static func moving(_ index: Int, to time: Timestamp, in evidence: RunEvidence) -> RunEvidence {
        var evidence = evidence
        var changes = evidence.virtualServices[0].entryChanges
        changes[index].time = time
        changes[index].latest = time
        evidence.virtualServices[0].entryChanges = changes.sorted { $0.time < $1.time }
        return evidence
    }

    @Test(arguments: [181, 200, 219])
    func `a scheduler that was changed in mid-run chose up to some assignment, and the other from there on`(
        until: Int
    ) {
        let kernel = Kernel(scheduler: .weightedLeastConnection, turns: Turns(until: until))
        let service = judge(kernel.run(400))
        #expect(service.verdict == .pass, "\(service.reasons)")
        #expect(service.conformance.checked == 400)
        #expect(service.conformance.explained.map(\.count) == [39])
        #expect(service.fairness.stretches.count == 2)
    }

    @Test(arguments: [150, 260])
    func `before it can have changed and after it must have, a scheduler is held to its own promise`(until: Int) {
        let kernel = Kernel(scheduler: .weightedLeastConnection, turns: Turns(until: until))
        #expect(judge(kernel.run(400)).verdict == .fail)
    }

    @Test func `while it changes neither may err`() {
        let wrong = (181..<219).filter { place in
            let kernel = Kernel(scheduler: .weightedLeastConnection, mistake: place, turns: Turns(until: 200))
            return judge(kernel.run(400)).verdict == .fail
        }
        #expect(wrong.count > 20, "\(wrong)")
    }
}
