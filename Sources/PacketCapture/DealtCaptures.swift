package import PacketDecoding

/// Tells which shard each of some packets belongs to; called by several threads at the same time.
package typealias PacketDealer = @Sendable (Span<PacketSummary>, inout MutableSpan<UInt8>) -> Void

/// One or two capture files read as one stream in order of time, and dealt out to shards that take their packets at
/// the same time.
///
/// Works in rounds. First every file is read on by a thread of its own (``read(_:)``), then one thread says how far
/// the round goes (``beginRound(boundary:)``), then every shard takes its packets (``take(_:packets:advance:)``). What
/// a shard takes is in the order in which ``CaptureSet/readFiles(boundary:packets:advance:)`` would hand it over.
///
/// Confinement: each file and each shard by one thread at a time, and the phases of a round one after the other.
@safe
package final class DealtCaptures: @unchecked Sendable {
    /// How many packets of a file are dealt at once, at most.
    private static let block = 16_384

    private let first: DealtCapture
    private let second: DealtCapture?
    /// Up to where packets were taken, and up to where they are in this round.
    private var handedOver = Int64.min
    private var end = Int64.min

    /// - Parameters:
    ///   - shards: How many there are.
    ///   - dealer: Tells whose a packet is.
    package init(
        _ first: consuming Capture, _ second: consuming Capture?, shards: Int,
        dealer: @escaping PacketDealer
    ) {
        self.first = DealtCapture(first, shards: shards, block: Self.block, dealer: dealer)
        self.second =
            switch consume second {
            case .some(let second): DealtCapture(second, shards: shards, block: Self.block, dealer: dealer)
            case nil: nil
            }
    }

    package var files: Int { second == nil ? 1 : 2 }

    /// What was wrong with a file; what was read before it is dealt out.
    package var damage: CaptureError? { first.damage ?? second?.damage }

    /// Reads on in one of the files.
    package func read(_ file: Int) {
        if file == 0 { first.read() } else { second?.read() }
    }

    /// The time of the oldest packet that waits, which what happens by the clock alone comes before; `nil` at the end.
    package var earliest: Int64? {
        let time = min(first.earliest, second?.earliest ?? .max)
        return time == .max ? nil : time
    }

    /// Says how far the packets go that shards may take now.
    ///
    /// - Parameter boundary: Packets from this time on wait for another round.
    /// - Returns: The time before which every packet is taken in this round.
    package func beginRound(boundary: Int64) -> Int64 {
        let start = earliest ?? .max
        var horizon = min(first.horizon, second?.horizon ?? .max)
        if horizon == .max { horizon = max(first.newest, second?.newest ?? .min) + 1 }
        handedOver = end
        // A block of packets of one time has to move on all the same.
        end = min(max(min(horizon, boundary), start &+ 1), boundary)
        return min(end, horizon)
    }

    /// Lends a shard its packets of this round in order of time, and drops them.
    ///
    /// - Parameters:
    ///   - packets: Receives many at once.
    ///   - advance: Called with times up to which every packet of this shard was handed over.
    package func take(_ shard: Int, packets: (Span<PacketSummary>) -> Void, advance: (Int64) -> Void) {
        var batch = InlineArray<64, PacketSummary>(repeating: PacketSummary())
        var filled = 0
        var left = unsafe first.list(of: shard)
        // A single file has nothing on the other side.
        var right = unsafe second?.list(of: shard) ?? first.emptyList
        let (leftPackets, rightPackets) = unsafe (first.packets, (second ?? first).packets)
        var told = handedOver
        while true {
            let start = unsafe min(left.pointee.time, right.pointee.time)
            guard start < end else { break }
            if start > told { advance(start) }
            let sliceEnd = min(start + CaptureSet.slice, end)
            while true {
                let (leftTime, rightTime) = unsafe (left.pointee.time, right.pointee.time)
                guard min(leftTime, rightTime) < sliceEnd else { break }
                // As in PacketQueue.merge, without a branch.
                let isLeft = leftTime <= rightTime ? 1 : 0
                let (leftPacket, rightPacket) = unsafe (
                    UInt(bitPattern: leftPackets + Int(left.pointee.place)),
                    UInt(bitPattern: rightPackets + Int(right.pointee.place))
                )
                let packet = (leftPacket ^ rightPacket) & UInt(bitPattern: -isLeft) ^ rightPacket
                batch[filled] = unsafe UnsafePointer<PacketSummary>(bitPattern: packet)!.pointee
                unsafe left += isLeft
                unsafe right += 1 - isLeft
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
        unsafe first.drop(before: left, of: shard)
        unsafe second?.drop(before: right, of: shard)
    }
}

/// The packets of a capture that wait, with a list for each shard of those that are its own.
///
/// Confinement: as ``DealtCaptures`` and ``FannedCaptures`` say.
@safe
final class DealtCapture {
    /// A packet in a shard's list.
    struct Entry: BitwiseCopyable {
        /// The packet's time, or that of a later one which came before it in the capture. Every list ends with a time
        /// after all others.
        var time: Int64
        var place: Int32
    }

    /// A shard's entries that were not taken yet. A cache line of its own: threads that write to one line slow each
    /// other down.
    struct List: BitwiseCopyable {
        var begin = 0
        var end = 0
        private let padding = InlineArray<14, Int>(repeating: 0)

        init(end: Int = 0) { self.end = end }
    }

    var capture: Capture
    private var dealer: PacketDealer
    private let block: Int
    let packets: UnsafeMutablePointer<PacketSummary>
    private var count = 0
    /// A row of entries for each shard, one longer than ``block``.
    private let entries: UnsafeMutablePointer<Entry>
    private let lists: UnsafeMutablePointer<List>
    private let shards: Int
    private(set) var newest = Int64.min
    var damage: CaptureError?

    init(
        _ capture: consuming Capture, shards: Int, block: Int, dealer: @escaping PacketDealer
    ) {
        self.capture = capture
        self.shards = shards
        self.block = block
        self.dealer = dealer
        unsafe packets = .allocate(capacity: block)
        unsafe entries = .allocate(capacity: (shards + 1) * (block + 1))
        unsafe lists = .allocate(capacity: shards + 1)
        unsafe lists.initialize(repeating: List(), count: shards + 1)
        for shard in 0...shards { endList(of: shard) }
    }

    deinit {
        unsafe packets.deallocate()
        unsafe entries.deallocate()
        unsafe lists.deallocate()
    }

    private func row(_ shard: Int) -> UnsafeMutablePointer<Entry> { unsafe entries + shard * (block + 1) }

    @inline(__always)
    private func add(_ entry: Entry, to shard: Int) {
        unsafe row(shard)[lists[shard].end] = entry
        unsafe lists[shard].end += 1
    }

    private func endList(of shard: Int) {
        unsafe row(shard)[lists[shard].end] = Entry(time: .max, place: 0)
    }

    /// The first of a shard's entries that was not taken yet.
    func list(of shard: Int) -> UnsafePointer<Entry> { unsafe UnsafePointer(row(shard) + lists[shard].begin) }

    var emptyList: UnsafePointer<Entry> { unsafe UnsafePointer(row(shards)) }

    /// Notes that a shard took its entries before `entry`.
    func drop(before entry: UnsafePointer<Entry>, of shard: Int) {
        unsafe lists[shard].begin = entry - UnsafePointer(row(shard))
    }

    var earliest: Int64 {
        (0..<shards).reduce(Int64.max) { unsafe min($0, list(of: $1).pointee.time) }
    }

    /// Before this time no packet can follow those that wait.
    var horizon: Int64 { capture.isAtEnd ? .max : newest }

    /// Of an interface: before this time no packet waits there any more.
    var liveHorizon: Int64 { count < block ? .max : newest + 1 }

    /// Reads until the block is full, the file ends, or nothing waits on the interface.
    func read() {
        dropTaken()
        var isMoving = true
        while isMoving, count < block, !capture.isAtEnd {
            do throws(CaptureError) {
                isMoving = try capture.fill(limit: block - count) > 0
            } catch {
                damage = error
                isMoving = false
            }
            let isLive = capture.isLive
            var (count, newest) = (count, newest)
            _ = capture.take(before: .max) { found in
                var owners = InlineArray<256, UInt8>(repeating: 0)
                for start in stride(from: 0, to: found.count, by: owners.count) {
                    let some = found.extracting(start..<min(start + owners.count, found.count))
                    var span = owners.mutableSpan
                    dealer(some, &span)
                    for index in some.indices {
                        newest = isLive ? some[index].time : max(newest, some[index].time)
                        unsafe (packets + count).initialize(to: some[index])
                        add(Entry(time: newest, place: Int32(count)), to: Int(owners[index]))
                        count += 1
                    }
                }
            }
            (self.count, self.newest) = (count, newest)
        }
        for shard in 0..<shards { endList(of: shard) }
    }

    /// Deals out what waits once more, and everything from now on, by another rule.
    func deal(by dealer: @escaping PacketDealer) {
        self.dealer = dealer
        var waiting: [Entry] = []
        for shard in 0..<shards {
            for place in unsafe lists[shard].begin..<lists[shard].end { waiting.append(unsafe row(shard)[place]) }
            unsafe lists[shard] = List()
        }
        waiting.sort { $0.place < $1.place }
        for entry in waiting {
            var owner = InlineArray<1, UInt8>(repeating: 0)
            var span = owner.mutableSpan
            dealer(unsafe UnsafeBufferPointer(start: packets + Int(entry.place), count: 1).span, &span)
            add(entry, to: Int(owner[0]))
        }
        for shard in 0..<shards { endList(of: shard) }
    }

    /// Moves what was not taken to the front.
    private func dropTaken() {
        var taken = count
        for shard in 0..<shards where unsafe lists[shard].begin < lists[shard].end {
            taken = min(taken, unsafe Int(list(of: shard).pointee.place))
        }
        // A live capture always keeps the last moment's packets: they are not moved for a few that were taken.
        guard taken >= count - taken || count == block || !capture.isLive else { return }
        unsafe packets.update(from: packets + taken, count: count - taken)
        count -= taken
        for shard in 0..<shards {
            let list = unsafe lists[shard]
            let row = unsafe row(shard)
            for place in list.begin..<list.end {
                let entry = unsafe row[place]
                unsafe row[place - list.begin] = Entry(time: entry.time, place: entry.place - Int32(taken))
            }
            unsafe lists[shard] = List(end: list.end - list.begin)
        }
    }
}
