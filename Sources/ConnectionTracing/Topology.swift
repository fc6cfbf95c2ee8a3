import IPVSModel
import PacketDecoding

/// What the tracer knows of the kernel's configuration: which addresses are whose.
///
/// Virtual services and real servers that leave keep their places: connections of theirs may still be traced.
struct Topology {
    struct Service {
        let identity: VirtualServiceIdentity
        /// Where its clients turn to, or the place of a firewall mark's, which has no address of its own.
        let virtual: UInt16
        /// The persistence timeout in seconds and the length of the client prefix; `nil` without persistence.
        var persistence: (timeout: UInt32, prefixLength: UInt8)?
        var isOnePacket = false
        /// Whether its scheduler ever asked how many entries each real server has.
        var asksForEntries = false
        /// Indices into the list of real servers.
        var realServers: [UInt16] = []

        /// Where the clients of FTP's data connections turn to; `nil` unless it is FTP.
        var data: UInt16?

        var isMark: Bool { identity.endpoint == nil }
    }

    /// An address and port that clients turn to.
    struct Virtual {
        let service: UInt16
        /// Port 0 stands for any; `nil` is a firewall mark's, of which packets tell nothing, or that of data connections.
        let endpoint: Endpoint?
        let transport: UInt8
    }

    struct Server {
        let service: UInt16
        let endpoint: Endpoint
        var forwardingMethod: ForwardingMethod
        /// The first reading that showed it, in nanoseconds since the epoch; the least if it was there from the start.
        let knownSince: Int64
    }

    /// An address and port of a real server, which may serve several virtual services.
    struct ServerEndpoint {
        let transport: UInt8
        let endpoint: Endpoint
        var services: [UInt16]
        /// By the same place the service's real server.
        var servers: [UInt16]
        /// Whether this is any port of it that data connections of FTP come from or go to.
        var isData = false
    }

    private(set) var services: [Service] = []
    private(set) var virtuals: [Virtual] = []
    private(set) var servers: [Server] = []
    private(set) var endpoints: [ServerEndpoint] = []
    private(set) var table = EndpointTable()
    /// The addresses of FTP services and their real servers, of which any port may be a data connection's.
    private(set) var dataTable = EndpointTable()
    /// Grows whenever the table changes.
    private(set) var generation = 0
    /// Whether one client port may have several connections to one real server: it serves more than one virtual service,
    /// or one that takes every port.
    private(set) var hasSharedServers = false
    /// Whether any virtual service takes packets of which the address does not tell it.
    private(set) var hasMarks = false
    private(set) var hasOnePacket = false
    private(set) var asksForEntries = false
    /// Whether any service is FTP.
    private(set) var hasFTP = false
    /// Whether any real server is told by its MAC address.
    private(set) var hasDirectRouting = false
    /// Whether addresses and ports tell all of a packet.
    var isPlain: Bool { !hasOnePacket && !hasDirectRouting && !table.hasAnyPort }
    /// How much of a client's address decides where it goes: less than all of it, port included, with persistence. The
    /// least that any reading said.
    private(set) var clientPrefixLength: UInt8?
    /// Whether the kernel was read before.
    private var hasBegun = false
    private var neighbours: [(address: IPAddress, link: UInt64)] = []

    /// More addresses than this are not learned; they share a place.
    private static let mostVirtuals = 4_096
    /// What stands for a protocol in a key that is a MAC address.
    private static let link: UInt8 = 255
    private static let linkMark: UInt64 = 1 << 63

