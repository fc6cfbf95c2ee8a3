import IPVSModel
import SchedulerModels
import TestSupport
import Testing

/// Models that stand in for a kernel, beside what they say of choices, and beside simulated kernels.
@Suite struct ChoosingModelTests {
    static let choosing = ModelledScheduler.allCases.filter {
        $0 != .twoRandomChoices && !$0.model.scheduler.asksForEntries
    }

    private func attempt(_ random: inout SeededGenerator) -> Attempt {
        Attempt(
            client: Endpoint(
                address: IPAddress(ipv4: .random(in: 0...UInt32.max, using: &random)),
                port: .random(in: 1024...65_535, using: &random)), destination: IPAddress("192.168.122.100"))
    }

    private func service(_ random: inout SeededGenerator, weights: ClosedRange<Int32>) -> ScheduledService {
        let count = Int.random(in: 1...6, using: &random)
        let all: [VirtualService.Flags] = [[], .schedulerFlag1, .schedulerFlag2, [.schedulerFlag1, .schedulerFlag2]]
        return ScheduledService(
            candidates: (0..<count).shuffled(using: &random).map {
                SchedulingCandidate(
                    server: $0, weight: .random(in: weights, using: &random),
                    endpoint: Endpoint(address: IPAddress(ipv4: 0x0a0a_0a01 + UInt32($0)), port: 80))
            }, flags: all.randomElement(using: &random) ?? [])
    }

    @Test(arguments: choosing)
    func `what a model chooses is what its own kind calls conforming`(scheduler: ModelledScheduler) throws {
        let type = try #require(scheduler.model as? any ChoosingModel.Type)
        var chosen = 0
        for seed in 0..<40 {
            var random = SeededGenerator(seed: UInt64(seed))
            let settings = [service(&random, weights: 1...9), service(&random, weights: 0...9)]
            var model = type.init(startingWith: settings[0])
            var fresh: any SchedulerModel = scheduler.model.init(startingWith: settings[0])
            var attached: any SchedulerModel = scheduler.model.init(attachedTo: settings[0])
            for (part, service) in settings.enumerated() {
                if part > 0 {
                    model.beginChange(to: service)
                    model.endChange()
                    fresh.beginChange(to: service)
                    fresh.endChange()
                    attached.beginChange(to: service)
                    attached.endChange()
                }
                for _ in 0..<60 {
                    let attempt = attempt(&random)
                    guard let server = model.choose(for: attempt) else {
                        let choices = model.choices(for: attempt)
                        #expect(choices.isOpen || choices.mayBeNobody && choices.servers.isEmpty)
                        continue
                    }
                    chosen += 1
                    #expect(fresh.observe(server, for: attempt) == .conforming, "seed \(seed)")
                    #expect(attached.observe(server, for: attempt) == .conforming, "seed \(seed)")
                }
            }
        }
        #expect(chosen > 2000)
    }

    /// One change at a time, of which the model is told as it happens.
    private func follow<Kernel: SimulatedKernel>(_: Kernel.Type) where Kernel.Model: ChoosingModel {
        for seed in 0..<100 {
            var random = SeededGenerator(seed: UInt64(seed))
            var kernel = Kernel(
                (0..<3).map { SimulatedDestination(server: $0, weight: .random(in: 0...5, using: &random)) })
            var model = Kernel.Model(startingWith: kernel.candidates)
            var next = 3
            for step in 0..<300 {
                if Int.random(in: 0..<20, using: &random) == 0 {
                    let place = Int.random(in: 0..<kernel.list.count, using: &random)
                    switch Int.random(in: 0..<3, using: &random) {
                    case 0 where kernel.list.count < 8:
                        kernel.add(SimulatedDestination(server: next, weight: .random(in: 0...5, using: &random)))
                        next += 1
                    case 1 where kernel.list.count > 1: kernel.remove(at: place)
                    default: kernel.edit(at: place, weight: (kernel.list[place].weight + 1) % 6)
                    }
                    model.change(to: kernel.candidates)
                }
                #expect(model.choose(for: Kernel.Model.anyAttempt) == kernel.schedule(), "seed \(seed), step \(step)")
            }
        }
    }

    @Test func `round robin chooses as the kernel does, through every change`() { follow(KernelRoundRobin.self) }

    @Test func `weighted round robin chooses as the kernel does, through every change`() {
        follow(KernelWeightedRoundRobin.self)
    }

    @Test func `what is not known is not chosen`() {
        let candidates = [SchedulingCandidate(server: 0, weight: 1), SchedulingCandidate(server: 1, weight: 1)]
        let service = ScheduledService(candidates: candidates)
        var destination = DestinationHashing(startingWith: service)
        let marked = Attempt(client: Endpoint("192.168.122.1:40000")!, destination: nil)
        #expect(destination.choices(for: marked).isOpen)
        #expect(destination.choose(for: marked) == nil)
        var chance = TwoRandomChoices(startingWith: service)
        #expect(chance.choose(for: marked) == nil)
        var idle = RoundRobin(startingWith: list((0, 0), (1, 0)))
        #expect(idle.choose(for: marked) == nil)
        #expect(idle.choices(for: marked).mayBeNobody)
    }
}
