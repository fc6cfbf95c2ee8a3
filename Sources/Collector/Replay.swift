package import Balance
import ConnectionTracing
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
        let captures = try open()
        var sink = try makeSink(states[0].observedAt)
        // The tracer is gone before the evidence is gathered: neither needs little memory.
        let summary = try trace(captures, states, into: &sink)
        return try sink.evidence(summary)
    }

    private func trace<Sink: ReplaySink>(
        _ captures: consuming CaptureSet, _ states: [KernelState], into sink: inout Sink
    ) throws -> RunSummary {
        var captures = captures
        var tracer = ConnectionTracer(capacity: trackedConnections, firstConnectionID: sink.firstConnectionID)
        tracer.setLevel(level, at: states[0].observedAt)
        for state in states { tracer.update(to: state) }
        var recorder = EvidenceRecorder(
            counters: kernelStates.isEmpty ? .absent : states.count == 1 ? .fromZero : .growing)
        var pending = Moments(states: states)
        var problem: StoreError?

        func write(_ batch: StoreBatch) {
            guard problem == nil else { return }
            do throws(StoreError) {
                try sink.write(batch)
            } catch {
                problem = error
            }
        }
        write(StoreBatch(levels: [LevelChange(time: states[0].observedAt, level: level, cause: .began)]))
        func pass(_ time: Int64) {
            for moment in pending.take(upTo: time) {
                switch moment {
                case .beforeLag(let time): recorder.noteCaptured(tracer.summary(), at: time)
                case .reading(let state):
                    if let entries = state.connections { tracer.observe(entries, began: state.observedAt) }
                    let (configurations, events) = recorder.observe(state, trace: tracer.summary())
                    write(StoreBatch(events: events, configurations: configurations))
                }
            }
        }

        try captures.readFiles(
            boundary: { pending.next },
            packets: { tracer.process($0) },
            advance: { time in
                pass(time)
                tracer.advance(to: time)
                if tracer.pendingRecords >= Sink.batch {
                    write(StoreBatch(connections: tracer.takeRecords(), events: tracer.takeEvents()))
                }
            })
        pass(.max)
        var isFinished = false
        while !isFinished {
            isFinished = tracer.finish(limit: Sink.batch)
            write(StoreBatch(connections: tracer.takeRecords(), events: tracer.takeEvents()))
        }
        if let problem { throw problem }
        let ended = max(Timestamp(rawValue: tracer.lastPacket), states[states.count - 1].observedAt)
        return recorder.summary(ended: ended, packetsDropped: 0, trace: tracer.summary())
    }

    private func open() throws(CaptureError) -> CaptureSet {
        guard vipPath != dipPath else { return CaptureSet(try Capture.open(file: vipPath, tap: .both), nil) }
        return CaptureSet(
            try Capture.open(file: vipPath, tap: .vip), try Capture.open(file: dipPath, tap: .dip))
    }
}

/// The moments of a replay at which the recorder wants to look, in order of time.
private struct Moments {
    enum Moment {
        /// As long before the last reading as the kernel's counters may lag.
        case beforeLag(Timestamp)
        case reading(KernelState)
    }

    private var moments: [(time: Timestamp, moment: Moment)]

    init(states: [KernelState]) {
        moments = states.map { ($0.observedAt, .reading($0)) }
        guard states.count > 1 else {
            // The only snapshot was taken after the captures, whatever their clocks say.
            moments[0].time = Timestamp(rawValue: .max)
            return
        }
        for state in [states[0], states[states.count - 1]] {
            let beforeLag = state.observedAt.advanced(by: .zero - EvidenceRecorder.counterLag)
            moments.append((beforeLag, .beforeLag(beforeLag)))
        }
        moments.sort { $0.time < $1.time }
    }

    /// The time of the next moment; the end of time if there is none.
    var next: Int64 { moments.first?.time.rawValue ?? .max }

    mutating func take(upTo time: Int64) -> [Moment] {
        let count = moments.prefix { $0.time.rawValue <= time }.count
        guard count > 0 else { return [] }
        defer { moments.removeFirst(count) }
        return moments[..<count].map(\.moment)
    }
}
