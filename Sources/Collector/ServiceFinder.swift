package import IPVSModel
import PacketCapture
import PacketDecoding

/// Finds virtual services and real servers in a pair of captures: a SYN keeps its client, port and sequence number on
/// its way through the director, while its destination changes.
package enum ServiceFinder {
    private struct Handshake: Hashable {
        var client: Endpoint
        var sequence: UInt32
    }

    /// A SYN as one capture shows it: on a one-armed director first on its way in, last on its way out.
    private struct Seen {
        var first: Endpoint
        var last: Endpoint
        var time: Int64
    }

    /// More handshakes than this are not needed to know a director.
    private static let mostHandshakes = 100_000

    /// - Returns: A kernel state with the services found, of the time of the first handshake, with no scheduler and no
    ///   counters.
    /// - Throws: `CaptureError`, or ``CollectorError`` if no connection was seen on both sides.
    package static func find(vipPath: String, dipPath: String) throws -> KernelState {
        let vip = try handshakes(in: vipPath)
        let dip = vipPath == dipPath ? vip : try handshakes(in: dipPath)
        var servers: [Endpoint: Set<Endpoint>] = [:]
        for (handshake, seen) in vip {
            guard let server = dip[handshake]?.last, server != seen.first else { continue }
            servers[seen.first, default: []].insert(server)
        }
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
                realServers: (servers[virtual] ?? []).sorted().map { RealServer(endpoint: $0) })
        }
        let began = Timestamp(rawValue: vip.values.map(\.time).min() ?? 0)
        return KernelState(
            observedAt: began, version: "unknown", connectionTableSize: 0, timeouts: KernelState.Timeouts(),
            virtualServices: services)
    }

    private static func handshakes(in path: String) throws(CaptureError) -> [Handshake: Seen] {
        var found: [Handshake: Seen] = [:]
        var capture = try Capture.open(file: path, tap: .both)
        while found.count < mostHandshakes, try capture.fill(limit: 4_096) > 0 {
            _ = capture.take(before: .max) { packets in
                for index in packets.indices where packets[index].flags.intersection([.syn, .ack]) == .syn {
                    let packet = packets[index]
                    let seen = Seen(first: packet.destination, last: packet.destination, time: packet.time)
                    found[Handshake(client: packet.source, sequence: packet.sequence), default: seen].last =
                        packet.destination
                }
            }
        }
        return found
    }
}
