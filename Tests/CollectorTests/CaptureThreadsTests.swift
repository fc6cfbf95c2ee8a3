import Balance
import Collector
import ConnectionTracing
import Foundation
import IPVSModel
import PacketCapture
import PacketDecoding
import Testing
import TraceStore

/// A live capture by several threads finds what one by a single thread finds.
struct CaptureThreadsTests {
    /// Everything a capture thread has to tell.
    private struct Findings {
        var records: [ConnectionRecord]
        var events: [TraceEvent]
        var captures: [CaptureStatus]
        var realServers: [RealServerTrace]
        var unmatchedPackets: [UInt64]
        var foreignPackets: UInt64

        init(_ thread: CaptureThread) {
            let output = thread.takeOutput()
            records = output.found.connections.sorted { $0.id < $1.id }
            events = output.found.events.sorted { $0.time < $1.time }
            let (trace, captures) = thread.peek { ($0.trace, $0.captures) }
            self.captures = captures
            realServers = trace.virtualServices.flatMap(\.realServers)
            unmatchedPackets = trace.virtualServices.map(\.unmatchedPackets)
            foreignPackets = trace.foreignPackets
        }
    }

    /// What threads find that capture at the same time while `recording` is sent, as by a one-armed director.
    private static func findings(_ recording: Recording, threads: [Int], settings: [KernelState]) throws -> [Findings] {
        let wire = try Wire()
        let captures = try threads.map { try wire.capture(settings[0], threads: $0) }
        for capture in captures { capture.start() }
        let packets = (recording.vip + recording.dip).sorted { $0.time < $1.time }
        for (index, state) in settings.enumerated() {
            for capture in captures { capture.post(state) }
            // The thread looks for messages between two waits for packets.
            Thread.sleep(forTimeInterval: 0.3)
            let part = packets.count * index / settings.count..<packets.count * (index + 1) / settings.count
            try wire.send(packets[part].map { Array($0.bytes[16...]) })
            // The ring hands over what it holds within its timeout, and it is traced a moment later.
            Thread.sleep(forTimeInterval: 0.3)
        }
        for capture in captures { capture.stop() }
        return captures.map(Findings.init)
    }

    private static func expectSame(_ several: Findings, as alone: Findings) {
        #expect(several.records == alone.records)
        #expect(several.events == alone.events)
        #expect(several.captures == alone.captures)
        #expect(several.realServers.map(\.captured) == alone.realServers.map(\.captured))
        #expect(several.realServers.map(\.translated) == alone.realServers.map(\.translated))
        #expect(several.realServers.map(\.outcomes) == alone.realServers.map(\.outcomes))
        #expect(several.realServers.map(\.connectLatency) == alone.realServers.map(\.connectLatency))
        #expect(several.unmatchedPackets == alone.unmatchedPackets)
        #expect(several.foreignPackets == alone.foreignPackets)
    }

    @Test(arguments: ["web", "mixed"])
    func `the same packets give the same records, counts and ids to any number of threads`(name: String) throws {
        let recording = try Recording(name)
        let settings = [recording.states[0]]
        let found = try Self.findings(recording, threads: [1, 2, 3], settings: settings)
        #expect(found[0].records.count > 10)
        #expect(found[0].captures.map(\.packetsReceived) == [UInt64(recording.vip.count + recording.dip.count)])
        Self.expectSame(found[1], as: found[0])
        Self.expectSame(found[2], as: found[0])
    }

    @Test func `a real server that is new is followed by all threads`() throws {
        let recording = try Recording("web")
        let full = recording.states[0]
        var first = full
        for service in first.virtualServices.indices { first.virtualServices[service].realServers.removeLast() }
        let found = try Self.findings(recording, threads: [1, 2], settings: [first, full])
        #expect(Set(found[0].records.map(\.realServer)).count > 2)
        Self.expectSame(found[1], as: found[0])
    }

    @Test func `when a service becomes persistent connections that are open are not counted twice`() throws {
        let recording = try Recording("web")
        let plain = recording.states[0]
        var persistent = plain
        for service in persistent.virtualServices.indices {
            persistent.virtualServices[service].flags.insert(.persistent)
            persistent.virtualServices[service].persistenceTimeout = 300
            persistent.virtualServices[service].persistencePrefixLength = 32
        }
        let found = try Self.findings(recording, threads: [1, 3], settings: [plain, persistent])
        let (alone, several) = (found[0], found[1])
        #expect(several.realServers.map(\.captured) == alone.realServers.map(\.captured))
        #expect(several.unmatchedPackets == alone.unmatchedPackets)
        #expect(several.records.count { $0.origin.isAssignment } == alone.records.count { $0.origin.isAssignment })
        #expect(several.records.contains { $0.origin == .beganBefore })
    }
}
