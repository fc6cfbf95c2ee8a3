import ConnectionTracing
import Foundation
import IPVSKernel
package import IPVSModel
import Synchronization
package import TraceStore

/// Writes batches to the database on a thread of its own, so that a slow disk stalls nobody; keeps the database as
/// small as it has to be; and has what is written reach the disk.
///
/// What cannot be written waits in a ``StoreQueue`` and is tried again twice a second. A damaged database is set aside,
/// and a new one begun.
package final class StoreThread: Sendable {
    /// How the thread works.
    package struct Options: Sendable {
        package var queue = StoreQueue.Limits()
        package var retention = RetentionLimits()
        /// A power cut takes no more than what was written within this time.
        package var syncInterval: Duration = .seconds(5)
        /// So many rows are written in one transaction, if they wait.
        package var transaction = 20_000
        /// The log may grow to this while a reader keeps it from being used again; then nothing is written.
        package var mostLog: Int64 {
            retention.size.map { max($0 / 4, RetentionLimits.leastSize) } ?? 1 << 30
        }

        package init() {}
    }

    fileprivate struct State {
        var queue: StoreQueue
        var status = StoreStatus()
        /// When the thread was told to end.
        var stops: ContinuousClock.Instant?
    }

    /// Confinement: the thread's own; nobody waits for it.
    private struct Work: Sendable {
        /// Since when nothing could be written.
        var failing: ContinuousClock.Instant?
        /// Rows dropped when something was last written.
        var dropped: UInt64 = 0
        /// When everything written before was last on the disk.
        var synced = ContinuousClock.now
        /// Whether anything was written since.
        var isUnsynced = false
        var isTrimmed = true
        var checked = ContinuousClock.now
    }

    /// How long until what could not be written is tried again, in seconds.
    private static let pause = 0.5
    /// How long it is tried after the thread was told to end.
    private static let patience: Duration = .seconds(5)

    private let store: TraceStore
    private let run: Int64
    private let options: Options
    private let tell: @Sendable (String) -> Void
    private let didWrite: @Sendable (StoreBatch) -> Void
    private let state: Mutex<State>
    private let work = Mutex(Work())
    private let wakeUp = DispatchSemaphore(value: 0)
    private let finished = DispatchSemaphore(value: 0)

    /// - Parameters:
    ///   - tell: Called with a line for people when writing fails, works again, or a file had to be set aside.
    ///   - didWrite: Called after each transaction, by the thread.
    package init(
        store: TraceStore, run: Int64, options: Options = Options(),
        tell: @escaping @Sendable (String) -> Void = { _ in },
        didWrite: @escaping @Sendable (StoreBatch) -> Void = { _ in }
    ) {
        self.store = store
        self.run = run
        self.options = options
        self.tell = tell
        self.didWrite = didWrite
        state = Mutex(State(queue: StoreQueue(limits: options.queue)))
    }

    package var status: StoreStatus { state.withLock { $0.status } }

    package func start() {
        noteFindings()
        let thread = Thread { [self] in
            while !work.withLock({ turn(&$0) }) {}
            finished.signal()
        }
        thread.name = "store"
        thread.start()
    }

    /// Writes what waits, and ends the thread; returns when it has.
    ///
    /// - Returns: What could not be written, for whoever can write it later.
    @discardableResult
    package func stop() -> [StoreGap] {
        state.withLock { $0.stops = .now }
        wakeUp.signal()
        finished.wait()
        return state.withLock { $0.queue.gaps }
    }

    /// Queues a batch; never waits.
    package func offer(_ batch: StoreBatch) {
        guard !batch.isEmpty else { return }
        state.withLock { state in
            let lost = state.queue.append(batch)
            state.noteDropped(lost)
        }
        wakeUp.signal()
    }

    /// Counts rows that were lost before they were offered.
    ///
    /// - Parameter from: When the first of them may have been seen.
    package func noteLoss(rows: UInt64, from: Timestamp) {
        guard rows > 0 else { return }
        state.withLock { state in
            state.queue.note(StoreQueue.Loss(count: rows, from: from, to: .now()), of: .assignment)
            state.noteDropped([.assignment: rows])
        }
    }

    /// Says what was wrong with the database when it was opened.
    private func noteFindings() {
        for interruption in store.findings.interruptions { tell("\(store.path): \(interruption.sentence)") }
        guard let name = store.findings.setAside else { return }
        state.withLock { $0.status.damagedFiles += 1 }
        let text = "the database was damaged; it is now \(name), and a new one was begun"
        tell("\(store.path): \(text)")
        offer(StoreBatch(events: [TraceEvent(time: .now(), kind: .storeDamaged, detail: text)]))
    }

    /// Waits for something to do, and does it.
    ///
    /// - Returns: Whether that was the last.
    private func turn(_ work: inout Work) -> Bool {
        _ = wakeUp.wait(timeout: .now() + Self.pause)
        while let batch = next() {
            guard write(batch, &work) else {
                if giveUp() { return true }
                Thread.sleep(forTimeInterval: Self.pause)
                break
            }
            keepSmall(&work)
        }
        if work.failing == nil {
            keepSmall(&work)
            sync(&work)
        }
        return state.withLock { $0.stops != nil && $0.queue.isEmpty }
    }

    /// The rows to write next, and what is missing before them.
    private func next() -> StoreBatch? {
        state.withLock { state in
            // What is being written cannot be given up for something worth more: so it is a part of what may wait.
            let rows = min(options.transaction, max(options.queue.rows / 4, 1))
            guard var batch = state.queue.take(rows: rows) else { return nil }
            batch.gaps = state.queue.gaps
            for gap in batch.gaps {
                batch.events.append(
                    TraceEvent(
                        time: .now(), kind: .storeGap, detail: "\(gap.count ?? 0) rows (\(gap.what)) were not written"))
            }
            return batch
        }
    }

    /// - Returns: Whether the batch is in the database now.
    private func write(_ batch: StoreBatch, _ work: inout Work) -> Bool {
        let isDue = ContinuousClock.now - work.synced >= options.syncInterval
        do throws(StoreError) {
            try store.holdLog(to: options.mostLog)
            try store.write(batch, run: run, surviving: isDue ? .powerCut : .processEnd)
        } catch {
            fail(error, &work)
            return false
        }
        work.isUnsynced = !isDue
        if isDue { work.synced = .now }
        state.withLock { state in
            state.queue.settle()
            state.queue.noteWritten(batch.gaps)
            state.status.problem = nil
            state.status.connectionsWritten += UInt64(batch.connections.count)
            state.noteQueue()
        }
        if let failing = work.failing {
            work.failing = nil
            let seconds = (ContinuousClock.now - failing) / .seconds(1)
            tell(
                "\(store.path): writing works again after \(Int(seconds.rounded())) s; "
                    + "\(status.rowsDropped - work.dropped) rows were lost")
        }
        work.dropped = status.rowsDropped
        didWrite(batch)
        return true
    }

    private func fail(_ error: StoreError, _ work: inout Work) {
        if work.failing == nil {
            work.failing = .now
            tell("\(error.description); rows wait and are tried again")
        }
        state.withLock { state in
            state.queue.putBack()
            state.status.problem = error.description
            state.status.failedWrites += 1
            state.noteQueue()
        }
        if error.isDamage { replaceDamaged(error, &work) }
    }

    private func replaceDamaged(_ error: StoreError, _ work: inout Work) {
        do throws(StoreError) {
            let name = try store.beginAnew(now: .now())
            try store.apply(options.retention)
            let text = "the database turned out to be damaged; it is now \(name), and a new one was begun"
            state.withLock { $0.status.damagedFiles += 1 }
            tell("\(store.path): \(text)")
            offer(StoreBatch(events: [TraceEvent(time: .now(), kind: .storeDamaged, detail: text)]))
        } catch {
            state.withLock { $0.status.problem = error.description }
        }
    }

    /// Gives up what waits, if the thread was to end some time ago.
    private func giveUp() -> Bool {
        state.withLock { state in
            guard let stops = state.stops, ContinuousClock.now - stops >= Self.patience else { return false }
            state.noteDropped(state.queue.giveUp())
            return true
        }
    }

    /// Removes what is too old or too much, in small steps, for as long as nothing waits; a few steps in any case, so
    /// that the database does not outgrow its size under a load that never pauses.
    private func keepSmall(_ work: inout Work) {
        noteSize()
        guard !options.retention.isEmpty, store.fileSizes.log <= options.mostLog else { return }
        let deadline = ContinuousClock.now + .milliseconds(100)
        do throws(StoreError) {
            while true {
                let step = try store.trim(to: options.retention, keeping: run, now: .now())
                state.withLock { state in
                    for (kind, count) in step.removed { state.status.rowsRemoved[kind, default: 0] += count }
                }
                if step.isDone { break }
                work.isUnsynced = true
                if ContinuousClock.now >= deadline, !state.withLock({ $0.queue.isEmpty }) { break }
            }
        } catch {
            fail(error, &work)
        }
        noteSize()
    }

    private func sync(_ work: inout Work) {
        guard work.isUnsynced, ContinuousClock.now - work.synced >= options.syncInterval else { return }
        do throws(StoreError) {
            try store.sync()
            work.isUnsynced = false
            work.synced = .now
        } catch {
            fail(error, &work)
        }
    }

    private func noteSize() {
        let sizes = store.fileSizes
        state.withLock { $0.status.size = UInt64(clamping: sizes.database + sizes.log) }
    }
}

extension StoreThread.State {
    fileprivate mutating func noteDropped(_ lost: [StoreRowKind: UInt64]) {
        for (kind, count) in lost { status.dropped[kind, default: 0] += count }
        noteQueue()
    }

    fileprivate mutating func noteQueue() {
        status.queuedRows = UInt64(queue.rows)
        status.queuedBytes = UInt64(queue.bytes)
    }
}
