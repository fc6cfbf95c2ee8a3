package import Balance
package import ConnectionTracing
import Foundation
import IPVSKernel
package import IPVSModel
package import PacketCapture
import PacketDecoding
import Synchronization
package import TraceStore

/// Reads packets and traces them, on a thread of its own that never waits for anything but packets. Others may help it
/// with both; see ``LiveCaptures``.
///
/// Confinement: the captures and the tracers belong to the thread. Others leave messages in ``inbox`` and find results
/// in ``outbox``; both are held for moments only.
package final class CaptureThread: Sendable {
    /// What others want of the thread.
    private struct Inbox {
        var kernel: KernelState?
        var table: (entries: [ConnectionEntry], began: Timestamp)?
        var marks: [Timestamp] = []
        var stops = false
    }

    /// What the thread has for others.
    package struct Outbox: Sendable {
        package var trace = TraceSummary()
        package var captures: [CaptureStatus] = []
        package var records: [ConnectionRecord] = []
        package var events: [TraceEvent] = []
        /// The level the capture began with, and changes of it.
        package var levels: [LevelChange] = []
        /// What became of entries, where a scheduler asks for them.
        package var entryChanges: [VirtualServiceIdentity: [EntryChange]] = [:]
        /// Records nobody fetched in time.
        package var recordsDropped: UInt64 = 0
        /// The connections that began by ``startsKnownUntil``.
        package var starts: [ConnectionStart] = []
        /// What became of entries, for those who watch ``starts``.
        package var watchedChanges: [VirtualServiceIdentity: [EntryChange]] = [:]
        /// Connections that began and are not among ``starts``, or may be.
        package var startsDropped: UInt64 = 0
        package var startsKnownUntil = Timestamp(rawValue: 0)
        /// When the last packet of a virtual service was captured.
        package var lastPacket = Timestamp(rawValue: 0)
        /// The tracer's counts of everything captured before each time asked for.
        package var marks: [Timestamp: TraceSummary] = [:]
        package var problem: CaptureError?
        package var isFinished = false

        /// By the kernel or the interface, cumulative.
        package var packetsDropped: UInt64 {
            captures.reduce(0) { $0 + $1.packetsDropped + $1.interfaceDropped }
        }
    }

    /// What belongs to the thread.
    private struct Work: ~Copyable {
        var captures: LiveCaptures
        let tracers: Tracers
        /// What decides the level; `nil` if it was asked for.
        var control: LevelControl?
        var level: CaptureLevel
        var levelChanges: UInt64 = 0
        /// A change that the tracer gets to know when it gets there.
        var pendingLevel: LevelChange?
        var levelChecked: Int64 = 0
        var kernel: KernelState?
        var followed = FollowedServices()
        var filters: [String: CaptureFilter] = [:]
        var pendingMarks: [Timestamp] = []
        var startsKnownUntil: Int64 = 0
        /// Reading packets failed, so that some may be missing.
        var hasFailed = false
        var published: Int64 = 0
    }

    /// More records than this wait for nobody: the oldest go.
    static let mostRecords = 200_000

    private let work: Mutex<Work>
    private let inbox = Mutex(Inbox())
    private let outbox = Mutex(Outbox())
    private let finished = DispatchSemaphore(value: 0)

    /// - Parameters:
    ///   - captures: Filtered for the level to begin with.
    ///   - tracers: Follow the captures from their first packet: as many as threads read them.
    ///   - level: Whether and how the level changes.
    ///   - started: When capture began.
    package init(
        captures: consuming sending LiveCaptures, tracers: Tracers, level: LevelPolicy = .auto,
        started: Timestamp = .now()
    ) {
        tracers.setLevel(level.initial)
        tracers.tellStarts()
        captures.deal(to: tracers)
        work = Mutex(
            Work(
                captures: captures, tracers: tracers, control: level == .auto ? LevelControl() : nil,
                level: level.initial))
        outbox.withLock { $0.levels = [LevelChange(time: started, level: level.initial, cause: .began)] }
    }

    package func start() {
        let thread = Thread { [self] in
            work.withLock { run(&$0) }
            outbox.withLock { $0.isFinished = true }
            finished.signal()
        }
        thread.name = "capture"
        thread.start()
    }

    /// Has the thread read what is left, write every connection, and end; returns when it has.
    package func stop() {
        inbox.withLock { $0.stops = true }
        finished.wait()
    }

    /// Hands over a reading of services and real servers: tracer and kernel filter follow it.
    package func post(_ state: KernelState) {
        inbox.withLock { $0.kernel = state }
    }

    /// Hands over a reading of the connection table.
    package func post(_ entries: [ConnectionEntry], began: Timestamp) {
        inbox.withLock { $0.table = (entries, began) }
    }

    /// Asks for the tracer's counts of everything captured before `time`; see ``Outbox/marks``.
    package func requestMark(at time: Timestamp) {
        inbox.withLock { $0.marks.append(time) }
    }

    /// The results so far, without taking anything away.
    package func peek<Result: Sendable>(_ body: (Outbox) -> Result) -> Result {
        outbox.withLock { body($0) }
    }

    /// What was found since the last call, and how many records were lost.
    package func takeOutput() -> (found: StoreBatch, recordsDropped: UInt64) {
        outbox.withLock { outbox in
            defer {
                outbox.records = []
                outbox.events = []
                outbox.levels = []
                outbox.entryChanges = [:]
                outbox.recordsDropped = 0
            }
            let found = StoreBatch(
                connections: outbox.records, events: outbox.events, levels: outbox.levels,
                entryChanges: outbox.entryChanges)
            return (found, outbox.recordsDropped)
        }
    }

    /// What began since the last call.
    package struct Starts: Sendable {
        package var connections: [ConnectionStart]
        /// How many more connections there may have been.
        package var dropped: UInt64
        /// What became of entries meanwhile.
        package var entryChanges: [VirtualServiceIdentity: [EntryChange]]
        /// Up to when all are told.
        package var knownUntil: Timestamp
    }

    /// The connections that began since the last call.
    package func takeStarts() -> Starts {
        outbox.withLock { outbox in
            defer { (outbox.starts, outbox.startsDropped, outbox.watchedChanges) = ([], 0, [:]) }
            return Starts(
                connections: outbox.starts, dropped: outbox.startsDropped, entryChanges: outbox.watchedChanges,
                knownUntil: outbox.startsKnownUntil)
        }
    }

    private func run(_ work: inout Work) {
        while true {
            let message = inbox.withLock { inbox in
                defer { inbox = Inbox(stops: inbox.stops) }
                return inbox
            }
            apply(message, to: &work)
            if !message.stops {
                decideLevel(&work)
                work.captures.wait(milliseconds: 50)
            }
            read(&work, isLast: message.stops)
            publish(&work, isLast: message.stops)
            if message.stops { return }
        }
    }

    private func apply(_ message: Inbox, to work: inout Work) {
        if let state = message.kernel {
            work.tracers.update(to: state)
            work.captures.deal(to: work.tracers)
            work.kernel = state
            work.followed.note(state)
            setFilters(for: work.followed.virtualServices, &work)
        }
        if let table = message.table { work.tracers.observe(table.entries, began: table.began) }
        work.pendingMarks += message.marks
    }

    /// Changes the level, once a second, if that is left to us.
    private func decideLevel(_ work: inout Work) {
        let now = Timestamp.now()
        guard work.control != nil, now.rawValue - work.levelChecked >= 1_000_000_000 else { return }
        work.levelChecked = now.rawValue
        let dropped = work.captures.statuses(level: work.level, levelChanges: work.levelChanges).reduce(0) {
            $0 + $1.packetsDropped + $1.interfaceDropped
        }
        // A kernel that is not read any more leaves its last rate behind.
        let isCurrent = work.kernel.map { now.since($0.observedAt) <= .seconds(5) } ?? false
        let offered = isCurrent ? work.kernel?.packetRate : nil
        guard work.kernel != nil, var change = work.control?.observe(dropped: dropped, offered: offered, at: now) else {
            return
        }
        let old = work.level
        work.level = change.level
        work.levelChanges += 1
        setFilters(for: work.followed.virtualServices, &work)
        switch change.level {
        case .handshake:
            // What the filter holds back from now on must not be missed.
            work.pendingLevel = nil
            work.tracers.setLevel(.handshake)
        case .full:
            // Everything passes from now on, and the tracer gets there in a moment.
            change.time = UTCTime(.now())
            work.pendingLevel = change
        }
        let rate = offered.map { "\(Int($0)) packets/s" } ?? "an unknown rate"
        let event = TraceEvent(
            time: change.time.timestamp, kind: .levelChanged,
            detail: "\(old) → \(change.level): \(change.cause.rawValue), \(dropped) packets dropped so far, \(rate)")
        outbox.withLock { outbox in
            outbox.levels.append(change)
            outbox.events.append(event)
        }
    }

    private func setFilters(for services: [VirtualService], _ work: inout Work) {
        let known = work.filters
        do throws(CaptureError) {
            try work.captures.visitEach { capture throws(CaptureError) in
                let filter = CaptureFilter(
                    services: services, vip: capture.tap != .dip, dip: capture.tap != .vip, level: work.level)
                guard known[capture.name] != filter else { return }
                try capture.setFilter(filter)
                work.filters[capture.name] = filter
            }
        } catch {
            // Of the sockets of an interface some may have it and some not.
            work.filters = known
            outbox.withLock { $0.problem = error }
        }
    }

    private func read(_ work: inout Work, isLast: Bool) {
        let now = Timestamp.now().rawValue
        let horizon = isLast ? now : now - CaptureSet.settle
        do throws(CaptureError) {
            if let change = work.pendingLevel, change.time.timestamp.rawValue <= horizon {
                try work.captures.trace(before: change.time.timestamp.rawValue, work.tracers)
                work.pendingLevel = nil
                work.tracers.setLevel(change.level)
            }
            while let mark = work.pendingMarks.min(), mark.rawValue <= horizon {
                try work.captures.trace(before: mark.rawValue, work.tracers)
                work.pendingMarks.removeAll { $0 == mark }
                let summary = work.tracers.summary()
                outbox.withLock { $0.marks[mark] = summary }
            }
            try work.captures.trace(before: isLast ? .max : horizon, work.tracers)
            outbox.withLock { $0.problem = nil }
        } catch {
            outbox.withLock { $0.problem = error }
            work.hasFailed = true
            // An interface that is gone would have us spin.
            Thread.sleep(forTimeInterval: 0.2)
        }
        work.tracers.advance(to: horizon)
        work.startsKnownUntil = horizon - ConnectionTracer.startDelay
        if isLast { _ = work.tracers.finish(limit: .max) }
    }

    private func publish(_ work: inout Work, isLast: Bool) {
        let found = StoreBatch(merging: work.tracers.takeOutput())
        let now = Timestamp.now().rawValue
        let isDue = isLast || now - work.published >= 100_000_000
        var trace: TraceSummary?
        var captures: [CaptureStatus] = []
        if isDue {
            work.published = now
            var failures: [(reason: String, count: UInt64)] = []
            captures = work.captures.statuses(level: work.level, levelChanges: work.levelChanges)
            work.captures.visitEach { capture in
                for failure in capture.failureCounts {
                    if let known = failures.firstIndex(where: { $0.reason == failure.error.reason }) {
                        failures[known].count += failure.count
                    } else {
                        failures.append((failure.error.reason, failure.count))
                    }
                }
            }
            trace = work.tracers.summary()
            trace?.undecodablePackets = failures
        }
        let lastPacket = work.tracers.lastPacket
        let began = work.tracers.takeStarts()
        let (knownUntil, failures) = (work.startsKnownUntil, UInt64(work.hasFailed ? 1 : 0))
        work.hasFailed = false
        outbox.withLock { outbox in
            outbox.records += found.connections
            if outbox.records.count > Self.mostRecords {
                let surplus = outbox.records.count - Self.mostRecords
                outbox.records.removeFirst(surplus)
                outbox.recordsDropped += UInt64(surplus)
            }
            outbox.events += found.events
            if outbox.events.count > Self.mostRecords {
                outbox.events.removeFirst(outbox.events.count - Self.mostRecords)
            }
            outbox.entryChanges.merge(found.entryChanges) { ($0 + $1).suffix(Self.mostRecords) }
            outbox.watchedChanges.merge(found.entryChanges) { ($0 + $1).suffix(Self.mostRecords) }
            outbox.starts += began.starts
            outbox.startsDropped += began.dropped + failures
            if outbox.starts.count > Self.mostRecords {
                outbox.startsDropped += UInt64(outbox.starts.count - Self.mostRecords)
                outbox.starts.removeFirst(outbox.starts.count - Self.mostRecords)
            }
            outbox.startsKnownUntil = Timestamp(rawValue: knownUntil)
            outbox.lastPacket = Timestamp(rawValue: lastPacket)
            if let trace {
                outbox.trace = trace
                outbox.captures = captures
            }
        }
    }
}

extension KernelState {
    /// Packets a second of all virtual services, in both directions, as the kernel estimates it.
    fileprivate var packetRate: Double {
        virtualServices.reduce(0) { $0 + Double($1.rates.inPackets) + Double($1.rates.outPackets) }
    }
}
