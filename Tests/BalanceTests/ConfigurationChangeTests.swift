import Balance
import IPVSModel
import Testing

private func judge(_ servers: [Int], _ configurations: [ServiceConfiguration]) -> ServiceVerdict {
    Judge.verdict(on: Synthetic.complete(servers, configurations: configurations)).virtualServices[0]
}

/// Assignments are ten milliseconds apart: number i (from 0) is at (i + 1) / 100 s.
@Suite struct ConfigurationChangeTests {
    @Test(arguments: 95...105)
    func `a weight set to 0 at an uncertain moment passes`(changeAt: Int) {
        let after = Synthetic.configuration([(3, 1), (2, 0), (1, 1)], between: 0.9, and: 1.1)
        var servers = Synthetic.roundRobin(changeAt)
        while servers.count < 200 { servers.append(servers.last == 1 ? 3 : 1) }
        let service = judge(servers, [Synthetic.equal, after])
        #expect(service.verdict == .pass, "\(service.reasons)")
        #expect(service.conformance.explained.map(\.cause) == ["configuration_changed"])
        #expect(service.conformance.explained[0].detail == "10.10.10.20:80 weight 1 → 0")
        #expect(service.conformance.explained[0].time == UTCTime(Synthetic.time(1.1)))
        #expect(service.conformance.explained[0].count > 0)
    }

    @Test func `a server of weight 0 that is chosen after the change was seen fails`() {
        let after = Synthetic.configuration([(3, 1), (2, 0), (1, 1)], between: 0.9, and: 1.1)
        let service = judge(Synthetic.roundRobin(200), [Synthetic.equal, after])
        #expect(service.verdict == .fail)
        // The first choice of server 2 at 1.1 s or later.
        #expect(service.conformance.unexplained[0].number == 110)
        #expect(service.conformance.unexplained[0].actual == Synthetic.server(2))
        #expect(service.conformance.unexplained[0].unseenToExplain == nil)
        #expect(service.conformance.unaccountedToChange == nil)
    }

    @Test(arguments: 95...105)
    func `a server added at the head passes`(changeAt: Int) {
        let after = Synthetic.configuration([(4, 1), (3, 1), (2, 1), (1, 1)], between: 0.9, and: 1.1)
        var servers = Synthetic.roundRobin(changeAt)
        while servers.count < 200 { servers.append([4: 3, 3: 2, 2: 1, 1: 4][servers[servers.count - 1]]!) }
        let service = judge(servers, [Synthetic.equal, after])
        #expect(service.verdict == .pass, "\(service.reasons)")
        #expect(service.conformance.explained[0].detail == "10.10.10.40:80 added with weight 1")
        #expect(service.realServers.count == 4)
    }

    @Test(arguments: 95...105)
    func `a server deleted passes, wherever the cursor stood`(changeAt: Int) {
        for deleted in 1...3 {
            let rest = [3, 2, 1].filter { $0 != deleted }
            let after = Synthetic.configuration(rest.map { ($0, 1) }, between: 0.9, and: 1.1)
            var servers = Synthetic.roundRobin(changeAt)
            while servers.count < 200 {
                let next = [3: 2, 2: 1, 1: 3]
                let candidate = next[servers[servers.count - 1]]!
                servers.append(candidate == deleted ? next[candidate]! : candidate)
            }
            let service = judge(servers, [Synthetic.equal, after])
            #expect(service.verdict == .pass, "\(deleted) at \(changeAt): \(service.reasons)")
            #expect(service.conformance.explained[0].detail == "\(Synthetic.server(deleted)) removed")
        }
    }

    @Test func `two changes in consecutive readings are both allowed for`() {
        let configurations = [
            Synthetic.equal, Synthetic.configuration([(3, 1), (2, 0), (1, 1)], between: 0.9, and: 1.1),
            Synthetic.configuration([(3, 1), (2, 1), (1, 1)], between: 1.1, and: 1.3),
        ]
        let right = Synthetic.roundRobin(99) + (0..<20).map { [3, 1][$0 % 2] } + Synthetic.roundRobin(60)
        #expect(judge(right, configurations).verdict == .pass)
        let tooLong = Synthetic.roundRobin(99) + (0..<40).map { [3, 1][$0 % 2] }
        // At 1.3 s server 2 is back for certain; the next time it is passed over is number 131.
        #expect(judge(tooLong, configurations).conformance.unexplained.first?.number == 131)
    }

    @Test func `a server with an upper threshold may be passed over`() {
        let configuration = Synthetic.configuration([(3, 1), (2, 1), (1, 1)], upperThreshold: 10)
        let service = judge(Synthetic.roundRobin(30) + [3, 1, 3, 1, 3, 2, 1, 3, 2, 1], [configuration])
        #expect(service.verdict == .pass)
        #expect(service.conformance.explained.map(\.cause) == ["overload"])
        #expect(service.conformance.explained[0].count == 2)
    }

    @Test func `a stretch under a scheduler without a model is not checked`() {
        let configurations = [
            Synthetic.equal,
            Synthetic.configuration(
                [(3, 1), (2, 1), (1, 1)], between: 0.5, and: 0.505, scheduler: .init(rawValue: "unheard-of")),
            Synthetic.configuration([(3, 1), (2, 1), (1, 1)], between: 1.0, and: 1.005),
        ]
        let servers = Synthetic.roundRobin(50) + Array(repeating: 3, count: 50) + Synthetic.roundRobin(60)
        let service = judge(servers, configurations)
        #expect(service.verdict == .inconclusive)
        #expect(service.reasons[0] == "no model yet for unheard-of: 51 assignments not checked")
        #expect(service.conformance.checked == 109)
        #expect(
            service.conformance.explained.map(\.detail) == ["scheduler rr → unheard-of", "scheduler unheard-of → rr"])
    }

    @Test func `a scheduler bound anew begins at the head of the list`() {
        let configurations = [
            Synthetic.configuration([(3, 1), (2, 1), (1, 1)], scheduler: .init(rawValue: "wlc")),
            Synthetic.configuration([(3, 1), (2, 1), (1, 1)], between: 0.491, and: 0.499),
        ]
        let from = { (first: Int) in
            judge(
                Array(repeating: 3, count: 49) + Array(Synthetic.roundRobin(50).drop { $0 != first }), configurations)
        }
        #expect(from(3).verdict == .inconclusive)
        #expect(from(3).conformance.unexplainedTotal == 0)
        #expect(from(2).verdict == .fail)
    }

    @Test func `an assignment to a server nobody configured fails`() {
        var servers = Synthetic.roundRobin(30)
        servers[15] = 7
        let service = judge(servers, [Synthetic.equal])
        #expect(service.verdict == .fail)
        #expect(service.conformance.unexplained[0].actual == Synthetic.server(7))
        #expect(service.realServers.last?.weight == nil)
        #expect(service.reasons[1].contains("where no unaccounted connection explains it"))
    }

    @Test func `no more than a hundred violations are listed, and all are counted`() {
        let service = judge(Array(repeating: 3, count: 500), [Synthetic.equal])
        #expect(service.verdict == .fail)
        #expect(service.conformance.unexplained.count == 100)
        #expect(service.conformance.unexplainedTotal == 499)
    }
}
