import ConnectionTracing
import Dispatch
import IPVSModel
import PacketDecoding
import Synchronization
import TraceStore

/// One tracer, or several that each trace a part of the clients.
///
/// Confinement: a tracer by one thread at a time; its lock is held for a batch, and never waited for.
final class Tracers: Sendable {
    private final class Shard: Sendable {
        let tracer: Mutex<ConnectionTracer>

        init(_ tracer: consuming sending ConnectionTracer) { self.tracer = Mutex(tracer) }
    }

    private let shards: [Shard]
    private let sharder: ClientSharder

    /// - Parameters:
    ///   - count: How many tracers.
    ///   - capacity: The most connections to track at once.
    ///   - states: Every configuration there will be.
    init(count: Int, capacity: Int, firstConnectionID: Int64, states: [KernelState]) {
        // Clients are not dealt out quite evenly.
        let share = count == 1 ? capacity : capacity / count + capacity / count / 8 + 64
        shards = (0..<count).map { number in
            var tracer = ConnectionTracer(
                capacity: share, firstConnectionID: firstConnectionID + Int64(number) << 40)
            for state in states { tracer.update(to: state) }
            return Shard(tracer)
        }
        sharder = shards[0].tracer.withLock { $0.makeSharder() }
    }

    var count: Int { shards.count }

    /// Whose a packet is.
    func shard(of packet: PacketSummary) -> Int { sharder.shard(of: packet, count: shards.count) }

    func process(_ packets: Span<PacketSummary>, in shard: Int) {
        shards[shard].tracer.withLock { $0.process(packets) }
    }

    func advance(_ shard: Int, to time: Int64) { shards[shard].tracer.withLock { $0.advance(to: time) } }

    func advance(to time: Int64) {
        for shard in shards.indices { advance(shard, to: time) }
    }

    /// Ties the rows of the kernel's table to connections.
    func observe(_ entries: [ConnectionEntry], began: Timestamp) {
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

    /// Writes every connection that changed since it was last written: the captures have ended.
    func finish() {
        DispatchQueue.concurrentPerform(iterations: shards.count) { shard in
            shards[shard].tracer.withLock { $0.finish() }
        }
    }

    /// What was found since the last call, by shard.
    func takeOutput() -> [StoreBatch] {
        shards.map { shard in
            shard.tracer.withLock { StoreBatch(connections: $0.takeRecords(), events: $0.takeEvents()) }
        }
    }
}
