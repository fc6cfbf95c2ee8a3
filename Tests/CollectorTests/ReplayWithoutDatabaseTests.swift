import Balance
import Collector
import Foundation
import IPVSModel
import TestSupport
import Testing

/// A replay without a database judges on the same evidence as one with it.
struct ReplayWithoutDatabaseTests {
    private static func json(_ evidence: RunEvidence) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        return String(decoding: try encoder.encode(Judge.verdict(on: evidence)), as: UTF8.self)
    }

    private static func expectSame(_ recording: Recording) throws {
        let stored = try recording.replay()
        let kept = try recording.replayInMemory()
        #expect(kept.run == stored.run)
        #expect(kept.virtualServices.map(\.identity) == stored.virtualServices.map(\.identity))
        for (kept, stored) in zip(kept.virtualServices, stored.virtualServices) {
            #expect(kept.assignments == stored.assignments)
            #expect(kept.configurations == stored.configurations)
            #expect(kept.realServers == stored.realServers)
        }
        #expect(try json(kept) == json(stored))
    }

    @Test(arguments: ["web", "mixed"], [0, 1, 2])
    func `a recording gives the same evidence, however much is known of the kernel`(name: String, states: Int) throws {
        var recording = try Recording(name)
        recording.states = recording.states.suffix(states)
        try Self.expectSame(recording)
    }

    @Test(arguments: UInt64(0)..<10)
    func `a recording with holes gives the same evidence`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var recording = try Recording("web")
        recording.vip.removeAll { _ in Int.random(in: 0..<5, using: &random) == 0 }
        recording.dip.removeAll { _ in Int.random(in: 0..<5, using: &random) == 0 }
        try Self.expectSame(recording)
    }

    @Test func `of a connection that is written twice the last row counts`() throws {
        var recording = try Recording("web")
        // A straggler comes long after the connection was written.
        let ports = recording.clientPorts
        let last = try #require(recording.vip.last)
        for port in ports.prefix(20) {
            let straggler = try #require(recording.vip.last { $0.clientPort == port })
            recording.vip.append(
                straggler.moved(bySeconds: last.time / 1_000_000_000 - straggler.time / 1_000_000_000 + 4))
        }
        recording.vip.sort { $0.time < $1.time }
        try Self.expectSame(recording)
        let assignments = try recording.replayInMemory().virtualServices.flatMap(\.assignments)
        #expect(assignments.count == 60)
        #expect(Set(assignments.map(\.connection)).count == 60)
    }

    @Test func `a service without traffic and a run without packets have evidence as well`() throws {
        var recording = try Recording("web")
        recording.vip = []
        recording.dip = []
        try Self.expectSame(recording)
        #expect(try recording.replayInMemory().virtualServices.count == 1)
    }
}
