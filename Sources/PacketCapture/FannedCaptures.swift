import Glibc
package import PacketDecoding

/// One or two interfaces read by several threads, as one stream in order of time that is dealt out to as many shards.
///
/// Each thread has a socket of its own on each interface. Which of them gets a packet is the kernel's choice, by
/// ``FanoutProgram``; whose shard it is is decided when it was read. So both sides of a connection meet in its shard,
/// whichever sockets they came through.
///
/// Works in rounds as ``DealtCaptures`` does: every thread reads (``read(_:)``), one says how far the round goes
/// (``beginRound(horizon:)``), then every shard takes its packets (``take(_:packets:advance:)``).
///
/// Confinement: each thread's sockets and each shard by one thread at a time, and the phases of a round one after the
/// other.
@safe
package final class FannedCaptures: @unchecked Sendable {
    /// How many packets of a socket may wait.
    private static let block = 65_536

    package let threads: Int
    /// The first interface's sockets, then the second's.
    private var sockets: [DealtCapture] = []
    /// Up to where packets were taken, and up to where they are in this round.
    private var handedOver = Int64.min
    private var end = Int64.min

    /// - Parameter threads: How many sockets each interface has, and how many shards there are.
    package init(threads: Int) { self.threads = threads }

    /// Opens an interface, as ``Capture/open(interface:tap:options:)`` does, once for each thread.
    package func open(
        interface name: String, tap: Tap, filter: CaptureFilter, options: LiveCaptureOptions = LiveCaptureOptions()
    ) throws(CaptureError) {
        var first = try Capture.open(interface: name, tap: tap, options: options)
        try first.setFilter(filter)
        let group = try first.beginFanout()
        let place = sockets.count
        add(first)
        for _ in 1..<threads {
            let next = try Capture.open(interface: name, tap: tap, options: options)
            try next.passNothing()
            add(next)
        }
        // The kernel hands over a block that it has begun within the timeout.
        usleep(5_000 * UInt32(options.timeoutMilliseconds))
        for socket in sockets[(place + 1)...] {
            try socket.capture.join(group)
            try socket.capture.setFilter(filter)
        }
        try sockets[place].capture.spread()
    }

    private func add(_ capture: consuming Capture) {
        sockets.append(DealtCapture(capture, shards: threads, block: Self.block) { _, _ in })
    }

    /// Visits each socket's capture, those of one interface one after the other.
    package func visitEach<Failure: Error>(_ body: (inout Capture) throws(Failure) -> Void) throws(Failure) {
        for socket in sockets { try body(&socket.capture) }
    }

    /// Waits until a packet arrives on any socket.
    ///
    /// - Parameter milliseconds: How long at most.
    package func wait(milliseconds: Int32) {
        var descriptors = sockets.map { pollfd(fd: $0.capture.descriptor, events: Int16(POLLIN), revents: 0) }
        _ = unsafe poll(&descriptors, UInt(descriptors.count), milliseconds)
    }

    /// Deals out what waits once more, and everything from now on. Until then all is the first shard's.
    ///
    /// - Parameter dealer: Tells whose a packet is, a number below ``threads``.
    package func deal(by dealer: @escaping PacketDealer) {
        for socket in sockets { socket.deal(by: dealer) }
    }

    /// Reads what waits for one of the threads.
    package func read(_ thread: Int) {
        for place in stride(from: thread, to: sockets.count, by: threads) { sockets[place].read() }
    }

    /// What was wrong with a socket since the last call.
    package func takeDamage() -> CaptureError? {
        defer { for socket in sockets { socket.damage = nil } }
        return sockets.lazy.compactMap(\.damage).first
    }

    /// Says how far the packets go that shards may take now.
    ///
    /// - Parameter horizon: Packets before this are taken, as in ``CaptureSet/readInterfaces(horizon:packets:advance:)``.
    /// - Returns: The time before which every packet is taken in this round; less than `horizon` if more may wait than
    ///   was read.
    package func beginRound(horizon: Int64) -> Int64 {
        handedOver = end
        end = sockets.reduce(horizon) { min($0, $1.liveHorizon) }
        return end
    }

    /// Lends a shard its packets of this round in order of time, and drops them.
    ///
    /// Of packets of the same time those of the first socket of the first interface come first.
    ///
    /// - Parameters:
    ///   - packets: Receives many at once.
    ///   - advance: Called with times up to which every packet of this shard was handed over.
    package func take(_ shard: Int, packets: (Span<PacketSummary>) -> Void, advance: (Int64) -> Void) {
        var batch = InlineArray<64, PacketSummary>(repeating: PacketSummary())
        var filled = 0
        var lists = unsafe sockets.map { unsafe $0.list(of: shard) }
        var told = handedOver
        while true {
            let start = unsafe lists[unsafe Self.oldest(lists)].pointee.time
            guard start < end else { break }
            if start > told { advance(start) }
            let sliceEnd = min(start + CaptureSet.slice, end)
            while true {
                let oldest = unsafe Self.oldest(lists)
                guard unsafe lists[oldest].pointee.time < sliceEnd else { break }
                batch[filled] = unsafe sockets[oldest].packets[Int(lists[oldest].pointee.place)]
                unsafe lists[oldest] += 1
                filled += 1
                if filled == 64 {
                    packets(batch.span)
                    filled = 0
                }
            }
            if filled > 0 { packets(batch.span.extracting(0..<filled)) }
            filled = 0
            told = sliceEnd
            if sliceEnd < end { advance(sliceEnd) }
        }
        for place in sockets.indices { unsafe sockets[place].drop(before: lists[place], of: shard) }
    }

    /// The place of the list whose next packet is the oldest.
    private static func oldest(_ lists: [UnsafePointer<DealtCapture.Entry>]) -> Int {
        var oldest = 0
        for place in unsafe 1..<lists.count where unsafe lists[place].pointee.time < lists[oldest].pointee.time {
            oldest = place
        }
        return oldest
    }
}
