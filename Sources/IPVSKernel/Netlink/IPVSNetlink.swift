internal import CNetlink
package import IPVSModel

/// Questions to the kernel's `IPVS` family.
///
/// Every command needs `CAP_NET_ADMIN` in the initial user namespace, reading too. A reading of many parts is not
/// atomic: services may change between two of its requests.
package struct IPVSNetlink: ~Copyable {
    private let socket: GenericNetlinkSocket
    private let family: Int32

    private init(adopting socket: consuming GenericNetlinkSocket, family: Int32) {
        self.socket = socket
        self.family = family
    }

    /// Opens a socket in this network namespace and finds the family. The kernel loads `ip_vs` by itself if it may.
    package static func open() throws(KernelError) -> IPVSNetlink {
        let socket = try GenericNetlinkSocket.connect()
        let family = try socket.resolveFamily(IPVS_GENL_NAME)
        return IPVSNetlink(adopting: socket, family: family)
    }

    /// Version and table size.
    package func info() throws(KernelError) -> IPVSMessage.Info {
        try IPVSMessage.info(try one(.getInfo))
    }

    package func timeouts() throws(KernelError) -> KernelState.Timeouts {
        try IPVSMessage.timeouts(try one(.getConfig))
    }

    /// The virtual services in the kernel's hash order, each with its real servers in the order of the kernel's list,
    /// which is the order in which the scheduler walks it.
    ///
    /// To a service deleted in the middle of the reading the kernel answers with no real servers, as to an empty one. So
    /// an empty one is asked for again, and left out if it is gone.
    package func virtualServices() throws(KernelError) -> [VirtualService] {
        var services: [VirtualService] = []
        for message in try ask(.getService, isDump: true) {
            var service = try IPVSMessage.virtualService(message)
            service.realServers = try realServers(of: service.identity)
            if service.realServers.isEmpty, try !exists(service.identity) { continue }
            services.append(service)
        }
        return services
    }

    /// A server added while the dump was between two of its parts shifts the list by one, so that the last server of
    /// the first part comes again; the second time is dropped.
    private func realServers(of identity: VirtualServiceIdentity) throws(KernelError) -> [RealServer] {
        let isIPv6 =
            switch identity {
            case .endpoint(_, let endpoint): !endpoint.address.isIPv4
            case .firewallMark(_, let isIPv6): isIPv6
            }
        let attributes = IPVSMessage.request(for: identity)
        var servers: [RealServer] = []
        for message in try ask(.getDestination, isDump: true, attributes: attributes) {
            let server = try IPVSMessage.realServer(message, serviceIsIPv6: isIPv6)
            if !servers.contains(where: { $0.endpoint == server.endpoint }) { servers.append(server) }
        }
        return servers
    }

    private func exists(_ identity: VirtualServiceIdentity) throws(KernelError) -> Bool {
        do {
            _ = try ask(.getService, attributes: IPVSMessage.request(for: identity))
            return true
        } catch  where error.number == NLE_OBJ_NOTFOUND {
            return false  // The kernel said ESRCH.
        }
    }

    private func one(_ command: IPVSCommand) throws(KernelError) -> GenericNetlinkMessage {
        guard let message = try ask(command).first else { throw .netlinkReply("a request was left unanswered") }
        return message
    }

    /// The raw answers to one request, for tests' fixtures and for the decoders above.
    package func ask(
        _ command: IPVSCommand, isDump: Bool = false, attributes: [UInt8] = []
    ) throws(KernelError) -> [GenericNetlinkMessage] {
        try socket.request(
            family: family, command: command.rawValue, version: UInt8(IPVS_GENL_VERSION), isDump: isDump,
            attributes: attributes)
    }
}
