import IPVSKernel
import IPVSModel
import Testing

@Suite struct NetlinkMessageTests {
    private static func message(_ attributes: [UInt8]) -> GenericNetlinkMessage {
        GenericNetlinkMessage(command: 1, attributes: attributes)
    }

    /// What a real kernel answered: services with their real servers, as ``IPVSNetlink/virtualServices()`` joins them.
    static func realServices() throws -> [VirtualService] {
        var services = try Fixture.messages("linux-6.1/services.nlmsg").map {
            try IPVSMessage.virtualService(message($0.attributes))
        }
        for (service, attributes) in try Fixture.messages("linux-6.1/destinations.nlmsg") {
            let index = service - 1
            services[index].realServers.append(
                try IPVSMessage.realServer(
                    message(attributes), serviceIsIPv6: services[index].identity.endpoint?.address.isIPv4 == false))
        }
        return services
    }

    @Test func `the numbers of the kernel's interface are what they have always been`() {
        #expect(IPVSCommand.getService.rawValue == 4)
        #expect(IPVSCommand.getDestination.rawValue == 8)
        #expect(IPVSCommand.getConfig.rawValue == 13)
        #expect(IPVSCommand.getInfo.rawValue == 15)
        #expect(IPVSAttribute.Top.service == 1)
        #expect(IPVSAttribute.Top.destination == 2)
        #expect(IPVSAttribute.Top.timeoutTCP == 4)
        #expect(IPVSAttribute.Top.timeoutTCPFin == 5)
        #expect(IPVSAttribute.Top.timeoutUDP == 6)
        #expect(IPVSAttribute.Info.version == 1)
        #expect(IPVSAttribute.Info.connectionTableSize == 2)
        typealias Service = IPVSAttribute.Service
        #expect(
            [
                Service.family, Service.transportProtocol, Service.address, Service.port, Service.firewallMark,
                Service.scheduler, Service.flags, Service.timeout, Service.netmask, Service.stats,
                Service.persistenceEngine, Service.stats64,
            ] == Array(1...12))
        typealias Destination = IPVSAttribute.Destination
        #expect(
            [
                Destination.address, Destination.port, Destination.forwardingMethod, Destination.weight,
                Destination.upperThreshold, Destination.lowerThreshold, Destination.activeConnections,
                Destination.inactiveConnections, Destination.persistentConnections, Destination.stats,
                Destination.family, Destination.stats64, Destination.tunnelType, Destination.tunnelPort,
                Destination.tunnelFlags,
            ] == Array(1...15))
        typealias Stats = IPVSAttribute.Stats
        #expect(
            [
                Stats.connections, Stats.inPackets, Stats.outPackets, Stats.inBytes, Stats.outBytes,
                Stats.connectionRate, Stats.inPacketRate, Stats.outPacketRate, Stats.inByteRate, Stats.outByteRate,
            ] == Array(1...10))
    }

    @Test func `version, table size and timeouts of a real kernel are read`() throws {
        let info = try IPVSMessage.info(Self.message(try Fixture.messages("linux-6.1/info.nlmsg")[0].attributes))
        #expect(info.version == "1.2.1")
        #expect(info.connectionTableSize == 4096)
        let config = try Fixture.messages("linux-6.1/config.nlmsg")[0].attributes
        #expect(
            try IPVSMessage.timeouts(Self.message(config)) == KernelState.Timeouts(tcp: 900, tcpFin: 120, udp: 300))
    }

    @Test func `services of every kind a real kernel has are read`() throws {
        let services = Dictionary(
            uniqueKeysWithValues: try Self.realServices().map { ($0.identity.description, $0) })
        #expect(services.count == 18)

        let plain = try #require(services["tcp/192.168.122.100:80"])
        #expect(plain.scheduler == .roundRobin)
        #expect(plain.flags == .hashed)
        #expect(plain.counters.connections == 9)
        #expect(
            plain.realServers.map(\.endpoint.description) == ["10.10.10.30:80", "10.10.10.20:80", "10.10.10.10:80"])
        #expect(plain.realServers.map(\.counters).reduce(TrafficCounters(), +) == plain.counters)

        let weighted = try #require(services["tcp/192.168.122.100:81"])
        #expect(weighted.realServers.map(\.weight) == [0, 1, 3])
        #expect(weighted.realServers.map(\.upperThreshold) == [0, 0, 100])
        #expect(weighted.realServers.map(\.lowerThreshold) == [0, 0, 50])
        #expect(weighted.realServers.map(\.activeConnections) == [0, 2, 5])

        let masked = try #require(services["tcp/192.168.122.100:82"])
        #expect(masked.flags.contains(.persistent))
        #expect(masked.persistenceTimeout == 360)
        #expect(masked.persistencePrefixLength == 24)
        #expect(masked.realServers.map(\.persistentConnections) == [1])

        let maskedIPv6 = try #require(services["tcp/[fd00:122::100]:81"])
        #expect(maskedIPv6.persistencePrefixLength == 64)
        #expect(services["tcp/[fd00:122::100]:80"]?.persistencePrefixLength == 128)
        #expect(maskedIPv6.realServers.map(\.endpoint.description) == ["[fd00:10::30]:80"])

        #expect(services["udp/192.168.122.100:54"]?.flags.contains(.onePacket) == true)
        #expect(services["udp/192.168.122.100:54"]?.counters.connections == 6)
        #expect(services["udp/192.168.122.100:5060"]?.persistenceEngine == "sip")
        #expect(services["tcp/192.168.122.100:80"]?.persistenceEngine == nil)

        let hashing = try #require(services["tcp/192.168.122.100:443"])
        #expect(hashing.scheduler.rawValue == "sh")
        #expect(hashing.flags.isSuperset(of: [.schedulerFlag1, .schedulerFlag2]))
        #expect(hashing.realServers.map(\.forwardingMethod) == [.masquerading, .tunnel, .directRouting])
        #expect(hashing.realServers.map(\.tunnel) == [nil, Tunnel(), nil])

        // A real server of another family than its service.
        #expect(services["tcp/192.168.122.100:444"]?.realServers.first?.endpoint.description == "[fd00:10::10]:444")
        #expect(services["fwmark/7"]?.realServers.map(\.inactiveConnections) == [3, 0])
        #expect(services["fwmark/7/ipv6"]?.realServers.map(\.endpoint.description) == ["[fd00:10::30]:0"])
        #expect(services["fwmark/9/ipv6"]?.persistencePrefixLength == 48)
        #expect(services["sctp/192.168.122.100:9000"]?.counters.connections == 1)
        #expect(services["tcp/10.10.10.1:80"]?.realServers == [])
    }

    @Test func `a message cut anywhere answers, and never traps`() throws {
        let services = try Fixture.messages("linux-6.1/services.nlmsg").map(\.attributes)
        let servers = try Fixture.messages("linux-6.1/destinations.nlmsg").map(\.attributes)
        for attributes in [services[0], services[services.count - 1]] {
            for length in 0..<attributes.count {
                #expect(throws: KernelError.self) {
                    try IPVSMessage.virtualService(Self.message(Array(attributes.prefix(length))))
                }
            }
        }
        for length in 0..<servers[0].count {
            #expect(throws: KernelError.self) {
                try IPVSMessage.realServer(Self.message(Array(servers[0].prefix(length))), serviceIsIPv6: false)
            }
        }
        #expect(GenericNetlinkMessage(payload: [1, 1, 0]) == nil)
        #expect(GenericNetlinkMessage(payload: [1, 1, 0, 0])?.attributes == [])
    }

    @Test func `a message with any one byte changed answers, and never traps`() throws {
        let original = try Fixture.messages("linux-6.1/services.nlmsg")[0].attributes
        let unchanged = try IPVSMessage.virtualService(Self.message(original))
        var changes = 0
        for index in original.indices {
            for value in [0, 1, 0x7f, 0xff] as [UInt8] {
                var attributes = original
                attributes[index] = value
                let service = try? IPVSMessage.virtualService(Self.message(attributes))
                if service != unchanged { changes += 1 }
            }
        }
        #expect(changes > original.count)
    }

    /// A real server's message: attributes appended to the least that one needs.
    private func realServer(_ more: (inout NetlinkAttributeWriter) -> Void) throws -> RealServer {
        typealias Attribute = IPVSAttribute.Destination
        var server = NetlinkAttributeWriter()
        server.append(Attribute.address, [10, 10, 10, 20])
        server.append(Attribute.port, UInt16(80).bigEndian)
        more(&server)
        var message = NetlinkAttributeWriter()
        message.append(IPVSAttribute.Top.destination, server.bytes)
        return try IPVSMessage.realServer(Self.message(message.bytes), serviceIsIPv6: false)
    }

    @Test func `an attribute nobody knows is passed over`() throws {
        let server = try realServer { server in
            server.append(200, [1, 2, 3])
            server.append(IPVSAttribute.Destination.weight | 0x8000, Int32(-1))
            server.append(0x3fff, [])
        }
        #expect(server.endpoint.description == "10.10.10.20:80")
        #expect(server.weight == -1)
    }

    @Test func `statistics of 64 bits are preferred to those of 32`() throws {
        typealias Attribute = IPVSAttribute.Stats
        var narrow = NetlinkAttributeWriter()
        narrow.append(Attribute.connections, UInt32(7))
        narrow.append(Attribute.inBytes, UInt64(1 << 40))
        var wide = NetlinkAttributeWriter()
        wide.append(Attribute.connections, UInt64(1 << 33) + 7)
        let old = try realServer { $0.append(IPVSAttribute.Destination.stats, narrow.bytes) }
        #expect(old.counters == TrafficCounters(connections: 7, inBytes: 1 << 40))
        let new = try realServer {
            $0.append(IPVSAttribute.Destination.stats, narrow.bytes)
            $0.append(IPVSAttribute.Destination.stats64, wide.bytes)
        }
        #expect(new.counters == TrafficCounters(connections: 1 << 33 + 7))
    }

    @Test(arguments: zip([0, 1, 2, 3, 4] as [UInt32], ForwardingMethod.allCases))
    func `the low bits of the flags are the forwarding method`(flags: UInt32, method: ForwardingMethod) throws {
        let server = try realServer { $0.append(IPVSAttribute.Destination.forwardingMethod, 0x100 | flags) }
        #expect(server.forwardingMethod == method)
    }

    @Test(arguments: [5, 6, 7] as [UInt32])
    func `an unknown forwarding method is an error`(flags: UInt32) {
        #expect(throws: KernelError.self) {
            try realServer { $0.append(IPVSAttribute.Destination.forwardingMethod, flags) }
        }
    }

    @Test(arguments: zip([0, 1, 2] as [UInt8], Tunnel.Kind.allCases))
    func `a tunnel has its type, port and flags`(type: UInt8, kind: Tunnel.Kind) throws {
        typealias Attribute = IPVSAttribute.Destination
        let server = try realServer {
            $0.append(Attribute.forwardingMethod, UInt32(2))
            $0.append(Attribute.tunnelType, type)
            $0.append(Attribute.tunnelPort, UInt16(6080).bigEndian)
            $0.append(Attribute.tunnelFlags, UInt16(3))
        }
        #expect(server.tunnel == Tunnel(kind: kind, port: 6080, flags: [.checksum, .remoteChecksum]))
    }

    @Test func `a tunnel of a kernel that does not tell the type is IP in IP`() throws {
        let server = try realServer { $0.append(IPVSAttribute.Destination.forwardingMethod, UInt32(2)) }
        #expect(server.tunnel == Tunnel(kind: .ipip))
    }

    @Test func `a real server that is not reached by a tunnel has none, whatever its attributes say`() throws {
        let server = try realServer { $0.append(IPVSAttribute.Destination.tunnelType, UInt8(1)) }
        #expect(server.tunnel == nil)
    }

    @Test func `an unknown tunnel type is an error`() {
        #expect(throws: KernelError.self) {
            try realServer {
                $0.append(IPVSAttribute.Destination.forwardingMethod, UInt32(2))
                $0.append(IPVSAttribute.Destination.tunnelType, UInt8(3))
            }
        }
    }

    @Test(arguments: ["tcp/192.168.122.100:80", "udp/[fd00:122::100]:53", "fwmark/7", "fwmark/4294967295/ipv6"])
    func `a request names the service that it is for`(text: String) throws {
        // A service's answer holds the request's attributes and more.
        let identity = try #require(VirtualServiceIdentity(text))
        let request = IPVSMessage.request(for: identity)
        var service = NetlinkAttributeWriter()
        service.append(IPVSAttribute.Service.scheduler, Array("rr\0".utf8))
        var answer = NetlinkAttributeWriter()
        answer.append(IPVSAttribute.Top.service, Array(request.dropFirst(4)) + service.bytes)
        #expect(try IPVSMessage.virtualService(Self.message(answer.bytes)).identity == identity)
    }
}
