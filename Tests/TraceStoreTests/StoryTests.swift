import Balance
import ConnectionTracing
import IPVSModel
import Testing
import TraceStore

struct StoryTests {
    private func story(_ write: (TraceStore) throws -> Int64) throws -> RunStory {
        let folder = try TemporaryFolder()
        let store = try TraceStore.open(path: folder.path("test.sqlite"))
        defer { try? store.close() }
        return try store.story(run: try write(store))
    }

    @Test func `the example's connections are added up by real server`() throws {
        let story = try story { try ExampleRun.write(to: $0) }
        #expect(story.run.state == .finished)
        #expect(story.run.verdict == "fail")
        #expect(story.packetsDropped == 2)
        let web = try #require(story.services[.web])
        #expect(web.realServers.map(\.realServer) == [.rs1, .rs2, nil])
        #expect(web.realServers.map(\.connections) == [3, 1, 1])
        // One to rs2 followed a live entry: no assignment.
        #expect(web.realServers.map { $0.assignments.reduce(0, +) } == [3, 0, 1])
        #expect(web.realServers[0].outcomes == ["closed": 2, "reset_by_client": 1])
        #expect(web.realServers[2].outcomes == ["not_forwarded": 1])
        #expect(web.realServers.map(\.repeatedByClient) == [1, 0, 2])
        #expect(web.realServers.map(\.repeatedByRealServer) == [0, 0, 0])
    }

    @Test func `times are those between two packets that were seen, of assignments`() throws {
        let story = try story { try ExampleRun.write(to: $0) }
        let web = try #require(story.services[.web])
        let expected: [LatencyMeasure: Double] = [
            .forwardingDelayIn: 0.000_02, .realServerConnect: 0.000_5, .clientHandshake: 0.001, .handshake: 0.001_54,
            .timeToFirstByte: 0.038_4, .duration: 0.045,
        ]
        for (measure, value) in expected {
            let times = try #require(web.realServers[0].latencies[measure])
            #expect(times.count == 3, "\(measure)")
            #expect(times.p50 == value, "\(measure)")
            #expect(web.latencies[measure]?.max == value, "\(measure)")
            #expect(web.realServers[1].latencies[measure]?.count == 0, "\(measure)")
            #expect(web.realServers[2].latencies[measure]?.count == 0, "\(measure)")
        }
        let heat = try #require(web.heat[.realServerConnect])
        let bands = try #require(heat.used)
        #expect(bands.map { LatencyHeat.bounds[$0] } == [500_000])
        #expect(heat.counts[bands.lowerBound].reduce(0, +) == 3)
        #expect(heat.counts[bands.lowerBound][story.axis.index(of: ExampleRun.time(100))] == 1)
    }

    @Test func `events are counted by kind, the first of them kept, with the client of their connection`() throws {
        let story = try story { store in
            let run = try ExampleRun.write(to: store)
            try store.write(
                StoreBatch(
                    events: (0..<9).map {
                        TraceEvent(
                            time: ExampleRun.time(900 - $0), kind: .refused, virtualService: .web, realServer: .rs1,
                            connection: 2, detail: "number \($0)")
                    }), run: run)
            return run
        }
        let web = try #require(story.services[.web])
        #expect(web.events.map(\.kind) == ["refused", "port_reused"])
        #expect(web.events.map(\.count) == [9, 1])
        #expect(web.events[0].first.map(\.detail) == (4...8).reversed().map { "number \($0)" })
        #expect(web.events[0].first[0].client == ExampleRun.client(1002))
        #expect(web.events[0].first[0].realServer == .rs1)
        #expect(story.events.map(\.kind) == ["configuration_changed"])
        #expect(story.events[0].first[0].client == nil)
    }

    @Test func `the last reading of the kernel in each step is kept`() throws {
        let story = try story { try ExampleRun.write(to: $0) }
        let reading = try #require(story.services[.web]?.realServers[0].readings.first)
        #expect(story.services[.web]?.realServers[0].readings.count == 1)
        #expect([reading.active, reading.inactive, reading.tracedActive, reading.tracedInactive] == [1, 2, 1, 3])
        #expect(reading.weight == 3)
    }

    @Test func `a run without an end reaches to what was last seen, and another run's rows are not in it`() throws {
        let story = try story { store in
            try ExampleRun.write(to: store)
            let run = try store.beginRun(name: "second", started: ExampleRun.time(0))
            try store.write([.http(9, at: ExampleRun.time(8_000), client: ExampleRun.client, to: .rs1)], run: run)
            return run
        }
        #expect(story.run.state == .running)
        #expect(story.packetsDropped == nil)
        #expect(story.axis.step == 500_000_000)
        #expect(story.axis.count == 17)
        let servers = try #require(story.services[.web]?.realServers)
        #expect(servers.map(\.connections) == [1])
        #expect(servers[0].assignments.last == 1)
    }

    @Test func `a run in which nothing happened has an empty story`() throws {
        let story = try story { try $0.beginRun(name: "nothing", started: ExampleRun.start) }
        #expect(story.services.isEmpty && story.events.isEmpty)
        #expect(story.axis.count == 1)
    }

    @Test(arguments: [
        (0, 1, 1), (39, 1, 40), (40, 2, 21), (1_000, 50, 21), (2_900, 100, 30), (60_000, 2_000, 31),
        (3_600_000, 120_000, 31), (86_400_000, 3_600_000, 25), (86_400_000 * 365, 864_000_000, 37),
    ])
    func `a time axis has at most forty steps, of a length that people count in`(span: Int64, step: Int64, count: Int) {
        let axis = TimeAxis(from: ExampleRun.start, to: ExampleRun.time(span))
        #expect(axis.step == step * 1_000_000)
        #expect(axis.count == count)
        #expect(axis.index(of: ExampleRun.start) == 0)
        #expect(axis.index(of: ExampleRun.time(span)) == count - 1)
        #expect(axis.index(of: ExampleRun.time(span + 1_000_000_000_000)) == count - 1)
        #expect(axis.index(of: ExampleRun.time(-5)) == 0)
    }
}
