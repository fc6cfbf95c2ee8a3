import Balance
import IPVSModel
import TestSupport
import Testing

/// How often a verdict is right where packets of a real run were lost, through decoder, tracer and audit.
@Suite struct PowerReplayTests {
    /// `recording` with a hundredth of its packets lost on either side; `nil` if all were kept.
    private func lossy(_ recording: Recording, seed: Int) -> Recording? {
        var generator = SeededGenerator(seed: UInt64(seed))
        var lossy = recording
        lossy.vip.removeAll { _ in Int.random(in: 0..<100, using: &generator) == 0 }
        lossy.dip.removeAll { _ in Int.random(in: 0..<100, using: &generator) == 0 }
        return lossy.vip.count + lossy.dip.count < recording.vip.count + recording.dip.count ? lossy : nil
    }

    /// The recorded run, where the kernel gave two connections in a row to one another's real servers.
    private func exchanged(_ recording: Recording, at place: Int) throws -> Recording {
        var exchanged = recording
        let ports = Array(recording.clientPorts[place...(place + 1)])
        let servers = try ports.map { port in
            Array(try #require(recording.dip.first { $0.isSYN && $0.clientPort == port }?.destination))
        }
        for index in exchanged.dip.indices {
            if exchanged.dip[index].clientPort == ports[0] {
                exchanged.dip[index].move(from: servers[0], to: servers[1])
            }
            if exchanged.dip[index].clientPort == ports[1] {
                exchanged.dip[index].move(from: servers[1], to: servers[0])
            }
        }
        return exchanged
    }

    private func judge(_ place: Int, _ what: String, _ recordings: (Int) throws -> Recording?) throws -> [Verdict] {
        let verdicts = try (0..<PowerTrials.runs).compactMap { try recordings($0) }.map { recording in
            Judge.verdict(on: try recording.replayInMemory()).verdict
        }
        try PowerTrials.keep(place, what, Dictionary(verdicts.map { ($0.rawValue, 1) }, uniquingKeysWith: +))
        return verdicts
    }

    @Test func `a hundredth of the packets lost never makes a real run fail`() throws {
        let recording = try Recording("web")
        let verdicts = try judge(8, "a recorded run of 60 connections in turn, 1 % of packets lost") {
            lossy(recording, seed: $0)
        }
        #expect(!verdicts.isEmpty)
        #expect(!verdicts.contains(.fail))
    }

    @Test func `a hundredth of the packets lost never lets an exchange in a real run pass`() throws {
        let recording = try Recording("web")
        let complete = try exchanged(recording, at: 30)
        #expect(Judge.verdict(on: try complete.replayInMemory()).verdict == .fail)
        let verdicts = try judge(9, "the same with two neighbours exchanged, 1 % of packets lost") { seed in
            lossy(try exchanged(recording, at: seed % 59), seed: seed)
        }
        #expect(!verdicts.isEmpty)
        #expect(!verdicts.contains(.pass))
    }
}
