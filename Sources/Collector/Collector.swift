package import Balance
import ConnectionTracing
import Foundation
import IPVSKernel
import IPVSModel
import PacketCapture
import PacketDecoding
package import TraceStore

/// The running whole: capture, kernel readings and store, started in this order and stopped in reverse.
package final class Collector: Sendable {
    /// How quiet it must be before counters and connections are taken for settled.
    package static let quiet: Duration = .milliseconds(2_500)

    package let store: TraceStore
    /// The run that everything collected belongs to.
    package let run: Int64
    private let capture: CaptureThread
    private let kernel: KernelThread
    private let writer: StoreThread

    /// Opens everything and starts collecting; when this returns the baseline of the audit is taken.
    ///
    /// - Throws: `KernelError`, `CaptureError`, `StoreError` or ``CollectorError``: the first thing that is missing.
    package init(
        _ options: CollectorOptions, runName: String, command: [String] = [], labels: [String: String] = [:]
    ) throws {
        let kernel = LiveKernel()
        let state = try kernel.read(includingConnections: false)
        let captures = try Self.openCaptures(options, state)
        store = try TraceStore.open(path: options.databasePath, settingAsideDamaged: true)
        try store.apply(options.retention)
        let started = Timestamp.now()
        let tracers = Tracers(
            count: options.threads, capacity: options.trackedConnections,
            firstConnectionID: try store.nextConnectionID(), states: [state])
        let recording = try options.recordingPath.map { try KernelRecording(path: $0 + "/kernel.jsonl") }
        run = try store.beginRun(name: runName, command: command, labels: labels, started: started)
        var writing = StoreThread.Options()
        writing.retention = options.retention
        writer = StoreThread(store: store, run: run, options: writing, tell: options.tell)
        capture = CaptureThread(captures: captures, tracers: tracers, level: options.level, started: started)
        self.kernel = KernelThread(
            kernel: kernel, capture: capture, store: writer, recording: recording, interval: options.interval,
            sampleInterval: options.sampleInterval, started: started,
            keepsRollingVerdict: options.keepsRollingVerdict)
        writer.start()
        capture.start()
        self.kernel.readBaseline()
        self.kernel.start()
    }

    private static func openCaptures(
        _ options: CollectorOptions, _ state: KernelState
    ) throws -> sending LiveCaptures {
        let isOneArmed = options.vipInterface == options.dipInterface
        let (services, level) = (state.virtualServices, options.level.initial)
        let vipFilter = CaptureFilter(services: services, vip: true, dip: isOneArmed, level: level)
        let dipFilter = CaptureFilter(services: services, vip: false, dip: true, level: level)
        let vipTap = isOneArmed ? Tap.both : .vip
        guard options.threads == 1 else {
            let captures = FannedCaptures(threads: options.threads)
            try captures.open(
                interface: options.vipInterface, tap: vipTap, filter: vipFilter, options: options.capture)
            if !isOneArmed {
                try captures.open(
                    interface: options.dipInterface, tap: .dip, filter: dipFilter, options: options.capture)
            }
            return LiveCaptures(captures)
        }
        if let folder = options.recordingPath {
            do {
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            } catch {
                throw CollectorError(
                    code: .unwritable, description: "\(folder): the folder cannot be made; choose another")
            }
        }
        var first = try Capture.open(interface: options.vipInterface, tap: vipTap, options: options.capture)
        try first.setFilter(vipFilter)
        if let folder = options.recordingPath { try first.record(to: folder + "/vip.pcap") }
        guard !isOneArmed else { return LiveCaptures(CaptureSet(first, nil)) }
        var second = try Capture.open(interface: options.dipInterface, tap: .dip, options: options.capture)
        try second.setFilter(dipFilter)
        if let folder = options.recordingPath { try second.record(to: folder + "/dip.pcap") }
        return LiveCaptures(CaptureSet(first, second))
    }

    /// The latest state of everything.
    package var snapshot: CollectorSnapshot? { kernel.snapshot }

    /// Waits until no packet of a virtual service was seen for so long that the kernel has counted them all.
    ///
    /// - Parameter limit: How long at most.
    /// - Returns: Whether it became quiet.
    package func waitUntilQuiet(limit: Duration) -> Bool {
        let deadline = Timestamp.now().advanced(by: limit)
        while true {
            // What was captured last may still be on its way to the tracer.
            Thread.sleep(forTimeInterval: 0.2)
            let now = Timestamp.now()
            if now.since(capture.peek { $0.lastPacket }) >= Self.quiet { return true }
            if now >= deadline { return false }
        }
    }

    /// Ends collecting, and the run with it.
    ///
    /// - Returns: The evidence, read back from the store.
    package func stop() throws(StoreError) -> RunEvidence {
        let recorder = kernel.stop()
        capture.stop()
        let trace = capture.peek { $0.trace }
        let output = capture.takeOutput()
        writer.noteLoss(rows: output.recordsDropped, from: kernel.published)
        writer.offer(output.found)
        let unwritten = writer.stop()
        let dropped = capture.peek { $0.packetsDropped }
        try store.write(StoreBatch(gaps: unwritten), run: run)
        try store.finish(run: run, recorder.summary(ended: .now(), packetsDropped: dropped, trace: trace))
        return try store.evidence(run: run)
    }
}
