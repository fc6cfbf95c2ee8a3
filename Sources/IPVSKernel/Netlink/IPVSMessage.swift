internal import CNetlink
internal import Glibc
package import IPVSModel

/// Meaning of the `IPVS` family's messages. Pure: tests feed it bytes.
///
/// Unknown attributes are passed over, absent counters are zero; what identifies a thing must be there.
package enum IPVSMessage {
    /// The answer to `IPVS_CMD_GET_INFO`.
    package struct Info: Sendable, Hashable {
        /// For example `1.2.1`.
        package let version: String
        /// Hash buckets of the connection table.
        package let connectionTableSize: UInt32
    }

    package static func info(_ message: GenericNetlinkMessage) throws(KernelError) -> Info {
        let attributes = try NetlinkAttributes(decoding: message.attributes[...])
        guard let version: UInt32 = attributes.integer(IPVSAttribute.Info.version),
            let size: UInt32 = attributes.integer(IPVSAttribute.Info.connectionTableSize)
        else { throw .netlinkReply("the version or the table's size is missing") }
        return Info(version: "\(version >> 16 & 255).\(version >> 8 & 255).\(version & 255)", connectionTableSize: size)
    }

    package static func timeouts(_ message: GenericNetlinkMessage) throws(KernelError) -> KernelState.Timeouts {
        let attributes = try NetlinkAttributes(decoding: message.attributes[...])
        let defaults = KernelState.Timeouts()
        // A kernel built without TCP or UDP balancing leaves that protocol's timeouts out.
        return KernelState.Timeouts(
            tcp: attributes.integer(IPVSAttribute.Top.timeoutTCP) ?? defaults.tcp,
            tcpFin: attributes.integer(IPVSAttribute.Top.timeoutTCPFin) ?? defaults.tcpFin,
            udp: attributes.integer(IPVSAttribute.Top.timeoutUDP) ?? defaults.udp)
    }

    /// A virtual service, without its real servers.
    package static func virtualService(_ message: GenericNetlinkMessage) throws(KernelError) -> VirtualService {
        typealias Attribute = IPVSAttribute.Service
        guard let service = try NetlinkAttributes(decoding: message.attributes[...]).nested(IPVSAttribute.Top.service),
            let family: UInt16 = service.integer(Attribute.family), let scheduler = service.string(Attribute.scheduler)
        else { throw .netlinkReply("a service's family or scheduler is missing") }
        let isIPv6 = try isIPv6(family)
        // struct ip_vs_flags: the flags, then a mask that replies set to all ones.
        let flags = VirtualService.Flags(rawValue: service.integer(Attribute.flags) ?? 0)
        let engine = service.string(Attribute.persistenceEngine)
        let (counters, rates) = try traffic(service, wide: Attribute.stats64, narrow: Attribute.stats)
        return VirtualService(
            identity: try identity(service, isIPv6: isIPv6),
            scheduler: Scheduler(rawValue: scheduler), flags: flags,
            persistenceTimeout: flags.contains(.persistent) ? service.integer(Attribute.timeout) ?? 0 : 0,
            persistencePrefixLength: prefixLength(service.integer(Attribute.netmask), isIPv6: isIPv6),
            persistenceEngine: engine == "" ? nil : engine, counters: counters, rates: rates)
    }

    /// A real server of a service whose family is IPv6 or not; old kernels do not say the real server's own.
    package static func realServer(
        _ message: GenericNetlinkMessage, serviceIsIPv6: Bool
    ) throws(KernelError) -> RealServer {
        typealias Attribute = IPVSAttribute.Destination
        let top = try NetlinkAttributes(decoding: message.attributes[...])
        guard let server = try top.nested(IPVSAttribute.Top.destination) else {
            throw .netlinkReply("a message holds no real server")
        }
        var serverIsIPv6 = serviceIsIPv6
        if let family: UInt16 = server.integer(Attribute.family) { serverIsIPv6 = try isIPv6(family) }
        guard let address = address(server.bytes(Attribute.address), isIPv6: serverIsIPv6),
            let port: UInt16 = server.integer(Attribute.port)
        else { throw .netlinkReply("a real server's address or port is missing") }
        let method = try forwardingMethod(server.integer(Attribute.forwardingMethod) ?? UInt32(IP_VS_CONN_F_MASQ))
        let (counters, rates) = try traffic(server, wide: Attribute.stats64, narrow: Attribute.stats)
        return RealServer(
            endpoint: Endpoint(address: address, port: UInt16(bigEndian: port)),
            forwardingMethod: method, tunnel: method == .tunnel ? try tunnel(server) : nil,
            weight: server.integer(Attribute.weight) ?? 0,
            upperThreshold: server.integer(Attribute.upperThreshold) ?? 0,
            lowerThreshold: server.integer(Attribute.lowerThreshold) ?? 0,
            activeConnections: server.integer(Attribute.activeConnections) ?? 0,
            inactiveConnections: server.integer(Attribute.inactiveConnections) ?? 0,
            persistentConnections: server.integer(Attribute.persistentConnections) ?? 0,
            counters: counters, rates: rates)
    }

    /// The attributes that name a service in a request.
    package static func request(for identity: VirtualServiceIdentity) -> [UInt8] {
        typealias Attribute = IPVSAttribute.Service
        var service = NetlinkAttributeWriter()
        switch identity {
        case .firewallMark(let mark, let isIPv6):
            service.append(Attribute.family, UInt16(isIPv6 ? AF_INET6 : AF_INET))
            service.append(Attribute.firewallMark, mark)
        case .endpoint(let transport, let endpoint):
            service.append(Attribute.family, UInt16(endpoint.address.isIPv4 ? AF_INET : AF_INET6))
            service.append(Attribute.transportProtocol, UInt16(transport.rawValue))
            service.append(Attribute.address, inetAddress(endpoint.address))
            service.append(Attribute.port, endpoint.port.bigEndian)
        }
        var request = NetlinkAttributeWriter()
        request.append(IPVSAttribute.Top.service, service.bytes)
        return request.bytes
    }
}

