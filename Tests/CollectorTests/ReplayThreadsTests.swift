import Balance
import Collector
import Foundation
import IPVSModel
import PacketCapture
import TestSupport
import Testing

/// A replay by several threads finds what one by a single thread finds.
struct ReplayThreadsTests {
    /// Evidence and verdicts, to be compared as a whole.
    private struct Findings: Equatable {
        var run: RunDescription
        var assignments: [AssignmentList]
        var configurations: [[ServiceConfiguration]]
        var realServers: [[RealServerEvidence]]
        var causes: [[DifferenceCause: UInt64]]
        var unmatchedPackets: [UInt64]
        var tables: [TableEvidence?]
        var verdicts: [Verdict]

        init(_ evidence: RunEvidence) {
            let services = evidence.virtualServices
            run = evidence.run
            assignments = services.map(\.assignments)
            configurations = services.map(\.configurations)
            realServers = services.map(\.realServers)
            causes = services.map(\.causes)
            unmatchedPackets = services.map(\.unmatchedPackets)
            tables = services.map(\.table)
            verdicts = Judge.verdict(on: evidence).virtualServices.map(\.verdict)
        }
    }

    @Test(arguments: ["web", "mixed"], [2, 3, 8])
    func `a recording gives the same evidence with any number of threads`(name: String, threads: Int) throws {
        for states in 0...2 {
            var recording = try Recording(name)
            recording.states = recording.states.suffix(states)
            let alone = try Findings(recording.replayInMemory())
            #expect(try Findings(recording.replayInMemory(threads: threads)) == alone)
        }
    }

    @Test(arguments: UInt64(0)..<10)
    func `a recording with holes gives the same evidence with two threads`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var recording = try Recording("web")
        recording.vip.removeAll { _ in Int.random(in: 0..<5, using: &random) == 0 }
        recording.dip.removeAll { _ in Int.random(in: 0..<5, using: &random) == 0 }
        let alone = try Findings(recording.replayInMemory())
        #expect(try Findings(recording.replayInMemory(threads: 2)) == alone)
    }

    @Test func `a damaged capture is named with several threads as well`() throws {
        var recording = try Recording("web")
        recording.cut = 100
        let problem = try #require(throws: CaptureError.self) { try recording.replayInMemory(threads: 2) }
        #expect(problem.code == .damaged)
        #expect(problem.subject.hasSuffix("/dip.pcap"))
    }

    @Test func `one capture of a one-armed director is traced by several threads`() throws {
        let folder = try TemporaryFolder()
        var recording = try Recording("web")
        recording.vip = (recording.vip + recording.dip).sorted { $0.time < $1.time }
        try recording.write(to: folder)
        let path = folder.path("vip.pcap")
        var replay = Replay(vipPath: path, dipPath: path, kernelStates: recording.states)
        let alone = try Findings(replay.run(name: "test"))
        replay.threads = 2
        #expect(try Findings(replay.run(name: "test")) == alone)
        #expect(alone.verdicts == [.pass])
    }
}
