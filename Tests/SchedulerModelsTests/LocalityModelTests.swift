import IPVSModel
import SchedulerModels
import Testing

extension Observation {
    fileprivate var isViolation: Bool { if case .violation = self { true } else { false } }
}

/// Servers 30, 20 and 10 of weight 1, which keep their connections.
private struct Servers {
    var list = [30, 20, 10].map {
        CountedCandidate(candidate: SchedulingCandidate(server: $0, weight: 1), active: 0, inactive: 0)
    }

    /// - Returns: What `model` says of `server`, which then has a connection more.
    mutating func observe(_ server: Int, with model: inout some LocalityModel) -> Observation {
        defer { list[list.firstIndex { $0.candidate.server == server }!].active += 1 }
        return model.observe(server, among: list, overhead: .activeAndInactive)
    }

    mutating func observe(all servers: [Int], with model: inout some LocalityModel) -> [Observation] {
        servers.map { observe($0, with: &model) }
    }
}

@Suite struct LocalityModelTests {
    static let models: [any LocalityModel.Type] = [
        LocalityBasedLeastConnection.self, ReplicatedLocalityBasedLeastConnection.self,
    ]

    /// The order of a kernel 6.1.
    @Test(arguments: models)
    func `a server is left when it has more connections than its weight`(type: any LocalityModel.Type) {
        var model = type.starting
        var servers = Servers()
        #expect(servers.observe(all: [30, 30, 20, 20, 10, 10], with: &model).allSatisfy { $0 == .conforming })
    }

    @Test(arguments: models)
    func `a server is not left before`(type: any LocalityModel.Type) {
        var model = type.starting
        var servers = Servers()
        _ = servers.observe(30, with: &model)
        #expect(
            servers.observe(20, with: &model) == .violation(Violation(expected: [30], unseenToExplain: nil)))
    }

    @Test(arguments: models)
    func `attached in mid-stream any server may be the one of the last time`(type: any LocalityModel.Type) {
        for first in [10, 20, 30] {
            var model = type.attached
            var servers = Servers()
            #expect(servers.observe(first, with: &model) == .permitted(.hiddenInput))
            servers.list[0].candidate.weight = 0
            #expect(servers.observe(30, with: &model).isViolation)
        }
    }

    @Test func `of the set the least loaded is chosen`() {
        var model = ReplicatedLocalityBasedLeastConnection.starting
        var servers = Servers()
        _ = servers.observe(all: [30, 30, 20, 20, 10, 10], with: &model)
        // All are in the set now, and nobody is idle: 20 lost its connections.
        servers.list[1].active = 1
        #expect(servers.observe(20, with: &model) == .conforming)
        var remembering = LocalityBasedLeastConnection.starting
        servers = Servers()
        _ = servers.observe(all: [30, 30, 20, 20, 10, 10], with: &remembering)
        servers.list[1].active = 1
        #expect(servers.observe(10, with: &remembering) == .conforming)
    }

    @Test(arguments: models)
    func `a server out of service is left`(type: any LocalityModel.Type) {
        var model = type.starting
        var servers = Servers()
        _ = servers.observe(30, with: &model)
        servers.list[0].candidate.weight = 0
        #expect(servers.observe(20, with: &model) == .conforming)
    }

    @Test func `anybody with a weight may be drawn, and nobody else`() {
        var model = TwoRandomChoices(attachedTo: list((30, 1), (20, 0), (10, 9)))
        #expect(model.observe(30) == .permitted(.hiddenInput))
        #expect(model.observe(20) == .violation(Violation(expected: [30, 10], unseenToExplain: nil)))
    }
}
