import Balance
import IPVSModel
import Testing

/// The same arrivals under other schedulers.
@Suite struct WhatIfTests {
    private func outcomes(_ evidence: RunEvidence) -> [String: WhatIfOutcome] {
        let outcomes = Judge.verdict(on: evidence, whatIf: true).virtualServices[0].whatIf ?? []
        return Dictionary(uniqueKeysWithValues: outcomes.map { ($0.scheduler.rawValue, $0) })
    }

    /// Servers 1, 2 and 3 of weights 4, 3 and 2.
    private func weighted(_ count: Int, clients: Int = 1, flags: VirtualService.Flags = [.hashed]) -> RunEvidence {
        let configuration = HashingVerdictTests.configuration(.roundRobin, weights: [2, 3, 4], flags: flags)
        var evidence = Synthetic.complete(Synthetic.roundRobin(count), configurations: [configuration])
        for index in 0..<count where clients > 1 {
            evidence.virtualServices[0].assignments[index].client = Endpoint(
                address: IPAddress(ipv4: 0x0a00_0000 + UInt32(index % clients)), port: 40_000)
        }
        return evidence
    }

    @Test func `nobody is told who did not ask, and the verdict is the same`() {
        var asked = Judge.verdict(on: weighted(90), whatIf: true)
        let plain = Judge.verdict(on: weighted(90))
        #expect(plain.virtualServices[0].whatIf == nil)
        #expect(asked.virtualServices[0].whatIf?.count == 14)
        asked.virtualServices[0].whatIf = nil
        #expect(asked == plain)
    }

