import Balance
import IPVSModel
import TestSupport

/// Made-up evidence: what the kernel did, and what was captured of it.
struct Synthetic {
    static let service = VirtualServiceIdentity("tcp/192.168.122.100:80")!

    /// 1 is 10.10.10.10:80, 2 is 10.10.10.20:80 …
    static func server(_ number: Int) -> Endpoint {
        Endpoint(address: IPAddress(ipv4: 0x0a0a_0a00 + UInt32(number) * 10), port: 80)
    }

    /// Second `seconds` of the run.
    static func time(_ seconds: Double) -> Timestamp {
        Timestamp(seconds: 1_772_366_400, nanoseconds: Int64(seconds * 1e9))
    }

    /// Settings with servers in the kernel's list order.
    static func configuration(
        _ servers: [(number: Int, weight: Int32)], between notBefore: Double = 0, and seen: Double = 0,
        scheduler: Scheduler = .roundRobin, flags: VirtualService.Flags = [.hashed], upperThreshold: UInt32 = 0
    ) -> ServiceConfiguration {
        ServiceConfiguration(
            notBefore: time(notBefore), seen: time(seen), scheduler: scheduler, flags: flags,
            realServers: servers.map {
                ConfiguredRealServer(endpoint: server($0.number), weight: $0.weight, upperThreshold: upperThreshold)
            })
    }

    /// Assignments ten milliseconds apart; 0 is a choice that stayed unseen.
    static func assignments(_ servers: [Int]) -> [Assignment] {
        servers.enumerated().map { index, number in
            Assignment(
                connection: Int64(index + 1), time: time(Double(index + 1) * 0.01),
                client: Endpoint(address: IPAddress(ipv4: 0xc0a8_7a01), port: UInt16(20_000 + index % 40_000)),
                realServer: number == 0 ? nil : server(number),
                realServerConnect: Int64(200 + index % 100) * 1_000)
        }
    }

    /// Round robin over servers 3, 2, 1, as they are listed when 1, 2, 3 were added in turn.
    static func roundRobin(_ count: Int, servers: Int = 3) -> [Int] {
        (0..<count).map { servers - $0 % servers }
    }

    static let equal = configuration([(3, 1), (2, 1), (1, 1)])

    /// What the kernel or a capture counts for `connections` connections: 6 packets in, 5 out each.
    static func counters(_ connections: Int) -> TrafficCounters {
        let n = UInt64(connections)
        return TrafficCounters(connections: n, inPackets: 6 * n, outPackets: 5 * n, inBytes: 500 * n, outBytes: 900 * n)
    }

    /// - Parameters:
    ///   - kernel: Whom the kernel chose; `nil` if it was not read. By default what was captured.
    ///   - captured: What was captured.
    ///   - lag: Per server, what may be the counting lag's.
    static func evidence(
        kernel: [Int]?, captured: [Assignment], configurations: [ServiceConfiguration] = [equal], lag: Int = 0,
        causes: [DifferenceCause: UInt64] = [:], packetsDropped: UInt64 = 0
    ) -> RunEvidence {
        var numbers = Set(kernel ?? [])
        for configuration in configurations {
            for server in configuration.realServers {
                if let number = (1...9).first(where: { Self.server($0) == server.endpoint }) { numbers.insert(number) }
            }
        }
        let rows = numbers.filter { $0 > 0 }.sorted().map { number in
            RealServerEvidence(
                endpoint: server(number), captured: counters(captured.count { $0.realServer == server(number) }),
                kernel: kernel.map { counters($0.count { $0 == number }) }, uncertain: counters(lag))
        }
        return RunEvidence(
            run: RunDescription(id: 3, name: "ab", command: ["ab", "-n", "1000"], started: time(0), ended: time(60)),
            virtualServices: [
                VirtualServiceEvidence(
                    identity: service, configurations: configurations, assignments: AssignmentList(captured),
                    realServers: rows,
                    causes: causes)
            ], packetsDropped: packetsDropped)
    }

    /// Complete evidence of `servers`, all of it captured and counted.
    static func complete(_ servers: [Int], configurations: [ServiceConfiguration] = [equal]) -> RunEvidence {
        evidence(kernel: servers, captured: assignments(servers), configurations: configurations)
    }
}

extension SeededGenerator {
    /// Whether something that happens with this probability happens.
    mutating func happens(_ probability: Double) -> Bool { Double.random(in: 0..<1, using: &self) < probability }
}
