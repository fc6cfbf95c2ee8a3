import ConnectionTracing
import Foundation
import IPVSKernel
import IPVSModel
import Synchronization
package import TraceStore

/// Writes batches to the database on a thread of its own, so that a slow disk stalls nobody.
///
/// A bounded queue: when it is full the new batch's rows are dropped and counted, and a gap is recorded as soon as
/// the database takes rows again.
package final class StoreThread: Sendable {
    /// Batches that may wait; one comes about every second.
    static let mostBatches = 60

    private struct State {
        var queue: [StoreBatch] = []
        var status = StoreStatus()
        var unreportedGap: UInt64 = 0
        var stops = false
    }

    private let store: TraceStore
    private let run: Int64
    private let state = Mutex(State())
    private let work = DispatchSemaphore(value: 0)
    private let finished = DispatchSemaphore(value: 0)

    package init(store: TraceStore, run: Int64) {
        self.store = store
        self.run = run
    }

    package var status: StoreStatus { state.withLock { $0.status } }

    package func start() {
        let thread = Thread { [self] in
            while write() {}
            finished.signal()
        }
        thread.name = "store"
        thread.start()
    }

    /// Writes what waits, and ends the thread; returns when it has.
    package func stop() {
        state.withLock { $0.stops = true }
        work.signal()
        finished.wait()
    }

    /// Queues a batch; never waits.
    package func offer(_ batch: StoreBatch) {
        guard !batch.isEmpty else { return }
        state.withLock { state in
            if state.queue.count < Self.mostBatches {
                state.queue.append(batch)
            } else {
                let lost = UInt64(batch.connections.count + batch.events.count + batch.samples.count)
                state.status.rowsDropped += lost
                state.unreportedGap += lost
            }
            state.status.queuedBatches = UInt64(state.queue.count)
        }
        work.signal()
    }

    /// Counts rows that were lost before they were offered.
    package func noteLoss(rows: UInt64) {
        guard rows > 0 else { return }
        state.withLock { state in
            state.status.rowsDropped += rows
            state.unreportedGap += rows
        }
    }

    /// Writes one batch.
    ///
    /// - Returns: Whether to go on.
    private func write() -> Bool {
        work.wait()
        while var batch = next() {
            let gap = state.withLock { $0.unreportedGap }
            if gap > 0 {
                batch.events.append(
                    TraceEvent(time: .now(), kind: .storeGap, detail: "\(gap) rows were not written"))
            }
            var problem: String?
            do throws(StoreError) {
                try store.write(batch, run: run)
            } catch {
                problem = error.description
                // What cannot be written now may be written in a moment: a lock, a full disk.
                Thread.sleep(forTimeInterval: 0.5)
            }
            let isGivingUp = settle(batch, gap: gap, problem: problem)
            if isGivingUp { return false }
        }
        return !state.withLock { $0.stops && $0.queue.isEmpty }
    }

    private func next() -> StoreBatch? { state.withLock { $0.queue.first } }

    /// Takes a written batch from the queue; one that failed stays for another try, unless the thread is to end.
    private func settle(_ batch: StoreBatch, gap: UInt64, problem: String?) -> Bool {
        state.withLock { state in
            state.status.problem = problem
            if problem == nil {
                state.queue.removeFirst()
                state.status.connectionsWritten += UInt64(batch.connections.count)
                state.unreportedGap -= gap
            } else if state.stops {
                state.status.rowsDropped += UInt64(state.queue.reduce(0) { $0 + $1.connections.count })
                state.queue = []
            }
            state.status.queuedBatches = UInt64(state.queue.count)
            return problem != nil && state.stops
        }
    }
}
