import PacketCapture
import PacketDecoding
import TestSupport
import Testing

struct PacketQueueTests {
    /// What a queue says of itself, copied out of it.
    private struct State {
        let count, free: Int
        let isEmpty: Bool
        let firstTime, lastTime: Int64?

        init(_ queue: borrowing PacketQueue) {
            (count, free, isEmpty) = (queue.count, queue.free, queue.isEmpty)
            (firstTime, lastTime) = (queue.firstTime, queue.lastTime)
        }
    }

    private static func append(_ time: Int64, port: UInt16 = 0, to queue: inout PacketQueue) {
        queue.reserve(1)
        queue.next.time = time
        queue.next.sourcePort = port
        queue.commit()
    }

    private static func take(before time: Int64, from queue: inout PacketQueue) -> [Int64] {
        var times: [Int64] = []
        let count = queue.take(before: time) { packets in
            for index in packets.indices { times.append(packets[index].time) }
        }
        #expect(count == times.count)
        return times
    }

    @Test func `packets come out in the order in which they went in, up to the time asked for`() {
        var queue = PacketQueue(capacity: 4)
        for time in [10, 20, 30] as [Int64] { Self.append(time, to: &queue) }
        #expect(State(queue).firstTime == 10)
        #expect(State(queue).lastTime == 30)
        #expect(Self.take(before: 10, from: &queue) == [])
        #expect(Self.take(before: 21, from: &queue) == [10, 20])
        #expect(State(queue).count == 1)
        #expect(State(queue).free == 3)
        #expect(Self.take(before: .max, from: &queue) == [30])
        #expect(State(queue).isEmpty)
        #expect(State(queue).firstTime == nil)
        #expect(State(queue).lastTime == nil)
    }

    @Test func `a packet that was not committed does not count`() {
        var queue = PacketQueue(capacity: 2)
        queue.reserve(1)
        queue.next.time = 5
        #expect(State(queue).isEmpty)
        Self.append(6, to: &queue)
        #expect(Self.take(before: .max, from: &queue) == [6])
    }

    @Test func `a packet behind a later one waits for it, and is not lost`() {
        var queue = PacketQueue(capacity: 4)
        for time in [10, 30, 20] as [Int64] { Self.append(time, to: &queue) }
        #expect(Self.take(before: 25, from: &queue) == [10])
        #expect(Self.take(before: 31, from: &queue) == [30, 20])
    }

    @Test(arguments: 0..<20)
    func `it behaves as an array does, however it is filled and emptied`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let capacity = Int.random(in: 1...17, using: &random)
        var queue = PacketQueue(capacity: capacity)
        var model: [Int64] = []
        var clock: Int64 = 0
        for _ in 0..<2_000 {
            let room = Int.random(in: 0...queue.free, using: &random)
            queue.reserve(room)
            for _ in 0..<room {
                clock += Int64.random(in: -2...5, using: &random)
                queue.next.time = clock
                queue.commit()
                model.append(clock)
            }
            #expect(State(queue).count == model.count)
            #expect(State(queue).free == capacity - model.count)
            #expect(State(queue).firstTime == model.first)
            #expect(State(queue).lastTime == model.last)
            let limit = clock + Int64.random(in: -20...5, using: &random)
            let expected = Array(model.prefix { $0 < limit })
            #expect(Self.take(before: limit, from: &queue) == expected)
            model.removeFirst(expected.count)
        }
    }

    @Test(arguments: 0..<20)
    func `two queues merge into one order of time, the first one's packet first where times are equal`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var first = PacketQueue(capacity: 400)
        var second = PacketQueue(capacity: 400)
        var model: [(time: Int64, queue: UInt16)] = []
        for (queue, count) in [(UInt16(0), Int.random(in: 0...300, using: &random)), (1, 250)] {
            var clock: Int64 = 0
            for _ in 0..<count {
                clock += Int64.random(in: 0...3, using: &random)
                if queue == 0 {
                    Self.append(clock, port: queue, to: &first)
                } else {
                    Self.append(clock, port: queue, to: &second)
                }
                model.append((clock, queue))
            }
        }
        model.sort { ($0.time, $0.queue) < ($1.time, $1.queue) }
        for limit in [0, 100, 101, 400, .max] as [Int64] {
            var merged: [(time: Int64, queue: UInt16)] = []
            let count = PacketQueue.merge(&first, &second, before: limit) { packets in
                for index in packets.indices { merged.append((packets[index].time, packets[index].sourcePort)) }
            }
            let expected = model.prefix { $0.time < limit }
            model.removeFirst(expected.count)
            #expect(count == expected.count)
            #expect(merged.map(\.time) == expected.map(\.time))
            #expect(merged.map(\.queue) == expected.map(\.queue))
        }
        #expect(model.isEmpty)
    }
}
