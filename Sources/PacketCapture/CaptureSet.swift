import Glibc
package import PacketDecoding

/// One or two captures read as one stream in order of time.
///
/// Packets of both sides are merged one by one: a whole connection may fit into a millisecond, and the kernel's state
/// at each of its packets depends on which side came first. Slices of a millisecond only say how far both must be read.
///
/// Confinement: used by one thread at a time.
package struct CaptureSet: ~Copyable {
    package static let slice: Int64 = 1_000_000
    /// How long after its time stamp a live packet may reach us: the kernel's block timeout and some scheduling.
    package static let settle: Int64 = 60_000_000

    /// How many packets of a file are read at once: what waits should still be in the processor's cache when its turn
    /// comes.
    static let mostPerFill = 256
    /// How many packets are read from an interface before the next one has its turn.
    package static let mostAtOnce = 16_384

    private var first: Capture
    private var second: Capture?
    private let hasSecond: Bool

    /// - Parameters:
    ///   - first: The VIP side's capture, or the only one.
    ///   - second: The DIP side's capture; `nil` on a one-armed director.
    package init(_ first: consuming Capture, _ second: consuming Capture?) {
        self.first = first
        if let second {
            self.second = consume second
            hasSecond = true
        } else {
            self.second = nil
            hasSecond = false
        }
    }

    /// Whether these are interfaces rather than files.
    package var isLive: Bool { first.isLive }

    /// Visits each capture.
    package mutating func visitEach<Failure: Error>(_ body: (inout Capture) throws(Failure) -> Void) throws(Failure) {
        try body(&first)
        if hasSecond { try body(&second!) }
    }

    /// Reads both files to their end.
    ///
    /// - Parameters:
    ///   - boundary: The next time at which `advance` must be called exactly; asked for before each slice.
    ///   - packets: Receives packets in order of time, many at once.
    ///   - advance: Called after each slice with the time up to which every packet was handed over.
    /// - Throws: ``CaptureError`` naming the file that is damaged; everything before the damage was handed over.
    package mutating func readFiles(
        boundary: () -> Int64 = { .max }, packets: (Span<PacketSummary>) -> Void, advance: (Int64) -> Void
    ) throws(CaptureError) {
        var damage: CaptureError?
        var handedOver = Int64.min
        while true {
            // Before this time no packet can follow those that wait.
            var horizon = Int64.max
            var newest = Int64.min
            visitEach { capture in
                do throws(CaptureError) {
                    try capture.fillForSlice()
                } catch {
                    damage = damage ?? error
                }
                guard let last = capture.lastTime else { return }
                newest = max(newest, last)
                if !capture.isAtEnd { horizon = min(horizon, last) }
            }
            guard let start = earliest() else { break }
            if horizon == .max { horizon = newest + 1 }
            // After a pause, what happened in it by the clock alone happens before the next packet.
            if start > handedOver { advance(start) }
            let next = boundary()
            var end = min(start + Self.slice, horizon)
            if next > start { end = min(end, next) }
            // A queue full of packets of one time, or of packets out of order, has to move on all the same.
            end = max(end, start + 1)
            _ = handOver(before: end, packets)
            handedOver = min(end, horizon)
            advance(handedOver)
        }
        if let damage { throw damage }
    }

    /// The files, to be read by several threads instead of by ``readFiles(boundary:packets:advance:)``.
    ///
    /// - Parameter dealer: Tells whose a packet is, a number below `count`.
    package consuming func dealt(to count: Int, dealer: @escaping PacketDealer) -> DealtCaptures {
        DealtCaptures(first, second, shards: count, dealer: dealer)
    }

    /// Reads what waits on the interfaces, and hands over every packet up to a time that none older can follow.
    ///
    /// - Parameters:
    ///   - horizon: Packets before this are handed over, in nanoseconds since the epoch: at most the wall clock less
    ///     ``settle``, unless capture ends.
    ///   - packets: Receives packets in order of time, many at once.
    ///   - advance: Called after each slice with the time up to which every packet was handed over.
    /// - Returns: Whether more may wait that another call would read.
    package mutating func readInterfaces(
        horizon: Int64, packets: (Span<PacketSummary>) -> Void, advance: (Int64) -> Void
    ) throws(CaptureError) -> Bool {
        var moved = 0
        var mayHaveMore = false
        var horizon = horizon
        try visitEach { capture throws(CaptureError) in
            let most = min(Self.mostAtOnce, capture.room)
            let count = try capture.fill(limit: most)
            moved += count
            // A capture that has more waiting may still deliver packets as old as its newest. That one is handed over
            // all the same: after a step of the clock all that wait may be of one time, with no room for more.
            if count == most {
                mayHaveMore = true
                if let last = capture.lastTime { horizon = min(horizon, last + 1) }
            }
        }
        while let start = earliest(), start < horizon {
            let end = min(start + Self.slice, horizon)
            moved += handOver(before: end, packets)
            advance(end)
        }
        return mayHaveMore && moved > 0
    }

    /// - Returns: How many packets there were.
    private mutating func handOver(before end: Int64, _ packets: (Span<PacketSummary>) -> Void) -> Int {
        hasSecond
            ? Capture.merge(&first, &second!, before: end, packets) : first.take(before: end, packets)
    }

    private mutating func earliest() -> Int64? {
        var time: Int64?
        visitEach { capture in
            if let first = capture.firstTime { time = min(time ?? first, first) }
        }
        return time
    }

    /// Waits until a packet arrives on any interface.
    ///
    /// - Parameter milliseconds: How long at most.
    package mutating func wait(milliseconds: Int32) {
        var descriptors: [pollfd] = []
        visitEach { capture in
            descriptors.append(pollfd(fd: capture.descriptor, events: Int16(POLLIN), revents: 0))
        }
        _ = unsafe poll(&descriptors, UInt(descriptors.count), milliseconds)
    }
}

extension Capture {
    /// Reads on in a file until more than a slice waits, or the queue is full.
    fileprivate mutating func fillForSlice() throws(CaptureError) {
        while !isAtEnd, room > 0 {
            if let first = firstTime, let last = lastTime, last - first > CaptureSet.slice { return }
            _ = try fill(limit: min(room, CaptureSet.mostPerFill))
        }
    }
}
