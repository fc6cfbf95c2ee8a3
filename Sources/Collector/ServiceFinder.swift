package import IPVSModel
import PacketCapture
import PacketDecoding

/// Finds virtual services and real servers in a pair of captures: a SYN keeps its client, port and sequence number on
/// its way through the director, while its destination changes.
package enum ServiceFinder {
    private struct Handshake: Hashable {
        var client: Endpoint
        var sequence: UInt32

        /// A sequence number is random: hashing it and little more is enough, and sooner done.
        func hash(into hasher: inout Hasher) {
            hasher.combine(client.address.low ^ UInt64(client.port) << 48 ^ UInt64(sequence) << 16)
        }
    }

    /// A SYN as the VIP side shows it.
    private struct Seen {
        /// Where it goes to; on a one-armed director, before it is translated.
        var virtual: Endpoint
        var time: Int64
    }

    /// Who sends on to whom.
    private struct Forwarding: Hashable {
        var virtual: Endpoint
        var realServer: Endpoint
    }

    /// More SYNs than this, from the beginning of each capture, are not needed to know a director.
    private static let mostSYNs = 20_000

    /// - Returns: A kernel state with the services found, of the time of the first handshake, with no scheduler and no
    ///   counters.
    /// - Throws: `CaptureError`, or ``CollectorError`` if no connection was seen on both sides, or a file is a pipe.
    package static func find(vipPath: String, dipPath: String) throws -> KernelState {
        for path in [vipPath, dipPath] where Capture.isPipe(path) {
            throw CollectorError(
                code: .readableOnce,
                description: "\(path): a pipe is read only once; name the kernel's state with --kernel, or use a file")
        }
        var arrived: [Handshake: Seen] = [:]
        arrived.reserveCapacity(mostSYNs)
        try visitSYNs(in: vipPath) { packet in
            let handshake = Handshake(client: packet.source, sequence: packet.sequence)
            if arrived[handshake] == nil {
                arrived[handshake] = Seen(virtual: packet.destination, time: packet.time)
            }
        }
        var forwardings: Set<Forwarding> = []
        try visitSYNs(in: dipPath) { packet in
            let handshake = Handshake(client: packet.source, sequence: packet.sequence)
            guard let seen = arrived[handshake], seen.virtual != packet.destination else { return }
            forwardings.insert(Forwarding(virtual: seen.virtual, realServer: packet.destination))
        }
        let servers = Dictionary(grouping: forwardings, by: \.virtual)
        guard !servers.isEmpty else {
            throw CollectorError(
                code: .nothingCaptured,
                description:
                    "\(vipPath), \(dipPath): no connection was seen on both sides; name the VIP side's capture with "
                    + "--vip, the DIP side's with --dip, and the kernel's state with --kernel")
        }
        let services = servers.keys.sorted().map { virtual in
            VirtualService(
                identity: .endpoint(.tcp, virtual), scheduler: Scheduler(rawValue: "unknown"),
                realServers: (servers[virtual] ?? []).map(\.realServer).sorted().map { RealServer(endpoint: $0) })
        }
        let began = Timestamp(rawValue: arrived.values.map(\.time).min() ?? 0)
        return KernelState(
            observedAt: began, version: "unknown", connectionTableSize: 0, timeouts: KernelState.Timeouts(),
            virtualServices: services)
    }

    private static func visitSYNs(in path: String, _ body: (PacketSummary) -> Void) throws(CaptureError) {
        var capture = try Capture.open(file: path, tap: .both)
        var count = 0
        while count < mostSYNs, try capture.fill(limit: 4_096) > 0 {
            _ = capture.take(before: .max) { packets in
                for index in packets.indices where packets[index].flags.intersection([.syn, .ack]) == .syn {
                    body(packets[index])
                    count += 1
                }
            }
        }
    }
}
