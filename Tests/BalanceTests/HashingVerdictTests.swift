import Balance
import IPVSModel
import Testing

private func judge(_ evidence: RunEvidence) -> ServiceVerdict { Judge.verdict(on: evidence).virtualServices[0] }

/// Schedulers whose choice follows from list and packet alone.
@Suite struct HashingVerdictTests {
    static func configuration(
        _ scheduler: Scheduler, weights: [Int32] = [1, 1, 1], flags: VirtualService.Flags = [.hashed]
    ) -> ServiceConfiguration {
        Synthetic.configuration(
            [(3, weights[0]), (2, weights[1]), (1, weights[2])], scheduler: scheduler, flags: flags)
    }

    @Test func `failover gives everything to the heaviest, and a single connection is enough`() {
        let settings = [Self.configuration(.failover, weights: [1, 5, 5])]
        let service = judge(Synthetic.complete([2, 2, 2], configurations: settings))
        #expect(service.verdict == .pass)
        #expect(service.realServers.map(\.expected) == [0, 3, 0])
        #expect(judge(Synthetic.complete([2], configurations: settings)).verdict == .pass)

        let wrong = judge(Synthetic.complete([2, 2, 1], configurations: settings))
        #expect(wrong.verdict == .fail)
        #expect(wrong.conformance.unexplained.map(\.number) == [3])
        #expect(wrong.conformance.unexplained[0].expected == [Synthetic.server(2)])
        #expect(wrong.reasons[1].contains("1 of them went where no unaccounted connection explains it"))
    }

    @Test(arguments: [Scheduler.sourceHashing, .maglevHashing, .destinationHashing])
    func `one client goes to one server, and only to that`(scheduler: Scheduler) {
        // All synthetic connections are one client's.
        let verdicts = (1...3).map {
            judge(
                Synthetic.complete(
                    Array(repeating: $0, count: 50), configurations: [Self.configuration(scheduler)]
                ))
        }
        #expect(verdicts.map(\.verdict).sorted { $0.rawValue < $1.rawValue } == [.fail, .fail, .pass])
        #expect(verdicts.allSatisfy { $0.conformance.checked == 50 && $0.conformance.model == scheduler.rawValue })
    }

    @Test(arguments: [Scheduler.sourceHashing, .maglevHashing])
    func `the client's port is asked with the flag for it`(scheduler: Scheduler) {
        let settings = [Self.configuration(scheduler, flags: [.hashed, .schedulerFlag2])]
        let service = judge(Synthetic.complete(Array(repeating: 1, count: 60), configurations: settings))
        #expect(service.verdict == .fail)
        #expect((20...55).contains(service.conformance.unexplainedTotal))
    }

    @Test func `where no choice can be told right from wrong there is no verdict`() {
        let settings = [Self.configuration(.maglevHashing, weights: [0, 1, 1])]
        let service = judge(Synthetic.complete([1, 2, 1, 1], configurations: settings))
        #expect(service.verdict == .inconclusive)
        #expect(service.reasons == ["every choice rests on what the kernel does not tell"])
        #expect(service.conformance.explained.map(\.cause) == ["hidden_input"])
        #expect(service.conformance.explained.map(\.count) == [4])
    }

    @Test func `choices that stayed unseen are no verdict`() {
        let service = judge(Synthetic.complete([0, 0], configurations: [Self.configuration(.failover)]))
        #expect(service.verdict == .inconclusive)
        #expect(service.reasons.contains("no connection whose choice was seen"))
    }
}
