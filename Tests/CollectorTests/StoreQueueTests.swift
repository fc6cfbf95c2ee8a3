import Balance
import Collector
import ConnectionTracing
import IPVSModel
import Testing
import TraceStore

struct StoreQueueTests {
    private static let service = VirtualServiceIdentity.endpoint(.tcp, Endpoint("192.168.122.100:80")!)

    private func time(_ seconds: Int64) -> Timestamp { Timestamp(seconds: seconds, nanoseconds: 0) }

    private func connection(
        _ id: Int64, _ origin: ConnectionOrigin = .assigned, _ outcome: ConnectionOutcome = .closed
    ) -> ConnectionRecord {
        ConnectionRecord(
            id: id, virtualService: Self.service, realServer: nil, transportProtocol: .tcp,
            client: Endpoint("192.168.122.1:1000")!, origin: origin, outcome: outcome, firstSeen: time(id),
            lastSeen: time(id + 1), vip: SideRecord(), dip: SideRecord(), state: .timeWait)
    }

    /// A batch of one row of each kind, at a second.
    private func batch(_ second: Int64) -> StoreBatch {
        StoreBatch(
            connections: [
                connection(second, .sameEntry), connection(second), connection(second, .assigned, .refused),
                connection(second, .beganBefore, .open),
            ], events: [TraceEvent(time: time(second), kind: .refused)],
            samples: [
                TrafficSample(
                    time: time(second), virtualService: Self.service, counters: TrafficCounters(), fairness: nil,
                    realServers: [])
            ], levels: [LevelChange(time: time(second), level: .full, cause: .began)])
    }

    @Test func `rows are given up in order of their worth, of each kind the oldest first`() {
        var queue = StoreQueue(limits: StoreQueue.Limits(rows: 14))
        #expect(queue.append(batch(1)).isEmpty)
        #expect(queue.append(batch(2)).isEmpty)
        // 21 rows: the samples go, and of the connections that are no assignments those of the two oldest batches.
        #expect(queue.append(batch(3)) == [.sample: 3, .connection: 4])
        #expect(queue.rows == 14)
        #expect(queue.append(batch(4)) == [.sample: 1, .connection: 4, .assignment: 2])
        #expect(queue.append(batch(5)) == [.sample: 1, .connection: 2, .assignment: 3, .failedConnection: 1])
        #expect(queue.append(batch(6)) == [.sample: 1, .connection: 2, .assignment: 1, .failedConnection: 3])
        #expect(queue.losses[.assignment] == StoreQueue.Loss(count: 6, from: time(1), to: time(7)))
        #expect(queue.losses[.event] == nil)
        #expect(queue.losses[.setting] == nil)
    }

    @Test func `what waits is bounded by memory too`() {
        var queue = StoreQueue(limits: StoreQueue.Limits(bytes: 1 << 20))
        var lost: UInt64 = 0
        for first in stride(from: Int64(1), to: 50_000, by: 100) {
            lost +=
                queue.append(StoreBatch(connections: (first..<first + 100).map { connection($0) }))[.assignment] ?? 0
            #expect(queue.bytes <= 1 << 20)
        }
        #expect(lost + UInt64(queue.rows) == 50_000)
        #expect(queue.rows > 1_000)
    }

    @Test func `small batches are written together, large ones in parts, and in order`() {
        var queue = StoreQueue()
        for second in 1...10 as ClosedRange<Int64> { _ = queue.append(batch(second)) }
        let first = queue.take(rows: 21) ?? StoreBatch()
        #expect(first.events.map(\.time) == [time(1), time(2), time(3)])
        queue.settle()
        #expect(queue.rows == 49)

        queue = StoreQueue()
        _ = queue.append(StoreBatch(connections: (1...25_000).map { connection($0) }))
        let part = queue.take(rows: 20_000) ?? StoreBatch()
        #expect(part.connections.map(\.id) == Array(1...20_000))
    }

    @Test func `what could not be written comes again, unless it was given up meanwhile`() {
        var queue = StoreQueue(limits: StoreQueue.Limits(rows: 14))
        _ = queue.append(batch(1))
        let taken = queue.take(rows: 100) ?? StoreBatch()
        #expect(queue.rows == 7)
        _ = queue.append(batch(2))
        queue.putBack()
        #expect(queue.take(rows: 7)?.connections == taken.connections)
        queue.putBack()
        #expect(queue.append(batch(3))[.sample] == 3)
        #expect(queue.take(rows: 1)?.samples.isEmpty == true)
    }

    @Test func `a gap that was written is forgotten, and what was lost meanwhile is not`() {
        var queue = StoreQueue()
        queue.note(StoreQueue.Loss(count: 5, from: time(1), to: time(3)), of: .event)
        let gap = StoreGap(from: time(1), to: time(3), what: "event", count: 5, cause: .queueFull)
        queue.note(StoreQueue.Loss(count: 2, from: time(4), to: time(6)), of: .event)
        queue.noteWritten([gap])
        #expect(queue.losses == [.event: StoreQueue.Loss(count: 2, from: time(3), to: time(6))])
        queue.noteWritten([StoreGap(from: time(3), to: time(6), what: "event", count: 2, cause: .queueFull)])
        #expect(queue.losses == [:])
    }

    @Test func `giving up everything counts everything`() {
        var queue = StoreQueue()
        _ = queue.append(batch(1))
        _ = queue.take(rows: 100)
        _ = queue.append(batch(2))
        #expect(queue.giveUp().values.reduce(0, +) == 14)
        #expect(queue.isEmpty)
        #expect(queue.rows == 0)
        #expect(queue.bytes == 0)
    }
}
