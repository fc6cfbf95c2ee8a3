import Balance
import ConnectionTracing
import IPVSModel
import TraceStore

/// What a replay does besides tracing: it looks at the kernel's readings when their time comes, and writes what was
/// found.
struct ReplayJournal {
    private var recorder: EvidenceRecorder
    private var pending: Moments
    private let lastReading: Timestamp
    private var level: LevelChange?
    private var problem: StoreError?

    /// - Parameter level: What the captures show.
    init(states: [KernelState], level: CaptureLevel, counters: EvidenceRecorder.Counters) {
        self.level = LevelChange(time: states[0].observedAt, level: level, cause: .began)
        recorder = EvidenceRecorder(counters: counters)
        pending = Moments(states: states)
        lastReading = states[states.count - 1].observedAt
    }

    /// The next time at which ``advance(_:to:_:)`` must be called exactly.
    var nextMoment: Int64 { pending.next }

    /// Called when every packet before `time` was traced, and none after it.
    mutating func advance(_ tracers: Tracers, to time: Int64, _ sink: inout some ReplaySink) {
        pass(time, tracers, &sink)
        tracers.advance(to: time)
        if tracers.pendingRecords >= type(of: sink).batch { write(tracers.takeOutput(), &sink) }
    }

    /// Called when every packet was traced.
    mutating func finish(_ tracers: Tracers, _ sink: inout some ReplaySink) throws(StoreError) -> RunSummary {
        pass(.max, tracers, &sink)
        var isFinished = false
        while !isFinished {
            isFinished = tracers.finish(limit: type(of: sink).batch)
            write(tracers.takeOutput(), &sink)
        }
        if let problem { throw problem }
        let ended = max(Timestamp(rawValue: tracers.lastPacket), lastReading)
        return recorder.summary(ended: ended, packetsDropped: 0, trace: tracers.summary())
    }

    private mutating func pass(_ time: Int64, _ tracers: Tracers, _ sink: inout some ReplaySink) {
        if let level { write([StoreBatch(levels: [level])], &sink) }
        level = nil
        for (time, moment) in pending.take(upTo: time) {
            switch moment {
            case .beforeLag: recorder.noteCaptured(tracers.summary(), at: time)
            case .reading(let state):
                // Entries that expired since the last packet are none that the reading lacks.
                if time.rawValue < .max { tracers.advance(to: time.rawValue) }
                tracers.update(to: state)
                if let entries = state.connections { tracers.observe(entries, began: state.observedAt) }
                write([recorder.observe(state, trace: tracers.summary())], &sink)
            }
        }
    }

    /// After a failure nothing more is written.
    private mutating func write(_ parts: [StoreBatch], _ sink: inout some ReplaySink) {
        guard problem == nil else { return }
        do throws(StoreError) {
            try sink.write(parts)
        } catch {
            problem = error
        }
    }
}

/// The moments of a replay at which the recorder wants to look, in order of time.
private struct Moments {
    enum Moment {
        /// As long before the last reading as the kernel's counters may lag.
        case beforeLag
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
            moments.append((beforeLag, .beforeLag))
        }
        moments.sort { $0.time < $1.time }
    }

    /// The time of the next moment; the end of time if there is none.
    var next: Int64 { moments.first?.time.rawValue ?? .max }

    mutating func take(upTo time: Int64) -> [(time: Timestamp, moment: Moment)] {
        let count = moments.prefix { $0.time.rawValue <= time }.count
        guard count > 0 else { return [] }
        defer { moments.removeFirst(count) }
        return Array(moments[..<count])
    }
}