    /// - Returns: Whether persistence is new in any virtual service, or set otherwise than before.
    mutating func update(to state: KernelState) -> Bool {
        var hasNewPersistence = false
        for service in state.virtualServices {
            let index = self.index(of: service.identity)
            guard index != FlowRecord.unknown else { continue }
            services[Int(index)].isOnePacket = service.flags.contains(.onePacket)
            if service.scheduler.asksForEntries { services[Int(index)].asksForEntries = true }
            let old = services[Int(index)].persistence
            let new =
                service.flags.contains(.persistent)
                ? (timeout: service.persistenceTimeout, prefixLength: service.persistencePrefixLength) : nil
            services[Int(index)].persistence = new
            if let new { hasNewPersistence = hasNewPersistence || old.map { $0 != new } ?? true }
            for server in service.realServers { add(server, to: index, seen: state.observedAt) }
        }
        hasBegun = true
        neighbours = state.neighbours.map { ($0.key, $0.value.bits) }
        hasSharedServers =
            endpoints.contains { $0.services.count > 1 }
            || services.contains { $0.isMark || $0.identity.endpoint?.port == 0 }
        hasMarks = services.contains(where: \.isMark)
        hasOnePacket = services.contains(where: \.isOnePacket)
        asksForEntries = services.contains(where: \.asksForEntries)
        hasDirectRouting = servers.contains { $0.forwardingMethod == .directRouting }
        hasFTP = services.contains { $0.data != nil }
        // A data connection hangs together with its client's control connection.
        let prefixLength = services.compactMap(\.persistence).map(\.prefixLength).min() ?? (hasFTP ? 128 : nil)
        clientPrefixLength = [prefixLength, clientPrefixLength].compactMap(\.self).min()
        rebuild()
        return hasNewPersistence
    }

    private mutating func index(of identity: VirtualServiceIdentity) -> UInt16 {
        if let known = services.firstIndex(where: { $0.identity == identity }) { return UInt16(known) }
        guard services.count < FlowRecord.unknown, virtuals.count < FlowRecord.unknown else {
            return FlowRecord.unknown
        }
        let index = UInt16(services.count)
        services.append(Service(identity: identity, virtual: UInt16(virtuals.count)))
        virtuals.append(
            Virtual(
                service: index, endpoint: identity.endpoint, transport: identity.transportProtocol?.rawValue ?? 0))
        if identity.isFTP, virtuals.count < FlowRecord.unknown {
            services[Int(index)].data = UInt16(virtuals.count)
            virtuals.append(Virtual(service: index, endpoint: nil, transport: TransportProtocol.tcp.rawValue))
        }
        return index
    }

    private mutating func add(_ server: RealServer, to service: UInt16, seen: Timestamp) {
        if let known = services[Int(service)].realServers.first(where: {
            servers[Int($0)].endpoint == server.endpoint
        }) {
            servers[Int(known)].forwardingMethod = server.forwardingMethod
            return
        }
        // A firewall mark's real servers take every protocol.
        let transports = services[Int(service)].identity.transportProtocol.map { [$0.rawValue] } ?? Self.transports
        guard servers.count < FlowRecord.unknown, endpoints.count + transports.count < FlowRecord.unknown else {
            return
        }
        services[Int(service)].realServers.append(UInt16(servers.count))
        servers.append(
            Server(
                service: service, endpoint: server.endpoint, forwardingMethod: server.forwardingMethod,
                knownSince: hasBegun ? seen.rawValue : .min))
        for transport in transports {
            let place = Int(place(of: server.endpoint, transport))
            endpoints[place].services.append(service)
            endpoints[place].servers.append(UInt16(servers.count - 1))
        }
        guard services[Int(service)].data != nil, endpoints.count < FlowRecord.unknown else { return }
        let anyPort = Endpoint(address: server.endpoint.address, port: 0)
        let data = Int(place(of: anyPort, TransportProtocol.tcp.rawValue, isData: true))
        guard !endpoints[data].services.contains(service) else { return }
        endpoints[data].services.append(service)
        endpoints[data].servers.append(UInt16(servers.count - 1))
    }

    private static let transports = [TransportProtocol.tcp, .udp, .sctp].map(\.rawValue)

