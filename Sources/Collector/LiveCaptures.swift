import ConnectionTracing
import Dispatch
import IPVSModel
package import PacketCapture
import PacketDecoding

/// The interfaces of a director, read and traced by one thread or several.
///
/// Confinement: used by one thread at a time, which has the others work for it in phases.
package struct LiveCaptures: ~Copyable {
    /// Exactly one of these is there.
    private var alone: CaptureSet?
    private let fanned: FannedCaptures?

    /// - Parameter captures: Read and traced by the thread that asks.
    package init(_ captures: consuming CaptureSet) {
        alone = consume captures
        fanned = nil
    }

    /// - Parameter captures: Read and traced by as many threads as they have sockets on each interface.
    package init(_ captures: FannedCaptures) {
        alone = nil
        fanned = captures
    }

    /// Visits each capture: of an interface that several threads read there are several.
    package mutating func visitEach<Failure: Error>(_ body: (inout Capture) throws(Failure) -> Void) throws(Failure) {
        if let fanned { try fanned.visitEach(body) } else { try alone!.visitEach(body) }
    }

    /// Waits until a packet arrives on any interface.
    ///
    /// - Parameter milliseconds: How long at most.
    mutating func wait(milliseconds: Int32) {
        if let fanned { fanned.wait(milliseconds: milliseconds) } else { alone!.wait(milliseconds: milliseconds) }
    }

    /// Shares the packets that were not traced yet among the tracers, as their configuration says.
    mutating func deal(to tracers: Tracers) {
        let (sharder, count) = (tracers.sharder, tracers.count)
        fanned?.deal { sharder.deal($0, count: count, into: &$1) }
    }

    /// Traces every packet captured before `horizon`.
    mutating func trace(before horizon: Int64, _ tracers: Tracers) throws(CaptureError) {
        guard let fanned else {
            while try alone!.readInterfaces(
                horizon: horizon, packets: { tracers.process($0, in: 0) }, advance: { tracers.advance(0, to: $0) })
            {}
            return
        }
        let count = fanned.threads
        while true {
            DispatchQueue.concurrentPerform(iterations: count) { fanned.read($0) }
            let end = fanned.beginRound(horizon: horizon)
            DispatchQueue.concurrentPerform(iterations: count) { shard in
                fanned.take(
                    shard, packets: { tracers.process($0, in: shard) }, advance: { tracers.advance(shard, to: $0) })
            }
            // Of the end of a capture only the caller knows the time.
            if end < .max { tracers.advance(to: end) }
            if let damage = fanned.takeDamage() { throw damage }
            if end >= horizon { return }
        }
    }

    /// How many packets each interface gave so far, and how many were dropped.
    mutating func statuses(level: CaptureLevel, levelChanges: UInt64) -> [CaptureStatus] {
        var statuses: [CaptureStatus] = []
        visitEach { capture in
            let status = CaptureStatus(capture, level: level, levelChanges: levelChanges)
            if let place = statuses.firstIndex(where: { $0.name == status.name }) {
                statuses[place].add(status)
            } else {
                statuses.append(status)
            }
        }
        return statuses
    }
}

extension CaptureStatus {
    /// The status of `capture` now.
    fileprivate init(_ capture: borrowing Capture, level: CaptureLevel, levelChanges: UInt64) {
        let side =
            switch capture.tap {
            case .vip: "vip"
            case .dip: "dip"
            case .both: "both"
            }
        let drops = capture.dropCounts
        self.init(
            name: capture.name, side: side, packetsReceived: capture.packetsRead, bytesReceived: capture.bytesRead,
            packetsDropped: drops.byKernel, interfaceDropped: drops.byInterface, level: level,
            levelChanges: levelChanges)
    }

    /// Adds what came through another socket of the same interface.
    fileprivate mutating func add(_ other: CaptureStatus) {
        packetsReceived += other.packetsReceived
        bytesReceived += other.bytesReceived
        packetsDropped += other.packetsDropped
        // The interface's own count, which every socket tells.
        interfaceDropped = max(interfaceDropped, other.interfaceDropped)
    }
}
