import Balance
import ConnectionTracing
import IPVSModel
import Testing
import TraceStore

struct ConfigurationChangesTests {
    /// Every kind of change, one after the other.
    private static let configurations: [ServiceConfiguration] = {
        var list = [ServiceConfiguration.seen(at: .midnight, [(.rs1, 1), (.rs2, 1)])]
        func change(_ edit: (inout ServiceConfiguration) -> Void) {
            var next = list[list.count - 1]
            next.notBefore = ExampleRun.time(Int64(list.count) * 1_000 - 500)
            next.seen = ExampleRun.time(Int64(list.count) * 1_000)
            edit(&next)
            list.append(next)
        }
        change { $0.scheduler = .weightedRoundRobin }
        change { $0.flags = [.hashed, .persistent] }
        change { $0.persistenceTimeout = 300 }
        change { $0.persistencePrefixLength = 24 }
        change { $0.realServers[0].weight = 5 }
        change { $0.realServers[1].upperThreshold = 100 }
        change { $0.realServers[0].forwardingMethod = .directRouting }
        change { $0.realServers.append(ConfiguredRealServer(endpoint: .rs3, weight: 2)) }
        change { $0.realServers.remove(at: 0) }
        change { $0.realServers.swapAt(0, 1) }
        change {
            $0.scheduler = .roundRobin
            $0.realServers[0].weight = 0
            $0.realServers[0].lowerThreshold = 3
            $0.realServers[0].forwardingMethod = .directRouting
            $0.realServers[1].weight = 7
        }
        return list
    }()

    @Test func `the view tells changes in the same words as the verdict`() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("changes.sqlite")
        let store = try TraceStore.open(path: path)
        let run = try store.beginRun(name: "changes", started: .midnight)
        for configuration in Self.configurations { try store.write(configuration, of: .web, run: run) }
        let report = Judge.verdict(on: try store.evidence(run: run))
        let told = try #require(report.virtualServices.first).conformance.explained.map(\.detail)
        let shown = try SQLiteTool.run(
            "SELECT change FROM configuration_changes WHERE is_change ORDER BY time", on: path)
        #expect(told.count == Self.configurations.count - 1)
        #expect(shown == told)
        #expect(shown.contains("order of the real servers"))
    }

    @Test func `changes of one virtual service are told apart from those of another`() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("changes.sqlite")
        let store = try TraceStore.open(path: path)
        let run = try store.beginRun(name: "changes", started: .midnight)
        try store.write(.seen(at: .midnight, [(.rs1, 1)]), of: .web, run: run)
        try store.write(.seen(at: .midnight, [(.rs6, 4)]), of: .marked, run: run)
        try store.write(.seen(at: ExampleRun.time(1), [(.rs1, 2)]), of: .web, run: run)
        #expect(
            try SQLiteTool.run("SELECT virtual_service, is_change, change FROM configuration_changes", on: path) == [
                "tcp/192.168.122.100:80|0|rr, 10.10.10.10:80 weight 1", "fwmark/7/ipv6|0|rr, [fd00::10]:8080 weight 4",
                "tcp/192.168.122.100:80|1|10.10.10.10:80 weight 1 → 2",
            ])
    }
}