    @Test func `every scheduler spreads the arrivals in its own way, and is measured by the weights`() throws {
        let outcomes = outcomes(weighted(900))
        let counts = { (name: String) in outcomes[name]?.realServers.map(\.assignments) }
        #expect(counts("rr") == [300, 300, 300])
        #expect(counts("wrr") == [400, 300, 200])
        #expect(counts("fo") == [900, 0, 0])
        #expect(outcomes["wrr"]?.jain == 1)
        #expect(outcomes["wrr"]?.maxShareError == 0)
        // 1/3 where 4/9 and 2/9 were due.
        let error = try #require(outcomes["rr"]?.maxShareError)
        #expect(abs(error - 1 / 9.0) < 1e-12)
        #expect(abs((outcomes["fo"]?.maxShareError ?? 0) - 5 / 9.0) < 1e-12)
        #expect(abs((outcomes["fo"]?.jain ?? 0) - 1 / 3.0) < 1e-12)
        // One client, and one address that it asks for.
        for name in ["sh", "dh", "mh"] { #expect(counts(name)?.max() == 900, "\(name)") }
        let placed = outcomes.values.filter { $0.leftOut == nil && $0.scheduler != .overflow }
        #expect(placed.allSatisfy { $0.assignments == 900 && $0.refused == 0 })
    }

    @Test(arguments: ["sh", "mh"])
    func `many clients, or ports where a flag says so, are spread by their hashes`(name: String) throws {
        let clients = try #require(outcomes(weighted(3000, clients: 3000))[name])
        let ports = try #require(outcomes(weighted(3000, flags: [.hashed, .schedulerFlag2]))[name])
        for outcome in [clients, ports] {
            #expect(outcome.assignments == 3000)
            #expect(outcome.realServers.allSatisfy { $0.assignments > 400 })
            #expect(try #require(outcome.maxShareError) < 0.1)
        }
    }

    @Test func `chance is left out`() {
        #expect(outcomes(weighted(90))["twos"]?.leftOut == "chance decides")
    }

    @Test func `those that count connections go by how long each lasted`() {
        var evidence = weighted(90)
        // Ten milliseconds apart, each lasts for two and a half arrivals: three are open when the next one comes.
        for index in 0..<90 { evidence.virtualServices[0].assignments[index].duration = 25_000_000 }
        let outcomes = outcomes(evidence)
        let counts = { (name: String) in outcomes[name]?.realServers.map(\.assignments) ?? [] }
        let open = { (name: String) in outcomes[name]?.realServers.map(\.mostOpen) ?? [] }
        #expect(counts("rr") == [30, 30, 30])
        #expect(open("rr") == [1, 1, 1])
        // What is open counts 256 times what is over, so that the two least burdened take turns with the third.
        #expect(counts("lc") == [30, 30, 30])
        #expect(counts("wlc") == [30, 30, 30])
        #expect(counts("nq") == [30, 30, 30])
        // The heaviest takes five, and never has so many.
        #expect(counts("ovf") == [90, 0, 0])
        #expect(open("ovf") == [3, 0, 0])
        // Never above its weight, the first stays.
        #expect(counts("lblc").max() == 90)
    }

    @Test func `with many open at once the weights tell`() {
        var evidence = weighted(900)
        for index in 0..<900 { evidence.virtualServices[0].assignments[index].duration = 895_000_000 }
        let wlc = outcomes(evidence)["wlc"]?.realServers ?? []
        #expect(wlc.map(\.assignments) == [400, 300, 200])
        #expect(wlc.map(\.mostOpen) == [40, 30, 20])
    }

    @Test func `without ends everything stays open`() {
        let outcomes = outcomes(weighted(12))
        // Weights 4, 3, 2: each takes one connection more, and then there is nobody.
        #expect(outcomes["ovf"]?.realServers.map(\.assignments) == [5, 4, 3])
        #expect(outcomes["ovf"]?.realServers.map(\.mostOpen) == [5, 4, 3])
        #expect(self.outcomes(weighted(20))["ovf"]?.refused == 8)
    }

    @Test func `what the kernel does not tell leaves a scheduler out`() {
        let configuration = HashingVerdictTests.configuration(.roundRobin, weights: [1, 1, 0])
        var evidence = Synthetic.complete([3, 2, 3, 2], configurations: [configuration])
        #expect(outcomes(evidence)["mh"]?.leftOut == "the choice would rest on what the kernel does not tell")
        #expect(outcomes(evidence)["dh"]?.leftOut == nil)
        evidence.virtualServices[0].identity = .firewallMark(7, isIPv6: false)
        #expect(outcomes(evidence)["dh"]?.leftOut == "the choice would rest on what the kernel does not tell")
    }

    @Test func `changes of the configuration are followed, and due by the weights of their time`() {
        let settings = [
            Synthetic.configuration([(3, 1), (2, 1), (1, 1)]),
            Synthetic.configuration([(3, 0), (2, 1), (1, 3)], between: 0.295, and: 0.305),
        ]
        let outcomes = outcomes(Synthetic.complete(Synthetic.roundRobin(70), configurations: settings))
        #expect(outcomes["rr"]?.realServers.map(\.assignments) == [30, 30, 10])
        #expect(outcomes["wrr"]?.realServers.map(\.assignments) == [40, 20, 10])
        #expect(outcomes["wrr"]?.jain == 1)
        #expect(outcomes["fo"]?.realServers.map(\.assignments) == [40, 0, 30])
    }

    @Test func `arrivals without anybody to choose are counted apart`() {
        let settings = [
            Synthetic.equal, Synthetic.configuration([(3, 0), (2, 0), (1, 0)], between: 0.301, and: 0.305),
        ]
        let outcomes = outcomes(Synthetic.complete(Synthetic.roundRobin(40), configurations: settings))
        for name in ["rr", "wrr", "fo", "sh", "dh", "mh"] {
            #expect(outcomes[name]?.assignments == 30, "\(name)")
            #expect(outcomes[name]?.refused == 10, "\(name)")
        }
    }

    @Test func `who follows a template is not asked for`() {
        var evidence = weighted(90)
        for index in 0..<45 { evidence.virtualServices[0].assignments[index * 2].isScheduled = false }
        #expect(outcomes(evidence)["wrr"]?.realServers.map(\.assignments) == [20, 15, 10])
    }
}