    private mutating func place(of endpoint: Endpoint, _ transport: UInt8, isData: Bool = false) -> UInt16 {
        let known = endpoints.firstIndex {
            $0.endpoint == endpoint && $0.transport == transport && $0.isData == isData
        }
        if let known { return UInt16(known) }
        endpoints.append(
            ServerEndpoint(transport: transport, endpoint: endpoint, services: [], servers: [], isData: isData))
        return UInt16(endpoints.count - 1)
    }

    private mutating func rebuild() {
        var entries: [EndpointTable.Entry] = []
        for (index, virtual) in virtuals.enumerated() {
            guard let endpoint = virtual.endpoint else { continue }
            entries.append(
                EndpointTable.Entry(
                    transport: virtual.transport, endpoint: endpoint, isRealServer: false, index: UInt16(index)))
        }
        for (index, endpoint) in endpoints.enumerated() where !endpoint.isData {
            entries.append(
                EndpointTable.Entry(
                    transport: endpoint.transport, endpoint: endpoint.endpoint, isRealServer: true,
                    index: UInt16(index)))
        }
        for server in servers where server.forwardingMethod == .directRouting {
            for neighbour in neighbours where neighbour.address == server.endpoint.address {
                for (index, endpoint) in endpoints.enumerated()
                where endpoint.endpoint == server.endpoint && endpoint.services.contains(server.service) {
                    let link = IPAddress(high: Self.linkMark | neighbour.link, low: UInt64(server.service))
                    entries.append(
                        EndpointTable.Entry(
                            transport: Self.link, endpoint: Endpoint(address: link, port: UInt16(endpoint.transport)),
                            isRealServer: true, index: UInt16(index)))
                }
            }
        }
        table = EndpointTable(entries)
        if hasFTP { dataTable = makeDataTable() }
        generation += 1
    }

    private func makeDataTable() -> EndpointTable {
        let transport = TransportProtocol.tcp.rawValue
        var entries: [EndpointTable.Entry] = []
        for service in services {
            guard let data = service.data, let address = service.identity.endpoint?.address else { continue }
            let anyPort = Endpoint(address: address, port: 0)
            entries.append(
                EndpointTable.Entry(transport: transport, endpoint: anyPort, isRealServer: false, index: data))
        }
        for (index, endpoint) in endpoints.enumerated() where endpoint.isData {
            entries.append(
                EndpointTable.Entry(
                    transport: transport, endpoint: endpoint.endpoint, isRealServer: true, index: UInt16(index)))
        }
        return EndpointTable(entries)
    }

    /// The real server endpoint that a frame of a virtual service is sent to, told by its MAC address.
    func endpoint(atLink link: UInt64, of service: UInt16, _ transport: UInt8) -> UInt16? {
        let match = table.match(
            Self.linkMark | link, UInt64(service), port: UInt16(transport), transport: Self.link)
        return match.endpoint == FlowRecord.unknown ? nil : match.endpoint
    }

    /// The real server of a virtual service at an endpoint.
    func server(at endpoint: UInt16, of service: UInt16) -> UInt16? {
        let services = endpoints[Int(endpoint)].services
        return services.firstIndex(of: service).map { endpoints[Int(endpoint)].servers[$0] }
    }

    /// Learns that clients reach a virtual service at an address and port of their own choice: a firewall mark's, or
    /// one of a service that takes every port.
    ///
    /// - Returns: The place to use from now on.
    mutating func learn(_ endpoint: Endpoint, _ transport: UInt8, of service: UInt16) -> UInt16 {
        let known = virtuals.firstIndex {
            $0.service == service && $0.endpoint == endpoint && $0.transport == transport
        }
        if let known { return UInt16(known) }
        guard virtuals.count < Self.mostVirtuals else { return services[Int(service)].virtual }
        virtuals.append(Virtual(service: service, endpoint: endpoint, transport: transport))
        rebuild()
        return UInt16(virtuals.count - 1)
    }
}
