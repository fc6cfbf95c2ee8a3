import Balance
import ConnectionTracing
import Foundation
package import IPVSKernel
package import IPVSModel
import PacketCapture
import Synchronization
import TraceStore

/// Reads the kernel once an interval, on a thread of its own: hands configuration and table to the tracer, samples
/// and what the tracer wrote to the store, and publishes the snapshot that everybody else looks at.
package final class KernelThread: Sendable {
    fileprivate struct State: Sendable {
        var recorder = EvidenceRecorder()
        var reading = KernelReading()
        var snapshot: CollectorSnapshot?
        var stops = false
        var dropsSeen: UInt64 = 0
        var tablePlan: TableReadingPlan
        /// When the tracer's output was last fetched.
        var published: Timestamp
        var sampled: Timestamp?
        /// Of connections that ended since the last sample.
        var latencies: [VirtualServiceIdentity: [Endpoint: RealServerLatencies]] = [:]
    }

    /// Confinement: the kernel thread's, and before that begins, of whoever reads the baseline; nobody waits for it.
    private struct Watch: Sendable {
        /// `nil` if nobody wants a rolling verdict.
        var rolling: RollingJudge?
        var drains = DrainObserver()
    }

    private let watch: Mutex<Watch>
    private let kernel: LiveKernel
    private let capture: CaptureThread
    private let store: StoreThread
    private let recording: KernelRecording?
    private let interval: Duration
    private let sampleInterval: Duration
    private let started: Timestamp
    private let state: Mutex<State>
    private let wakeUp = DispatchSemaphore(value: 0)
    private let finished = DispatchSemaphore(value: 0)

    package init(
        kernel: LiveKernel, capture: CaptureThread, store: StoreThread, recording: KernelRecording?,
        interval: Duration, sampleInterval: Duration = .seconds(1), started: Timestamp,
        keepsRollingVerdict: Bool = false
    ) {
        watch = Mutex(Watch(rolling: keepsRollingVerdict ? RollingJudge() : nil))
        self.kernel = kernel
        self.capture = capture
        self.store = store
        self.recording = recording
        self.interval = interval
        self.sampleInterval = sampleInterval
        self.started = started
        state = Mutex(State(tablePlan: TableReadingPlan(interval: interval), published: started))
    }

    package var snapshot: CollectorSnapshot? { state.withLock { $0.snapshot } }

    /// When the tracer's output was last fetched.
    package var published: Timestamp { state.withLock { $0.published } }

    /// Takes the first reading, the baseline of the audit; returns when it is known what was captured before it.
    package func readBaseline() {
        waitForCounters()
        read(isExact: true)
    }

    package func start() {
        let thread = Thread { [self] in
            while !state.withLock({ $0.stops }) {
                _ = wakeUp.wait(timeout: .now() + interval / .seconds(1))
                if !state.withLock({ $0.stops }) { read(isExact: false) }
            }
            finished.signal()
        }
        thread.name = "kernel"
        thread.start()
    }

    /// Ends the thread after a last reading; returns the recorder, which knows the baseline and that reading.
    package func stop() -> EvidenceRecorder {
        state.withLock { $0.stops = true }
        wakeUp.signal()
        finished.wait()
        // Nothing was captured after the last packet: what had been captured by then is known exactly.
        let (trace, lastPacket) = capture.peek { ($0.trace, $0.lastPacket) }
        state.withLock { $0.recorder.noteCaptured(trace, at: lastPacket) }
        read(isExact: true)
        return state.withLock { $0.recorder }
    }

    /// Waits, for as long as the kernel's counters may lag, until they hold everything that happened so far.
    private func waitForCounters() {
        let deadline = Timestamp.now().advanced(by: EvidenceRecorder.counterLag)
        while Timestamp.now() < deadline {
            if let totals = try? LiveTotals.read(), totals.live == totals.folded { return }
            Thread.sleep(forTimeInterval: 0.05)
        }
    }

    /// Reads the kernel once.
    ///
    /// - Parameter isExact: Whether to wait until every packet captured before the reading was traced, so that both
    ///   counts are of the same moment.
    private func read(isExact: Bool) {
        let clock = ContinuousClock()
        var reading = state.withLock { $0.reading }
        var found = StoreBatch()
        do throws(KernelError) {
            let begin = clock.now
            let kernelState = try kernel.read(includingConnections: false)
            reading.duration = clock.now - begin
            reading.state = kernelState
            reading.problem = nil
            capture.post(kernelState)
            let trace = isExact ? exactTrace(at: kernelState.observedAt) : capture.peek { $0.trace }
            found = state.withLock { $0.recorder.observe(kernelState, trace: trace) }
            found.events += observe(kernelState, trace: trace)
            if isSampleDue(at: kernelState.observedAt) || isExact {
                found.samples = kernelState.virtualServices.map {
                    TrafficSample($0, at: kernelState.observedAt, trace: trace)
                }
            }
            let entries = try readTable(&reading, of: kernelState, isForced: isExact, &found.events)
            if isExact || !found.configurations.isEmpty {
                var recorded = kernelState
                recorded.connections = entries
                recording?.append(recorded)
            }
        } catch {
            if reading.problem == nil {
                found.events.append(TraceEvent(time: .now(), kind: .kernelUnreadable, detail: error.description))
            }
            reading.problem = error.description
        }
        publish(reading, found)
    }

    /// Whether it is time for another row of the time series. Readings come a little late or early.
    private func isSampleDue(at time: Timestamp) -> Bool {
        state.withLock { state in
            if let sampled = state.sampled, time.since(sampled) < sampleInterval - interval / 2, time >= sampled {
                return false
            }
            state.sampled = time
            return true
        }
    }

    /// Shows a reading to those who watch from one to the next.
    private func observe(_ state: KernelState, trace: TraceSummary) -> [TraceEvent] {
        let dropped = capture.peek { $0.packetsDropped }
        let starts = capture.takeStarts()
        return watch.withLock { watch in
            watch.drains.note(starts.connections)
            let events = watch.drains.observe(state, trace: trace, knownUntil: starts.knownUntil)
            guard watch.rolling != nil else { return events }
            let began = Timestamp.now()
            let live = (try? LiveTotals.read())?.live.connections
            let count = live.map { RollingJudge.LiveCount(connections: $0, began: began, ended: .now()) }
            watch.rolling?.observe(state, live: count, trace: trace, dropped: dropped)
            watch.rolling?.note(starts.entryChanges)
            let changes = watch.rolling?.note(
                starts.connections, lost: starts.dropped, knownUntil: starts.knownUntil, trace: trace, dropped: dropped)
            return events + (changes ?? [])
        }
    }

    /// Reads the connection table, if it is time or `isForced` says so, and if that does not take too long.
    ///
    /// - Returns: Its rows; `nil` if it was not read.
    private func readTable(
        _ reading: inout KernelReading, of kernelState: KernelState, isForced: Bool, _ events: inout [TraceEvent]
    ) throws(KernelError) -> [ConnectionEntry]? {
        var plan = state.withLock { $0.tablePlan }
        let expected = kernel.connectionTableStatus()?.entries ?? kernelState.countedEntries
        switch plan.decision(at: .now(), rows: expected, isForced: isForced) {
        case .wait: return nil
        case .tooLong(let duration):
            abandonTable("would take \(Int(duration / .seconds(1))) s for \(expected) rows", &reading, &events)
            return nil
        case .read: break
        }
        var began = Timestamp.now()
        var table = try readTable(&reading)
        if !table.statistics.isCutOff, plan.isShort(rows: table.rows.count, expected: expected) {
            reading.shortTableReadings += 1
            let again = Timestamp.now()
            let second = try readTable(&reading)
            if second.rows.count > table.rows.count { (table, began) = (second, again) }
        }
        plan.note(
            TableReadingPlan.Reading(
                began: began, duration: table.statistics.duration, rows: table.rows.count,
                isCutOff: table.statistics.isCutOff), expected: expected)
        reading.tableInterval = plan.pause(rows: expected)
        state.withLock { $0.tablePlan = plan }
        guard !table.statistics.isCutOff else {
            abandonTable("was given up after \(table.rows.count) of \(expected) rows", &reading, &events)
            return nil
        }
        state.withLock { $0.recorder.isTableRead = true }
        let entries = table.entries
        capture.post(entries, began: began)
        return entries
    }

    private func readTable(_ reading: inout KernelReading) throws(KernelError) -> ConnectionTable {
        let table = try kernel.readConnections(atMost: TableReadingPlan.longestReading)
        reading.tableDuration = table.statistics.duration
        reading.totalTableDuration += table.statistics.duration
        reading.repeatedTableRows += UInt64(table.statistics.duplicates)
        reading.malformedTableRows += UInt64(table.statistics.malformed)
        return table
    }

    /// Notes that the table's cost kept it from being read.
    private func abandonTable(_ how: String, _ reading: inout KernelReading, _ events: inout [TraceEvent]) {
        reading.abandonedTableReadings += 1
        state.withLock { $0.recorder.isTableRead = false }
        events.append(
            TraceEvent(time: .now(), kind: .kernelUnreadable, detail: "reading the connection table \(how)"))
    }

    /// The tracer's counts of everything captured before `time`; its latest ones if it does not get there in time.
    private func exactTrace(at time: Timestamp) -> TraceSummary {
        capture.requestMark(at: time)
        for _ in 0..<100 {
            if let mark = capture.peek({ $0.marks[time] }) { return mark }
            Thread.sleep(forTimeInterval: 0.02)
        }
        return capture.peek { $0.trace }
    }

    /// - Parameter noticed: What the reading told, beside what the tracer found.
    private func publish(_ reading: KernelReading, _ noticed: StoreBatch) {
        let output = capture.takeOutput()
        let (trace, captures, drops, captureProblem) = capture.peek {
            ($0.trace, $0.captures, $0.packetsDropped, $0.problem?.description)
        }
        let (verdicts, drains) = watch.withLock { ($0.rolling?.verdicts ?? [], $0.drains.statuses) }
        var batch = StoreBatch(merging: [output.found, noticed])
        let last = published
        state.withLock { state in
            state.published = .now()
            state.noteLatencies(batch.connections, &batch.samples)
            if let captureProblem, state.snapshot?.captureProblem != captureProblem {
                batch.events.append(TraceEvent(time: .now(), kind: .captureLoss, detail: captureProblem))
            }
            if drops > state.dropsSeen {
                batch.events.append(
                    TraceEvent(
                        time: .now(), kind: .captureLoss,
                        detail: "the kernel dropped \(drops - state.dropsSeen) packets"))
                state.dropsSeen = drops
            }
            state.reading = reading
            state.snapshot = CollectorSnapshot(
                time: .now(), started: started, kernel: reading, captures: captures,
                captureProblem: captureProblem, trace: trace,
                audits: state.recorder.audits(trace), verdicts: verdicts, drains: drains, store: store.status)
        }
        store.noteLoss(rows: output.recordsDropped, from: last)
        store.offer(batch)
    }
}

