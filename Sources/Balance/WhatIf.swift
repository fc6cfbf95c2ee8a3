import IPVSModel
import SchedulerModels

/// The run's arrivals under other schedulers, with the run's real servers, weights and flags.
///
/// Each begins as the kernel does that has just bound it to the service as it was first read, sees a change when it was
/// read, and finds nobody overloaded. Every connection lasts as long as it did. All are measured against the weights,
/// whatever each of them makes of these.
enum WhatIf {
    /// All that the kernel has: those whose choice follows from list, weights and packet, then those that ask how many
    /// connections there are, then what is left out.
    private static let schedulers: [Scheduler] = [
        .roundRobin, .weightedRoundRobin, .failover, .sourceHashing, .destinationHashing, .maglevHashing,
        .leastConnection, .weightedLeastConnection, .shortestExpectedDelay, .neverQueue, .overflow,
        .localityBasedLeastConnection, .replicatedLocalityBasedLeastConnection, .twoRandomChoices,
    ]

    static func outcomes(for evidence: VirtualServiceEvidence) -> [WhatIfOutcome] {
        let sequence = ServiceSequence(evidence)
        return schedulers.map { outcome(of: $0, evidence, sequence) }
    }

    private static func outcome(
        of scheduler: Scheduler, _ evidence: VirtualServiceEvidence, _ sequence: ServiceSequence
    ) -> WhatIfOutcome {
        guard scheduler != .twoRandomChoices, let type = ModelledScheduler(scheduler)?.model as? any ChoosingModel.Type
        else { return leftOut(scheduler, "chance decides") }
        guard let first = evidence.configurations.first else {
            return leftOut(scheduler, "the virtual service's settings were never read")
        }
        let input = SchedulerInput(evidence, sequence)
        var model = type.init(startingWith: sequence.service(in: first))
        var open = ConcurrencyCount(servers: sequence.servers.count)
        // A datagram that is scheduled for itself is over at once.
        let isOnePacket = first.flags.contains(.onePacket)
        var current = 0
        var counts = Array(repeating: 0, count: sequence.servers.count)
        var expected = Array(repeating: 0.0, count: sequence.servers.count)
        var placed = 0
        var refused = 0

        for (index, assignment) in evidence.assignments.enumerated() {
            while current + 1 < evidence.configurations.count,
                assignment.time >= evidence.configurations[current + 1].seen
            {
                add(placed, under: evidence.configurations[current], to: &expected, sequence)
                placed = 0
                current += 1
                model.beginChange(to: sequence.service(in: evidence.configurations[current]))
                model.endChange()
            }
            open.advance(to: assignment.time.rawValue)
            let end = assignment.duration.map { assignment.time.rawValue + $0 }
            guard assignment.isScheduled == true else {
                // What follows a template goes where it went.
                if let server = input.choice(index) { open.add(to: server, until: end) }
                continue
            }
            var attempt = input.attempt(for: assignment)
            if scheduler.asksForEntries { attempt.entries = open.entries }
            if model.choices(for: attempt).isOpen {
                return leftOut(scheduler, "the choice would rest on what the kernel does not tell")
            }
            if let server = model.choose(for: attempt) {
                counts[server] += 1
                placed += 1
                if !isOnePacket { open.add(to: server, until: end) }
            } else {
                refused += 1
            }
        }
        add(placed, under: evidence.configurations[current], to: &expected, sequence)

        let measures = FairnessMeasures(counts: counts, expected: expected)
        return WhatIfOutcome(
            scheduler: scheduler, assignments: counts.reduce(0, +), refused: refused,
            realServers: sequence.servers.indices.map {
                WhatIfShare(realServer: sequence.servers[$0], assignments: counts[$0], mostOpen: open.peak[$0])
            },
            maxShareError: measures.maxShareError, jain: measures.jain)
    }

    /// Adds what was due by weight of so many assignments.
    private static func add(
        _ count: Int, under configuration: ServiceConfiguration, to expected: inout [Double],
        _ sequence: ServiceSequence
    ) {
        var weighted = configuration
        weighted.scheduler = .weightedRoundRobin
        for (server, due) in sequence.dues(in: weighted).enumerated() { expected[server] += Double(count) * due }
    }

    private static func leftOut(_ scheduler: Scheduler, _ reason: String) -> WhatIfOutcome {
        WhatIfOutcome(scheduler: scheduler, assignments: 0, refused: 0, realServers: [], leftOut: reason)
    }
}
