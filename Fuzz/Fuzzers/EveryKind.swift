import ConnectionTracing
import IPVSModel

extension KernelState {
    /// Services of every kind, for the addresses of the lab and of the captures that the seeds are made of.
    static let everyKind: Self = {
        var state = KernelState(
            observedAt: Timestamp(rawValue: 0), version: "1.2.1", connectionTableSize: 4_096, timeouts: Timeouts(),
            virtualServices: services, sysctls: ["net.ipv4.vs.conn_reuse_mode": "1"])
        state.neighbours = [
            IPAddress("10.10.10.10")!: LinkAddress("02:00:00:00:00:01")!,
            IPAddress("fd00:10::30")!: LinkAddress("02:00:00:00:00:02")!,
        ]
        return state
    }()

    private static let services: [VirtualService] = [
        service(
            "tcp/192.168.122.100:80", [],
            [server("10.10.10.10:80"), server("10.10.10.20:80"), server("10.10.10.30:80")]
        ),
        service("tcp/192.168.122.100:8080", [], [server("10.10.10.10:80")]),
        service("tcp/192.168.122.100:0", .persistent, [server("10.10.10.20:0")]),
        service("tcp/192.168.122.100:21", .persistent, [server("10.10.10.30:21")]),
        service("udp/192.168.122.100:53", .onePacket, [server("10.10.10.10:53")]),
        service("sctp/192.168.122.100:80", [], [server("10.10.10.10:80")]),
        service(
            "tcp/192.168.122.100:81", [],
            [
                server("10.10.10.10:81", .tunnel, Tunnel(kind: .ipip)),
                server("10.10.10.20:81", .tunnel, Tunnel(kind: .gre)),
                server("10.10.10.30:81", .tunnel, Tunnel(kind: .gue, port: 6_080)),
            ]),
        service("tcp/192.168.122.100:82", [], [server("10.10.10.10:82", .directRouting)]),
        service("tcp/[fd00:122::100]:80", [], [server("[fd00:10::10]:80")]),
        service("udp/[fd00:122::100]:53", .persistent, [server("[fd00:10::20]:53", .tunnel, Tunnel())]),
        service("fwmark/7", [], [server("10.10.10.10:0")]),
        service("fwmark/7/ipv6", .persistent, [server("[fd00:10::30]:0", .directRouting)]),
    ]

    private static func service(
        _ identity: String, _ flags: VirtualService.Flags, _ servers: [RealServer]
    ) -> VirtualService {
        VirtualService(
            identity: VirtualServiceIdentity(identity)!, scheduler: .roundRobin, flags: flags,
            persistenceTimeout: flags.contains(.persistent) ? 60 : 0, persistencePrefixLength: 24,
            realServers: servers)
    }

    private static func server(
        _ endpoint: String, _ method: ForwardingMethod = .masquerading, _ tunnel: Tunnel? = nil
    ) -> RealServer {
        RealServer(endpoint: Endpoint(endpoint)!, forwardingMethod: method, tunnel: tunnel)
    }
}

/// Has the tracer read a connection table of a few rows, in which port 0 is a persistence template's.
func observe(_ tracer: inout ConnectionTracer, _ now: Int64) {
    let states = ["ESTABLISHED", "SYN_RECV", "TIME_WAIT", "NONE"]
    let rows = states.enumerated().flatMap { index, name in
        ["40000", "40001", "0"].map { port in
            ConnectionEntry(
                transportProtocol: index == 3 ? .udp : .tcp, client: Endpoint("192.168.122.\(1 + index):\(port)")!,
                virtual: Endpoint("192.168.122.100:\(index == 3 ? 53 : 80)")!,
                realServer: Endpoint("10.10.10.\(10 + index * 10):80")!, state: ConnectionState(rawValue: name),
                expiresIn: UInt32(index) * 30)
        }
    }
    tracer.observe(rows, began: Timestamp(rawValue: now), isSynced: { $0.client.port == 40_001 })
}
