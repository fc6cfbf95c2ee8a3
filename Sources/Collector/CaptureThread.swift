package import ConnectionTracing
import Foundation
import IPVSKernel
package import IPVSModel
package import PacketCapture
import PacketDecoding
import Synchronization

/// Reads packets and traces them, on a thread of its own that never waits for anything but packets.
///
/// Confinement: the captures and the tracer belong to the thread. Others leave messages in ``inbox`` and find results
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
        /// Records nobody fetched in time.
        package var recordsDropped: UInt64 = 0
        /// When the last packet of a virtual service was captured.
        package var lastPacket = Timestamp(rawValue: 0)
        /// The tracer's counts of everything captured before each time asked for.
        package var marks: [Timestamp: TraceSummary] = [:]
        package var problem: CaptureError?
        package var isFinished = false
    }

    /// What belongs to the thread.
    private struct Work: ~Copyable {
        var captures: CaptureSet
        var tracer: ConnectionTracer
        var filters: [String: CaptureFilter] = [:]
        var pendingMarks: [Timestamp] = []
        var published: Int64 = 0
    }

    /// More records than this wait for nobody: the oldest go.
    static let mostRecords = 200_000

    private let work: Mutex<Work>
    private let inbox = Mutex(Inbox())
    private let outbox = Mutex(Outbox())
    private let finished = DispatchSemaphore(value: 0)

    package init(captures: consuming sending CaptureSet, tracer: consuming sending ConnectionTracer) {
        work = Mutex(Work(captures: captures, tracer: tracer))
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

    /// The records and events since the last call.
    package func takeOutput() -> (records: [ConnectionRecord], events: [TraceEvent], recordsDropped: UInt64) {
        outbox.withLock { outbox in
            defer {
                outbox.records = []
                outbox.events = []
                outbox.recordsDropped = 0
            }
            return (outbox.records, outbox.events, outbox.recordsDropped)
        }
    }

    private func run(_ work: inout Work) {
        while true {
            let message = inbox.withLock { inbox in
                defer { inbox = Inbox(stops: inbox.stops) }
                return inbox
            }
            apply(message, to: &work)
            if !message.stops { work.captures.wait(milliseconds: 50) }
            read(&work, isLast: message.stops)
            publish(&work, isLast: message.stops)
            if message.stops { return }
        }
    }

    private func apply(_ message: Inbox, to work: inout Work) {
        if let state = message.kernel {
            work.tracer.update(to: state)
            setFilters(for: state.virtualServices, &work)
        }
        if let table = message.table { work.tracer.observe(table.entries, began: table.began) }
        work.pendingMarks += message.marks
    }

    private func setFilters(for services: [VirtualService], _ work: inout Work) {
        do throws(CaptureError) {
            try work.captures.visitEach { capture throws(CaptureError) in
                let filter = CaptureFilter(services: services, vip: capture.tap != .dip, dip: capture.tap != .vip)
                guard work.filters[capture.name] != filter else { return }
                try capture.setFilter(filter)
                work.filters[capture.name] = filter
            }
        } catch {
            outbox.withLock { $0.problem = error }
        }
    }

    private func read(_ work: inout Work, isLast: Bool) {
        let now = Timestamp.now().rawValue
        let horizon = isLast ? now : now - CaptureSet.settle
        do throws(CaptureError) {
            while let mark = work.pendingMarks.min(), mark.rawValue <= horizon {
                try read(&work, before: mark.rawValue)
                work.pendingMarks.removeAll { $0 == mark }
                let summary = work.tracer.summary()
                outbox.withLock { $0.marks[mark] = summary }
            }
            try read(&work, before: isLast ? .max : horizon)
            outbox.withLock { $0.problem = nil }
        } catch {
            outbox.withLock { $0.problem = error }
            // An interface that is gone would have us spin.
            Thread.sleep(forTimeInterval: 0.2)
        }
        work.tracer.advance(to: horizon)
        if isLast { work.tracer.finish() }
    }

    /// Traces everything captured before `horizon`.
    private func read(_ work: inout Work, before horizon: Int64) throws(CaptureError) {
        while try work.captures.readInterfaces(
            horizon: horizon, packets: { work.tracer.process($0) }, advance: { work.tracer.advance(to: $0) })
        {}
    }

    private func publish(_ work: inout Work, isLast: Bool) {
        let records = work.tracer.takeRecords()
        let events = work.tracer.takeEvents()
        let now = Timestamp.now().rawValue
        let isDue = isLast || now - work.published >= 100_000_000
        var trace: TraceSummary?
        var captures: [CaptureStatus] = []
        if isDue {
            work.published = now
            var failures: [(reason: String, count: UInt64)] = []
            work.captures.visitEach { capture in
                captures.append(CaptureStatus(capture))
                for failure in capture.failureCounts {
                    if let known = failures.firstIndex(where: { $0.reason == failure.error.reason }) {
                        failures[known].count += failure.count
                    } else {
                        failures.append((failure.error.reason, failure.count))
                    }
                }
            }
            trace = work.tracer.summary()
            trace?.undecodablePackets = failures
        }
        let lastPacket = work.tracer.lastPacket
        outbox.withLock { outbox in
            outbox.records += records
            if outbox.records.count > Self.mostRecords {
                let surplus = outbox.records.count - Self.mostRecords
                outbox.records.removeFirst(surplus)
                outbox.recordsDropped += UInt64(surplus)
            }
            outbox.events += events
            if outbox.events.count > Self.mostRecords {
                outbox.events.removeFirst(outbox.events.count - Self.mostRecords)
            }
            outbox.lastPacket = Timestamp(rawValue: lastPacket)
            if let trace {
                outbox.trace = trace
                outbox.captures = captures
            }
        }
    }
}

extension CaptureStatus {
    /// The status of `capture` now.
    init(_ capture: borrowing Capture) {
        let side =
            switch capture.tap {
            case .vip: "vip"
            case .dip: "dip"
            case .both: "both"
            }
        let drops = capture.dropCounts
        self.init(
            name: capture.name, side: side, packetsReceived: capture.packetsRead, bytesReceived: capture.bytesRead,
            packetsDropped: drops.byKernel, interfaceDropped: drops.byInterface)
    }
}
