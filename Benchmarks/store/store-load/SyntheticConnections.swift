import ConnectionTracing
import Foundation
import IPVSModel

/// Connections as a busy web service has them: numbered without gaps, latencies spread over magnitudes, one in a hundred
/// with a retransmission, one in a thousand refused.
struct SyntheticConnections {
    static let service = VirtualServiceIdentity.endpoint(.tcp, Endpoint("192.168.122.100:80")!)
    static let realServers = ["10.10.10.10:80", "10.10.10.20:80", "10.10.10.30:80"].map { Endpoint($0)! }

    private var random: SplitMix64
    private var id: Int64

    /// - Parameter clients: How many different addresses.
    init(firstID: Int64, seed: UInt64, clients: UInt32 = 2_000) {
        id = firstID
        random = SplitMix64(state: seed)
        self.clients = clients
    }

    private let clients: UInt32

    private mutating func between(_ low: Double, _ high: Double) -> Duration {
        let part = Double(random.next() >> 11) * 0x1p-53
        return .nanoseconds(Int64(low * exp(part * log(high / low))))
    }

    private mutating func below(_ limit: UInt32) -> UInt32 { UInt32(random.next() % UInt64(limit)) }

    mutating func next(at time: Timestamp) -> ConnectionRecord {
        var (vip, dip) = (SideRecord(), SideRecord())
        var elapsed = Duration.zero
        func after(_ more: Duration) -> Duration {
            elapsed += more
            return elapsed
        }
        vip.syn = .zero
        dip.syn = after(between(5e3, 6e4))
        dip.synAck = after(between(1e5, 5e7))
        vip.synAck = after(between(5e3, 6e4))
        vip.ack = after(between(1e5, 1e6))
        vip.firstRequest = after(between(1e4, 2e5))
        vip.firstResponse = after(between(3e5, 2e8))
        vip.end = after(between(1e5, 1e6))
        vip.inPackets = 5 + below(5)
        vip.outPackets = 4 + below(6)
        vip.inBytes = UInt64(vip.inPackets * 52 + 80 + below(420))
        vip.outBytes = UInt64(vip.outPackets * 52 + 300 + below(11_700))
        (dip.inPackets, dip.outPackets, dip.inBytes, dip.outBytes) = (
            vip.inPackets, vip.outPackets, vip.inBytes, vip.outBytes
        )
        if id % 100 == 0 {
            vip.inPackets += 1
            vip.inRepeated = 1
        }
        defer { id += 1 }
        return ConnectionRecord(
            id: id, virtualService: Self.service, realServer: Self.realServers[Int(id % 3)], transportProtocol: .tcp,
            client: Endpoint(
                address: IPAddress(ipv4: 0x0A00_0000 + below(clients)), port: UInt16(32_768 + below(28_000))),
            origin: .assigned, outcome: id % 1_000 == 0 ? .refused : .closed, firstSeen: time,
            lastSeen: time.advanced(by: after(between(2e4, 3e5))), vip: vip, dip: dip, state: .timeWait,
            entry: EntryObservation(
                state: .timeWait, expiresIn: 60 + below(60), firstSeen: time.advanced(by: between(1e6, 1e9)),
                lastSeen: time.advanced(by: between(1e9, 4e9))), hasJustEnded: true)
    }

    /// What the kernel might say after so many connections.
    static func sample(at time: Timestamp, after count: Int64, _ latencies: RealServerLatencies) -> TrafficSample {
        let counters = TrafficCounters(
            connections: UInt64(count), inPackets: UInt64(count) * 7, outPackets: UInt64(count) * 6,
            inBytes: UInt64(count) * 600, outBytes: UInt64(count) * 6_000)
        return TrafficSample(
            time: time, virtualService: service, counters: counters, fairness: 0.999,
            realServers: realServers.map {
                RealServerSample(
                    endpoint: $0, weight: 1, activeConnections: 12, inactiveConnections: 300, counters: counters,
                    assignments: UInt64(count / 3), share: 1.0 / 3, tracedActive: 12, tracedInactive: 300,
                    latencies: latencies)
            })
    }
}

struct SplitMix64 {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}
