import IPVSModel
import SchedulerModels
import Testing

/// Connections that stay, one after the other, on servers 30, 20 and 10 of the kernel's list.
private func sequence<Rule: CountingRule>(
    _: Rule.Type, _ weights: [Int32], _ count: Int, overhead: ConnectionOverhead = .activeAndInactive
) -> [Int?] {
    var servers = zip([30, 20, 10], weights.reversed()).map {
        CountedCandidate(candidate: SchedulingCandidate(server: $0, weight: $1), active: 0, inactive: 0)
    }
    return (0..<count).map { _ in
        let choice = Rule.choices(among: servers, overhead: overhead).servers.first
        for index in servers.indices where servers[index].candidate.server == choice { servers[index].active += 1 }
        return choice
    }
}

private func counted(
    _ server: Int, _ weight: Int32, _ active: Int, _ inactive: Int = 0, hasUpperThreshold: Bool = false,
    isOverloaded: Bool? = nil
) -> CountedCandidate {
    CountedCandidate(
        candidate: SchedulingCandidate(server: server, weight: weight, hasUpperThreshold: hasUpperThreshold),
        active: active, inactive: inactive, isOverloaded: isOverloaded)
}

/// Orders of a kernel 6.1; weights are those of servers 10, 20 and 30.
@Suite struct CountingRuleTests {
    @Test(arguments: ConnectionOverhead.allCases)
    func `known orders`(overhead: ConnectionOverhead) {
        #expect(sequence(LeastConnection.self, [1, 5, 9], 6, overhead: overhead) == [30, 20, 10, 30, 20, 10])
        #expect(sequence(WeightedLeastConnection.self, [1, 2, 3], 6, overhead: overhead) == [30, 20, 10, 30, 20, 30])
        #expect(sequence(ShortestExpectedDelay.self, [1, 2, 3], 6) == [30, 20, 30, 30, 20, 10])
        #expect(sequence(NeverQueue.self, [1, 2, 3], 6) == [30, 20, 10, 30, 30, 20])
        #expect(
            sequence(Overflow.self, [2, 3, 1], 10) == [20, 20, 20, 20, 10, 10, 10, 30, 30, nil])
    }

    @Test func `servers without a weight and overloaded ones are passed over`() {
        let servers = [counted(30, 0, 0), counted(20, 1, 0, isOverloaded: true), counted(10, 1, 99)]
        let rules: [any CountingRule.Type] = [
            LeastConnection.self, WeightedLeastConnection.self, ShortestExpectedDelay.self, NeverQueue.self,
        ]
        for rule in rules {
            #expect(rule.choices(among: servers, overhead: .activeAndInactive).servers == [10])
        }
        #expect(Overflow.choices(among: servers, overhead: .activeAndInactive).servers == [])
    }

    @Test func `the two overheads differ where inactive connections are many`() {
        let servers = [counted(30, 1, 1, 255), counted(20, 1, 2, 0)]
        #expect(LeastConnection.choices(among: servers, overhead: .activeAndInactive).servers == [30])
        // 256 + 256 of all, and 512 + 2.
        #expect(LeastConnection.choices(among: servers, overhead: .activeAndAll).servers == [30])
        let close = [counted(30, 1, 1, 257), counted(20, 1, 2, 0)]
        #expect(LeastConnection.choices(among: close, overhead: .activeAndInactive).servers == [20])
        #expect(LeastConnection.choices(among: close, overhead: .activeAndAll).servers == [30])
    }

    @Test func `who may be overloaded may be chosen or passed over`() {
        let servers = [counted(30, 1, 0, hasUpperThreshold: true), counted(20, 1, 5), counted(10, 1, 9)]
        let choices = LeastConnection.choices(among: servers, overhead: .activeAndInactive)
        #expect(choices.servers == [30, 20])
        #expect(!choices.mayBeNobody)
        let alone = LeastConnection.choices(among: Array(servers.prefix(1)), overhead: .activeAndInactive)
        #expect(alone.servers == [30])
        #expect(alone.mayBeNobody)
    }

    @Test func `an idle server comes first, however light`() {
        let servers = [counted(30, 100, 1), counted(20, 1, 0, 1000)]
        #expect(NeverQueue.choices(among: servers, overhead: .activeAndInactive).servers == [20])
        #expect(ShortestExpectedDelay.choices(among: servers, overhead: .activeAndInactive).servers == [30])
    }
}
