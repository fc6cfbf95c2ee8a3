import Balance
import IPVSModel
import Testing

/// Entries of one client to 192.168.122.100:80.
private func entries(
    _ rows: [(port: UInt16, server: Int)], state: ConnectionState = .synReceived, client: String = "192.168.122.1"
) -> [ConnectionEntry] {
    rows.map { row in
        ConnectionEntry(
            transportProtocol: .tcp, client: Endpoint("\(client):\(row.port)")!,
            virtual: Endpoint("192.168.122.100:80")!, realServer: Synthetic.server(row.server), state: state,
            expiresIn: 30)
    }
}

/// As many entries as servers, from port 50000 on.
private func inTurn(_ servers: [Int], state: ConnectionState = .established) -> [ConnectionEntry] {
    entries(servers.enumerated().map { (UInt16(50_000 + $0.offset), $0.element) }, state: state)
}

@Suite struct EntriesJudgeTests {
    /// As a student's terminal showed it: in the table's order, not in that of the ports.
    private static let listing = entries([
        (55989, 1), (55991, 2), (55990, 3), (55988, 2), (55993, 3), (55992, 1),
    ])

    @Test func `six entries in turn are perfect round robin, and still waiting for the handshake`() {
        let report = EntriesJudge.verdict(on: Self.listing)
        #expect(report.verdict == .inconclusive)
        #expect(report.reasons[0].hasPrefix("a listing does not name the scheduler"))
        let service = report.virtualServices[0]
        #expect(service.virtualService == Synthetic.service)
        #expect(service.order.finding == .roundRobin)
        #expect(service.order.inOrder == 6)
        #expect(service.order.cycle == [2, 1, 3].map(Synthetic.server))
        #expect(service.realServers.map(\.entries) == [2, 2, 2])
        #expect(service.states.map(\.state) == [.synReceived])
        #expect(service.states.map(\.entries) == [6])
        #expect(service.hints.count == 1)
        #expect(service.hints[0].hasPrefix("all 6 entries are still in SYN_RECV: the handshake never completed."))
        #expect(service.hints[0].contains("ip_forward=1"))
        #expect(service.hints[0].contains("SYN flood"))
    }

    @Test(
        arguments: [
            ([2, 1, 3, 2, 3, 1], 5, 1), ([2, 2, 1, 3], 2, nil), ([1, 2, 1, 3], 3, nil), ([1, 2, 3, 1, 2, 1], 6, 3),
        ] as [([Int], Int, Int?)])
    func `the first entry out of turn is named`(servers: [Int], number: Int, expected: Int?) throws {
        let order = EntriesJudge.verdict(on: inTurn(servers)).virtualServices[0].order
        #expect(order.finding == .broken)
        #expect(order.inOrder == number - 1)
        let firstBreak = try #require(order.firstBreak)
        #expect(firstBreak.number == number)
        #expect(firstBreak.client.port == UInt16(50_000 + number - 1))
        #expect(firstBreak.realServer == Synthetic.server(servers[number - 1]))
        #expect(firstBreak.expected == expected.map(Synthetic.server))
    }

    @Test(arguments: [
        ([1], EntriesOrder.Finding.tooFew), ([1, 2, 3], .tooFew), ([1, 1, 1], .oneRealServer),
        ([1, 2, 1], .roundRobin),
    ])
    func `what cannot be told from few entries is not claimed`(servers: [Int], finding: EntriesOrder.Finding) {
        #expect(EntriesJudge.verdict(on: inTurn(servers)).virtualServices[0].order.finding == finding)
    }

    @Test func `several clients leave the order open`() {
        let all = entries([(1000, 1), (1001, 2)]) + entries([(1000, 3), (1001, 1)], client: "192.168.122.2")
        let service = EntriesJudge.verdict(on: all).virtualServices[0]
        #expect(service.order.finding == .severalClients)
        #expect(service.clients == 2)
        #expect(service.entries == 4)
    }

    @Test func `templates and repeated rows are left out`() {
        let template = entries([(0, 1)])
        let service = EntriesJudge.verdict(on: Self.listing + Self.listing + template).virtualServices[0]
        #expect(service.entries == 6)
        #expect(service.templates == 1)
        #expect(service.order.finding == .roundRobin)
        #expect(service.hints.contains { $0.hasPrefix("1 persistence template left out") })
    }

    @Test func `services are judged apart`() {
        var other = Self.listing
        for index in other.indices { other[index].virtual = Endpoint("192.168.122.100:443")! }
        let report = EntriesJudge.verdict(on: other + Self.listing)
        #expect(
            report.virtualServices.map(\.virtualService.description) == [
                "tcp/192.168.122.100:80", "tcp/192.168.122.100:443",
            ])
        #expect(report.virtualServices.allSatisfy { $0.order.finding == .roundRobin })
    }

    @Test func `a real server whose handshakes never complete is named`() {
        let all = inTurn([1, 2, 1, 2]) + entries([(60_000, 3), (60_001, 3)])
        let hints = EntriesJudge.verdict(on: all).virtualServices[0].hints
        #expect(hints.count == 1)
        #expect(hints[0].hasPrefix("2 of 6 entries in SYN_RECV, among them every entry of 10.10.10.30:80"))
    }

    @Test func `a few handshakes under way are no alarm`() {
        let all = inTurn([1, 2, 3, 1, 2]) + entries([(60_000, 3)])
        #expect(
            EntriesJudge.verdict(on: all).virtualServices[0].hints
                == ["1 of 6 entries in SYN_RECV: handshakes under way, or never completed."])
    }

    @Test func `refusals are named`() {
        let all = inTurn([1, 2, 1, 2]) + entries([(60_000, 3), (60_001, 3)], state: .close)
        let hints = EntriesJudge.verdict(on: all).virtualServices[0].hints
        #expect(hints.count == 1)
        #expect(
            hints[0].hasPrefix("2 of 6 entries in CLOSE: connections that were reset, as by 10.10.10.30:80 refusing"))
    }

    @Test func `established connections need no hint`() {
        #expect(EntriesJudge.verdict(on: inTurn([1, 2, 3, 1, 2, 3])).virtualServices[0].hints.isEmpty)
    }

    @Test func `an empty listing says so`() {
        let report = EntriesJudge.verdict(on: [])
        #expect(report.verdict == .inconclusive)
        #expect(report.reasons[0] == "no entries")
    }
}
