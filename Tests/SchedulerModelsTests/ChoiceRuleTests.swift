import IPVSModel
import SchedulerModels
import Testing

private let vip = IPAddress("192.168.122.100")

private func from(_ client: String) -> Attempt {
    Attempt(client: Endpoint(address: IPAddress(client)!, port: 40_000), destination: vip)
}

@Suite struct FailoverTests {
    @Test func `everything goes to the heaviest, the first of equals`() {
        var model = Failover(attachedTo: list((30, 3), (20, 3), (10, 1)))
        #expect(model.observe(all: [30, 30, 30]).allSatisfy { $0 == .conforming })
        #expect(model.observe(20) == .violation(Violation(expected: [30], unseenToExplain: nil)))
        model.change(to: list((30, 0), (20, 3), (10, 1)))
        #expect(model.observe(20) == .conforming)
        model.change(to: list((30, 0), (20, 0), (10, 0)))
        #expect(model.observe(20) == .violation(Violation(expected: [], unseenToExplain: nil)))
        #expect(model.mayChooseNobody(for: from("172.16.0.1")))
    }

    @Test func `the next heaviest stands in for one that may be overloaded`() {
        let candidates = [
            SchedulingCandidate(server: 30, weight: 1), SchedulingCandidate(server: 20, weight: 2),
            SchedulingCandidate(server: 10, weight: 3, hasUpperThreshold: true),
        ]
        var model = Failover(attachedTo: candidates)
        #expect(model.observe(10) == .conforming)
        #expect(model.observe(20) == .permitted(.overload))
        #expect(model.observe(30) == .violation(Violation(expected: [10, 20], unseenToExplain: nil)))
    }

    @Test func `while a change is pending both lists hold`() {
        var model = Failover(attachedTo: list((30, 3), (20, 2), (10, 1)))
        model.beginChange(to: list((30, 0), (20, 2), (10, 1)))
        #expect(model.observe(30) == .permitted(.configurationChange))
        #expect(model.observe(20) == .permitted(.configurationChange))
        #expect(model.observe(10) == .violation(Violation(expected: [30, 20], unseenToExplain: nil)))
        model.endChange()
        #expect(model.observe(30) == .violation(Violation(expected: [20], unseenToExplain: nil)))
    }

    @Test func `after several changes at once anybody's turn may have come in between`() {
        var model = Failover(attachedTo: list((30, 3), (20, 2), (10, 1)))
        model.beginChange(to: list((30, 0), (20, 0), (10, 1)))
        #expect(model.observe(20) == .permitted(.configurationChange))
        model.endChange()
        #expect(model.observe(10) == .conforming)
    }
}

@Suite struct HashingTests {
    @Test func `one destination is one server, and weights but 0 mean nothing`() {
        var model = DestinationHashing(attachedTo: list((30, 1), (20, 1), (10, 1)))
        let choice = [10, 20, 30].filter {
            var copy = model
            return copy.observe($0) == .conforming
        }
        #expect(choice.count == 1)
        model.change(to: list((30, 5), (20, 7), (10, 9)))
        #expect(model.observe(choice[0]) == .conforming)
        model.change(to: list((30, 0), (20, 0), (10, 0)))
        #expect(model.observe(choice[0]) == .violation(Violation(expected: [], unseenToExplain: nil)))
    }

    @Test func `without a destination anybody who has a weight may be chosen`() {
        var model = DestinationHashing(attachedTo: list((30, 1), (20, 0)))
        let attempt = Attempt(client: Endpoint("172.16.0.1:40000")!, destination: nil)
        #expect(model.observe(30, for: attempt) == .permitted(.hiddenInput))
        #expect(model.observe(20, for: attempt) == .violation(Violation(expected: [30], unseenToExplain: nil)))
    }

    @Test func `source hashing asks the port only if told to`() {
        let service = { (flags: VirtualService.Flags) in
            ScheduledService(candidates: list((30, 1), (20, 1), (10, 1)), flags: flags)
        }
        let expected = { (model: SourceHashing, port: UInt16) in
            [10, 20, 30].filter { server in
                var copy = model
                let client = Endpoint(address: IPAddress("172.16.0.1")!, port: port)
                return copy.observe(server, for: Attempt(client: client, destination: vip)) == .conforming
            }
        }
        let ports = (1024..<1124).map(UInt16.init)
        #expect(Set(ports.map { expected(SourceHashing(attachedTo: service([])), $0) }).count == 1)
        #expect(Set(ports.map { expected(SourceHashing(attachedTo: service([.schedulerFlag2])), $0) }).count == 3)
    }

    @Test func `a server out of service is replaced only with the flag for it`() {
        let clients = (0..<100).map { from("172.16.0.\($0)") }
        let candidates = list((30, 0), (20, 1), (10, 1))
        let nobody = { (flags: VirtualService.Flags) in
            let model = SourceHashing(attachedTo: ScheduledService(candidates: candidates, flags: flags))
            return clients.count { model.mayChooseNobody(for: $0) }
        }
        #expect((10...60).contains(nobody([])))
        #expect(nobody([.schedulerFlag1]) == 0)
    }

    @Test func `what a server had before it was set to 0 is not known, and from then on it is`() {
        let endpoints = [10, 20, 30].map { Endpoint("10.10.10.\($0):80")! }
        let service = { (weights: [Int32]) in
            ScheduledService(
                candidates: zip(weights, endpoints).enumerated().map {
                    SchedulingCandidate(server: $0.offset, weight: $0.element.0, endpoint: $0.element.1)
                })
        }
        var model = MaglevHashing(attachedTo: service([1, 1, 0]))
        #expect(model.observe(0) == .permitted(.hiddenInput))
        #expect(model.observe(2) == .violation(Violation(expected: [0, 1], unseenToExplain: nil)))
        for weights in [[1, 1, 4], [1, 1, 0]] as [[Int32]] {
            model.beginChange(to: service(weights))
            model.endChange()
        }
        let counts = (0..<600).map { number in
            let attempt = from("172.16.\(number / 200).\(number % 200)")
            if model.mayChooseNobody(for: attempt) { return 2 }
            return [0, 1].first { server in
                var copy = model
                return copy.observe(server, for: attempt) == .conforming
            }
        }.reduce(into: [0, 0, 0]) { counts, choice in counts[choice!] += 1 }
        #expect((350...450).contains(counts[2]), "the place of the server is kept: \(counts)")
        #expect((70...130).contains(counts[0]))
    }
}
