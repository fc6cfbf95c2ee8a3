import ConnectionTracing
import Dispatch
package import IPVSModel
import PacketDecoding
import Synchronization
import TraceStore

/// One tracer, or several that each trace a part of the clients.
///
/// Confinement: a tracer by one thread at a time; its lock is held for a batch, and never waited for.
package final class Tracers: Sendable {
    private final class Shard: Sendable {
        let tracer: Mutex<ConnectionTracer>

        init(_ tracer: consuming sending ConnectionTracer) { self.tracer = Mutex(tracer) }
    }

    private let shards: [Shard]
    private let currentSharder: Mutex<ClientSharder>
    private let nextID: Mutex<Int64>

    /// - Parameters:
    ///   - count: How many tracers.
    ///   - capacity: The most connections to track at once.
    ///   - states: Every configuration that is known beforehand, one at least.
    ///   - level: What the captures show.
    package init(
        count: Int, capacity: Int, firstConnectionID: Int64 = 1, states: [KernelState], level: CaptureLevel = .full
    ) {
        // Clients are not dealt out quite evenly.
        let share = count == 1 ? capacity : capacity / count + capacity / count / 8 + 64
        nextID = Mutex(firstConnectionID)
        shards = (0..<count).map { _ in
            var tracer = ConnectionTracer(
                capacity: share, firstConnectionID: firstConnectionID, isNumberedLater: count > 1)
            tracer.level = level
            // What comes later is known from the start, and settings are followed as their readings come.
            for state in states { tracer.update(to: state) }
            tracer.update(to: states[0])
            return Shard(tracer)
        }
        currentSharder = Mutex(shards[0].tracer.withLock { $0.makeSharder() })
    }

    var count: Int { shards.count }

    /// Tells whose a packet is, until the configuration changes.
    var sharder: ClientSharder { currentSharder.withLock { $0 } }

    /// Says that the services were made for the capture: no persistence template is older.
    func beginWithoutTemplates() {
        for shard in shards { shard.tracer.withLock { $0.beginWithoutTemplates() } }
    }

    /// Follows the kernel's configuration.
    ///
    /// Persistence or a firewall mark that is new puts other clients together than before. Connections that have to
    /// move are traced on as ones that began before the capture.
    func update(to state: KernelState) {
        for shard in shards { shard.tracer.withLock { $0.update(to: state) } }
        let sharder = shards[0].tracer.withLock { $0.makeSharder() }
        currentSharder.withLock { $0 = sharder }
    }

    /// Tells what the captures show of what comes next.
    func setLevel(_ level: CaptureLevel) {
        for shard in shards { shard.tracer.withLock { $0.level = level } }
    }

    func process(_ packets: Span<PacketSummary>, in shard: Int) {
        shards[shard].tracer.withLock { $0.process(packets) }
    }

    func advance(_ shard: Int, to time: Int64) { shards[shard].tracer.withLock { $0.advance(to: time) } }

    func advance(to time: Int64) {
        for shard in shards.indices { advance(shard, to: time) }
        number()
    }

    /// Gives connections that began since the last call their ids, in the order in which one tracer would have.
    private func number() {
        guard shards.contains(where: { $0.tracer.withLock { $0.hasUnnumbered } }) else { return }
        let births = shards.map { $0.tracer.withLock { $0.unnumbered } }
        var order = births.indices.flatMap { shard in births[shard].indices.map { (shard: shard, index: $0) } }
        order.sort { births[$0.shard][$0.index] < births[$1.shard][$1.index] }
        var ids = births.map { Array(repeating: Int64(0), count: $0.count) }
        nextID.withLock { next in
            for (offset, birth) in order.enumerated() { ids[birth.shard][birth.index] = next + Int64(offset) }
            next += Int64(order.count)
        }
        for (shard, ids) in zip(shards, ids) { shard.tracer.withLock { $0.number(ids) } }
    }

    /// Ties the rows of the kernel's table to connections.
    func observe(_ entries: [ConnectionEntry], began: Timestamp) {
        let sharder = sharder
        var parts = Array(repeating: [ConnectionEntry](), count: shards.count)
        for entry in entries { parts[sharder.shard(of: entry, count: shards.count)].append(entry) }
        for (shard, part) in zip(shards, parts) { shard.tracer.withLock { $0.observe(part, began: began) } }
    }

    func summary() -> TraceSummary {
        var sum = TraceSummary()
        for shard in shards { sum.add(shard.tracer.withLock { $0.summary() }) }
        return sum
    }

    var lastPacket: Int64 { shards.reduce(0) { max($0, $1.tracer.withLock { $0.lastPacket }) } }

    var pendingRecords: Int { shards.reduce(0) { $0 + $1.tracer.withLock { $0.pendingRecords } } }

    /// Writes connections that changed since they were last written: the captures have ended.
    ///
    /// - Parameter limit: How many at most from each tracer.
    /// - Returns: Whether all are written.
    func finish(limit: Int) -> Bool {
        number()
        return shards.reduce(true) { isFinished, shard in
            shard.tracer.withLock { $0.finish(limit: limit) } && isFinished
        }
    }

    /// Has connections told when they begin; see ``takeStarts()``.
    func tellStarts() {
        for shard in shards { shard.tracer.withLock { $0.tellsStarts = true } }
    }

    /// The connections that began since the last call, as `ConnectionTracer.takeStarts()` tells them.
    func takeStarts() -> (starts: [ConnectionStart], dropped: UInt64) {
        var all: (starts: [ConnectionStart], dropped: UInt64) = ([], 0)
        for shard in shards {
            let part = shard.tracer.withLock { $0.takeStarts() }
            if all.starts.isEmpty { all.starts = part.starts } else { all.starts += part.starts }
            all.dropped += part.dropped
        }
        return all
    }

    /// What was found since the last call, by shard.
    func takeOutput() -> [StoreBatch] {
        shards.map { shard in
            shard.tracer.withLock {
                StoreBatch(
                    connections: $0.takeRecords(), events: $0.takeEvents(), entryChanges: $0.takeEntryChanges())
            }
        }
    }
}

extension StoreBatch {
    /// What was found at the same time, events in order of time.
    init(merging parts: [StoreBatch]) {
        self = parts.first ?? StoreBatch()
        for part in parts.dropFirst() {
            connections += part.connections
            events += part.events
            samples += part.samples
            configurations += part.configurations
            levels += part.levels
            entryChanges.merge(part.entryChanges) { $0 + $1 }
            entryReadings.merge(part.entryReadings) { $0 + $1 }
        }
        if parts.count > 1 { events.sort { $0.time < $1.time } }
    }
}
