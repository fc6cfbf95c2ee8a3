public import IPVSModel

/// A real server with its connections at the instant of a choice.
public struct CountedCandidate: Sendable, Hashable {
    /// The server at its place in the kernel's list.
    public var candidate: SchedulingCandidate
    /// ActiveConn of `ipvsadm -Ln`.
    public var active: Int
    /// InActConn of `ipvsadm -Ln`.
    public var inactive: Int
    /// Whether the kernel has marked it overloaded, if that is known; else an upper threshold leaves it open.
    public var isOverloaded: Bool?

    /// - Parameters:
    ///   - candidate: The server at its place in the kernel's list.
    ///   - active: Its active connections.
    ///   - inactive: Its inactive connections.
    ///   - isOverloaded: Whether it is overloaded, if that is known.
    public init(candidate: SchedulingCandidate, active: Int, inactive: Int, isOverloaded: Bool? = nil) {
        self.candidate = candidate
        self.active = active
        self.inactive = inactive
        self.isOverloaded = isOverloaded
    }

    var weight: Int { Int(candidate.weight) }

    var eligibility: Eligibility {
        guard weight > 0 else { return .never }
        return isOverloaded.map { $0 ? .never : .surely } ?? candidate.eligibility
    }
}

/// How a kernel weighs a server's connections; it depends on its version.
///
/// - Source: `ip_vs_dest_conn_overhead` in `include/net/ip_vs.h`.
public enum ConnectionOverhead: Sendable, Hashable, CaseIterable {
    /// 256 × active + inactive.
    case activeAndInactive
    /// 256 × active + all: Linux 6.1.192, 6.12.117, and what came after them.
    case activeAndAll

    func callAsFunction(_ server: CountedCandidate) -> Int {
        switch self {
        case .activeAndInactive: server.active << 8 + server.inactive
        case .activeAndAll: server.active << 8 + server.active + server.inactive
        }
    }
}

/// A scheduler whose choice follows from the connections that every server has.
public protocol CountingRule: Sendable {
    /// The kernel's name for the scheduler.
    static var scheduler: Scheduler { get }

    /// Whom the scheduler chooses; `nil` for nobody.
    ///
    /// - Parameters:
    ///   - servers: The servers that have a weight and are not overloaded, in the kernel's list order. Among equals the
    ///     first is chosen.
    ///   - overhead: How the kernel weighs connections.
    static func choice(among servers: [CountedCandidate], overhead: ConnectionOverhead) -> CountedCandidate?
}

extension CountingRule {
    /// Whom the scheduler may choose from a service's list, the kernel's flags for overload being known or not.
    ///
    /// - Parameters:
    ///   - servers: The list in the kernel's order.
    ///   - overhead: How the kernel weighs connections.
    public static func choices(among servers: [CountedCandidate], overhead: ConnectionOverhead) -> PossibleChoices {
        var left = servers.filter { $0.eligibility != .never }
        var choices = PossibleChoices(servers: [])
        while let next = choice(among: left, overhead: overhead) {
            choices.servers.append(next.candidate.server)
            if next.eligibility == .surely { return choices }
            left.removeAll { $0.candidate.server == next.candidate.server }
        }
        choices.mayBeNobody = true
        return choices
    }

    /// The server of the least load for its weight, loads being compared as products, as the kernel does, so that ties
    /// stay ties.
    static func least(
        of servers: [CountedCandidate], load: (CountedCandidate) -> Int
    ) -> CountedCandidate? {
        guard var least = servers.first else { return nil }
        for server in servers.dropFirst() where load(least) * server.weight > load(server) * least.weight {
            least = server
        }
        return least
    }
}
