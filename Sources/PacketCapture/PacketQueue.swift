import Glibc
package import PacketDecoding

/// Decoded packets of one capture, waiting to be traced in order of time.
///
/// Flat memory that is allocated once: packets are appended at the end, taken from the front, and the rest moves to
/// the front when the end is reached.
@safe
package struct PacketQueue: ~Copyable {
    private let storage: UnsafeMutablePointer<PacketSummary>
    private let capacity: Int
    private var head = 0
    private var tail = 0

    /// - Parameter capacity: How many packets may wait.
    package init(capacity: Int) {
        self.capacity = capacity
        // All zeros, which is a packet too, and no memory until it is used.
        guard let memory = unsafe calloc(capacity, MemoryLayout<PacketSummary>.stride) else {
            fatalError("no memory for \(capacity) packets that wait")
        }
        unsafe storage = memory.bindMemory(to: PacketSummary.self, capacity: capacity)
    }

    deinit {
        unsafe Glibc.free(storage)
    }

    package var count: Int { tail - head }
    package var isEmpty: Bool { head == tail }
    /// How many packets may be appended now.
    package var free: Int { capacity - count }

    /// The time of the oldest packet, or `nil` if there is none.
    package var firstTime: Int64? { isEmpty ? nil : unsafe storage[head].time }
    /// The time of the newest packet, or `nil` if there is none.
    package var lastTime: Int64? { isEmpty ? nil : unsafe storage[tail - 1].time }

    /// Makes room for `count` packets at the end; `count` is at most ``free``.
    package mutating func reserve(_ count: Int) {
        guard capacity - tail < count else { return }
        unsafe storage.update(from: storage + head, count: self.count)
        tail -= head
        head = 0
    }

    /// The place for the next packet, which counts only once ``commit()`` says so. Room was reserved before.
    package var next: PacketSummary {
        @inline(__always) get {
            precondition(tail < capacity)
            return unsafe storage[tail]
        }
        @inline(__always) _modify {
            precondition(tail < capacity)
            yield unsafe &storage[tail]
        }
    }

    @inline(__always)
    package mutating func commit() { tail &+= 1 }

    /// Lends the packets from the front that are older than `time`, and drops them afterwards.
    ///
    /// - Returns: How many there were.
    package mutating func take(before time: Int64, _ body: (Span<PacketSummary>) -> Void) -> Int {
        var end = head
        while end < tail, unsafe storage[end].time < time { end += 1 }
        let count = end - head
        guard count > 0 else { return 0 }
        body(unsafe UnsafeBufferPointer(start: storage + head, count: count).span)
        drop(upTo: end)
        return count
    }

    private mutating func drop(upTo end: Int) {
        head = end
        if head == tail {
            head = 0
            tail = 0
        }
    }

    /// How many merged packets are lent at once.
    private static let mergedAtOnce = 64

    /// Lends the packets of two queues that are older than `time` as one sequence in order of time, and drops them
    /// afterwards. Of two packets of the same time the first queue's comes first.
    ///
    /// - Returns: How many there were.
    package static func merge(
        _ first: inout PacketQueue, _ second: inout PacketQueue, before time: Int64,
        _ body: (Span<PacketSummary>) -> Void
    ) -> Int {
        var batch = InlineArray<64, PacketSummary>(repeating: PacketSummary())
        var filled = 0
        var (left, right) = unsafe (first.storage + first.head, second.storage + second.head)
        let (leftEnd, rightEnd) = unsafe (first.storage + first.tail, second.storage + second.tail)
        while unsafe left < leftEnd && right < rightEnd {
            let (leftTime, rightTime) = unsafe (left.pointee.time, right.pointee.time)
            guard min(leftTime, rightTime) < time else { break }
            // Which side is next is anybody's guess, so that a branch would be: all ones for the left one, or zero.
            let isLeft = leftTime <= rightTime ? 1 : 0
            let difference = (UInt(bitPattern: left) ^ UInt(bitPattern: right)) & UInt(bitPattern: -isLeft)
            let next = unsafe UnsafePointer<PacketSummary>(bitPattern: UInt(bitPattern: right) ^ difference)!
            batch[filled] = unsafe next.pointee
            unsafe left += isLeft
            unsafe right += 1 - isLeft
            filled += 1
            if filled == mergedAtOnce {
                body(batch.span)
                filled = 0
            }
        }
        if filled > 0 { body(batch.span.extracting(0..<filled)) }
        let (leftPlace, rightPlace) = unsafe (left - first.storage, right - second.storage)
        let count = leftPlace - first.head + rightPlace - second.head
        first.drop(upTo: leftPlace)
        second.drop(upTo: rightPlace)
        // Where one queue has run dry the other's packets follow one another.
        return count + first.take(before: second.isEmpty ? time : .min, body)
            + second.take(before: first.isEmpty ? time : .min, body)
    }
}