extension IPVSMessage {
    private static func isIPv6(_ family: UInt16) throws(KernelError) -> Bool {
        switch Int32(family) {
        case AF_INET: false
        case AF_INET6: true
        default: throw .netlinkReply("address family \(family) is neither IPv4 nor IPv6")
        }
    }

    private static func identity(
        _ service: NetlinkAttributes, isIPv6: Bool
    ) throws(KernelError) -> VirtualServiceIdentity {
        typealias Attribute = IPVSAttribute.Service
        if let mark: UInt32 = service.integer(Attribute.firewallMark), mark != 0 {
            return .firewallMark(mark, isIPv6: isIPv6)
        }
        guard let transport: UInt16 = service.integer(Attribute.transportProtocol),
            let address = address(service.bytes(Attribute.address), isIPv6: isIPv6),
            let port: UInt16 = service.integer(Attribute.port)
        else { throw .netlinkReply("a service has neither a mark nor protocol, address and port") }
        return .endpoint(
            TransportProtocol(rawValue: UInt8(truncatingIfNeeded: transport)),
            Endpoint(address: address, port: UInt16(bigEndian: port)))
    }

    /// `union nf_inet_addr`: 16 bytes in network order, of which IPv4 uses the first four.
    private static func address(_ bytes: ArraySlice<UInt8>?, isIPv6: Bool) -> IPAddress? {
        bytes.flatMap { IPAddress(networkOrder: $0, isIPv6: isIPv6) }
    }

    private static func inetAddress(_ address: IPAddress) -> [UInt8] {
        let bytes = { (word: UInt64) in (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * UInt64($0))) } }
        return address.isIPv4
            ? bytes(UInt64(address.ipv4Bits) << 32) + [UInt8](repeating: 0, count: 8)
            : bytes(address.high) + bytes(address.low)
    }

    /// A netmask in network order for IPv4, a prefix length in host order for IPv6.
    private static func prefixLength(_ netmask: UInt32?, isIPv6: Bool) -> UInt8 {
        guard let netmask else { return isIPv6 ? 128 : 32 }
        return isIPv6 ? UInt8(clamping: netmask) : UInt8((~UInt32(bigEndian: netmask)).leadingZeroBitCount)
    }

    private static func forwardingMethod(_ flags: UInt32) throws(KernelError) -> ForwardingMethod {
        switch Int32(truncatingIfNeeded: flags) & IP_VS_CONN_F_FWD_MASK {
        case IP_VS_CONN_F_MASQ: .masquerading
        case IP_VS_CONN_F_LOCALNODE: .local
        case IP_VS_CONN_F_TUNNEL: .tunnel
        case IP_VS_CONN_F_DROUTE: .directRouting
        case IP_VS_CONN_F_BYPASS: .bypass
        case let other: throw .netlinkReply("forwarding method \(other) is unknown")
        }
    }

    /// How a real server's packets are wrapped. Kernels before 5.2 say nothing, as they only know IP in IP.
    private static func tunnel(_ server: NetlinkAttributes) throws(KernelError) -> Tunnel {
        typealias Attribute = IPVSAttribute.Destination
        let kind: Tunnel.Kind =
            switch server.integer(Attribute.tunnelType, as: UInt8.self).map(Int.init) {
            case nil, IP_VS_CONN_F_TUNNEL_TYPE_IPIP: .ipip
            case IP_VS_CONN_F_TUNNEL_TYPE_GUE: .gue
            case IP_VS_CONN_F_TUNNEL_TYPE_GRE: .gre
            case let other?: throw .netlinkReply("tunnel type \(other) is unknown")
            }
        return Tunnel(
            kind: kind, port: UInt16(bigEndian: server.integer(Attribute.tunnelPort) ?? 0),
            flags: Tunnel.Flags(rawValue: server.integer(Attribute.tunnelFlags) ?? 0))
    }

    /// The 64-bit statistics, or those of kernels before 4.1, whose counts are narrower.
    private static func traffic(
        _ parent: NetlinkAttributes, wide: UInt16, narrow: UInt16
    ) throws(KernelError) -> (TrafficCounters, TrafficRates) {
        typealias Attribute = IPVSAttribute.Stats
        var nested = try parent.nested(wide)
        if nested == nil { nested = try parent.nested(narrow) }
        guard let stats = nested else { return (TrafficCounters(), TrafficRates()) }
        // 64 bits wide where the kernel made it so, 32 where not.
        let value = { (type: UInt16) in
            stats.integer(type, as: UInt64.self) ?? stats.integer(type, as: UInt32.self).map(UInt64.init) ?? 0
        }
        return (
            TrafficCounters(
                connections: value(Attribute.connections), inPackets: value(Attribute.inPackets),
                outPackets: value(Attribute.outPackets), inBytes: value(Attribute.inBytes),
                outBytes: value(Attribute.outBytes)),
            TrafficRates(
                connections: value(Attribute.connectionRate), inPackets: value(Attribute.inPacketRate),
                outPackets: value(Attribute.outPacketRate), inBytes: value(Attribute.inByteRate),
                outBytes: value(Attribute.outByteRate))
        )
    }
}
