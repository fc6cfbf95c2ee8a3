package import Balance
import ConnectionTracing
import Dispatch
package import IPVSModel
import PacketCapture
import PacketDecoding
package import TraceStore

/// The same as a collector, from capture files and saved readings of the kernel.
package struct Replay {
    package var vipPath: String
    package var dipPath: String
    /// In order of time; empty if nothing is known of the kernel: then services are found in the captures.
    package var kernelStates: [KernelState]
    /// What the captures show.
    package var level = CaptureLevel.full
    package var trackedConnections = CollectorOptions.defaultTrackedConnections
    /// How many threads trace; the findings are the same.
    package var threads = 1

    package init(vipPath: String, dipPath: String, kernelStates: [KernelState]) {
        self.vipPath = vipPath
        self.dipPath = dipPath
        self.kernelStates = kernelStates
    }

    /// Traces the captures and stores what is found as a run.
    ///
    /// - Returns: The evidence, read back from the store.
    /// - Throws: `CaptureError`, `StoreError` or ``CollectorError``.
    package func run(into store: TraceStore, name: String) throws -> RunEvidence {
        try run { started throws(StoreError) in try StoredReplay(in: store, name: name, started: started) }
    }

    /// Traces the captures and keeps nothing but the evidence.
    ///
    /// - Throws: `CaptureError` or ``CollectorError``.
    package func run(name: String) throws -> RunEvidence {
        try run { EvidenceKeeper(name: name, started: $0) }
    }

    private func run<Sink: ReplaySink>(into makeSink: (Timestamp) throws(StoreError) -> Sink) throws -> RunEvidence {
        let states = try kernelStates.isEmpty ? [ServiceFinder.find(vipPath: vipPath, dipPath: dipPath)] : kernelStates
        var captures = try open()
        let tunnelPorts = states.flatMap(\.virtualServices).tunnelPorts
        captures.visitEach { $0.setTunnelPorts(tunnelPorts) }
        var sink = try makeSink(states[0].observedAt)
        // The tracer is gone before the evidence is gathered: neither needs little memory.
        let summary = try trace(captures, states, into: &sink)
        return try sink.evidence(summary)
    }

    private func trace(
        _ captures: consuming CaptureSet, _ states: [KernelState], into sink: inout some ReplaySink
    ) throws -> RunSummary {
        let tracers = Tracers(
            count: threads, capacity: trackedConnections, firstConnectionID: sink.firstConnectionID, states: states,
            level: level)
        // The only snapshot is of services that were made for the captures.
        if states.count == 1 { tracers.beginWithoutTemplates() }
        var journal = ReplayJournal(
            states: states, level: level,
            counters: kernelStates.isEmpty ? .absent : states.count == 1 ? .fromZero : .growing)
        if threads == 1 {
            try captures.readFiles(
                boundary: { journal.nextMoment }, packets: { tracers.process($0, in: 0) },
                advance: { journal.advance(tracers, to: $0, &sink) })
        } else {
            let sharder = tracers.sharder
            let dealt = captures.dealt(to: threads) { [threads] in sharder.deal($0, count: threads, into: &$1) }
            try traceTogether(dealt, tracers, &journal, &sink)
        }
        return try journal.finish(tracers, &sink)
    }

    /// Reads both files at the same time, then traces what was read in all shards at the same time, and so on.
    private func traceTogether(
        _ captures: DealtCaptures, _ tracers: Tracers, _ journal: inout ReplayJournal, _ sink: inout some ReplaySink
    ) throws {
        var handedOver = Int64.min
        while true {
            DispatchQueue.concurrentPerform(iterations: captures.files) { captures.read($0) }
            guard let start = captures.earliest else { break }
            if start > handedOver { journal.advance(tracers, to: start, &sink) }
            let next = journal.nextMoment
            handedOver = captures.beginRound(boundary: next > start ? next : .max)
            DispatchQueue.concurrentPerform(iterations: tracers.count) { shard in
                captures.take(
                    shard, packets: { tracers.process($0, in: shard) }, advance: { tracers.advance(shard, to: $0) })
            }
            journal.advance(tracers, to: handedOver, &sink)
        }
        if let damage = captures.damage { throw damage }
    }

    private func open() throws(CaptureError) -> CaptureSet {
        guard vipPath != dipPath else { return CaptureSet(try Capture.open(file: vipPath, tap: .both), nil) }
        return CaptureSet(
            try Capture.open(file: vipPath, tap: .vip), try Capture.open(file: dipPath, tap: .dip))
    }
}