extension KernelThread.State {
    /// Counts connections that ended, and hands what was counted to the samples, if there are any.
    fileprivate mutating func noteLatencies(_ records: [ConnectionRecord], _ samples: inout [TrafficSample]) {
        for index in records.indices where records[index].hasJustEnded {
            guard let server = records[index].realServer else { continue }
            latencies[records[index].virtualService, default: [:]][server, default: RealServerLatencies()]
                .record(records[index])
        }
        guard !samples.isEmpty else { return }
        for index in samples.indices {
            guard let known = latencies[samples[index].virtualService] else { continue }
            for server in samples[index].realServers.indices {
                if let own = known[samples[index].realServers[server].endpoint] {
                    samples[index].realServers[server].latencies = own
                }
            }
        }
        latencies = [:]
    }
}

extension KernelState {
    /// The entries that the kernel counts at its real servers: nearly all that the connection table holds.
    fileprivate var countedEntries: Int {
        virtualServices.flatMap(\.realServers).reduce(0) {
            $0 + Int($1.activeConnections) + Int($1.inactiveConnections) + Int($1.persistentConnections)
        }
    }
}

extension TrafficSample {
    /// One second's sample of a virtual service.
    init(_ service: VirtualService, at time: Timestamp, trace: TraceSummary) {
        let traced = trace.virtualServices.first { $0.identity == service.identity }?.realServers ?? []
        let own = service.realServers.map { server in traced.first { $0.endpoint == server.endpoint } }
        let assignments = own.map { $0?.captured.connections ?? 0 }
        let total = assignments.reduce(0, +)
        self.init(
            time: time, virtualService: service.identity, counters: service.counters,
            fairness: FairnessMeasures(
                counts: assignments.map(Int.init),
                expected: service.scheduler.dueShares(weights: service.realServers.map(\.weight)).map {
                    $0 * Double(total)
                }
            ).jain,
            realServers: zip(service.realServers, own).map { server, trace in
                let count = trace?.captured.connections ?? 0
                return RealServerSample(
                    endpoint: server.endpoint, weight: server.weight, activeConnections: server.activeConnections,
                    inactiveConnections: server.inactiveConnections, counters: server.counters, assignments: count,
                    share: total == 0 ? nil : Double(count) / Double(total), tracedActive: trace?.activeEntries ?? 0,
                    tracedInactive: trace?.inactiveEntries ?? 0)
            })
    }
}
