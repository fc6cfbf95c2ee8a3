import IPVSModel

/// The virtual services and real servers whose packets are captured: those that the kernel has, and for a while those
/// that left, whose connections go on.
struct FollowedServices {
    /// How long one that left is followed: as long as its connections usually take, and one that is soon added again.
    ///
    /// - Unit: nanoseconds.
    private static let afterwards: Int64 = 300_000_000_000

    private struct Followed {
        var service: VirtualService
        var seen: Timestamp
        /// Its real servers, each with when it was last there.
        var servers: [(server: RealServer, seen: Timestamp)] = []
    }

    private var followed: [Followed] = []

    /// Each with all real servers that are followed.
    var virtualServices: [VirtualService] {
        followed.map { entry in
            var service = entry.service
            service.realServers = entry.servers.map(\.server)
            return service
        }
    }

    mutating func note(_ state: KernelState) {
        let time = state.observedAt
        for service in state.virtualServices {
            let place = followed.firstIndex { $0.service.identity == service.identity } ?? followed.count
            if place == followed.count { followed.append(Followed(service: service, seen: time)) }
            followed[place].service = service
            followed[place].seen = time
            for server in service.realServers {
                if let known = followed[place].servers.firstIndex(where: { $0.server.endpoint == server.endpoint }) {
                    followed[place].servers[known] = (server, time)
                } else {
                    followed[place].servers.append((server, time))
                }
            }
        }
        let oldest = time.rawValue - Self.afterwards
        followed.removeAll { $0.seen.rawValue < oldest }
        for place in followed.indices { followed[place].servers.removeAll { $0.seen.rawValue < oldest } }
    }
}
