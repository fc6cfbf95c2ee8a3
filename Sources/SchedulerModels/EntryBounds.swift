/// How many entries a real server has at the instant of a choice, as far as that is known.
public struct EntryBounds: Sendable, Hashable {
    /// ActiveConn of `ipvsadm -Ln`.
    public var active: ClosedRange<Int>
    /// InActConn of `ipvsadm -Ln`.
    public var inactive: ClosedRange<Int>

    /// More than any kernel holds.
    public static let most = 1 << 30
    /// Nothing is known.
    public static let unknown = Self(active: 0...most, inactive: 0...most)

    public init(active: ClosedRange<Int>, inactive: ClosedRange<Int>) {
        self.active = active
        self.inactive = inactive
    }

    public init(active: Int, inactive: Int) {
        self.init(active: active...active, inactive: inactive...inactive)
    }

    public var isExact: Bool { active.count == 1 && inactive.count == 1 }

    /// A server with as few entries as possible.
    func fewest(_ candidate: SchedulingCandidate) -> CountedCandidate {
        CountedCandidate(candidate: candidate, active: active.lowerBound, inactive: inactive.lowerBound)
    }

    /// A server with as many entries as possible.
    func most(_ candidate: SchedulingCandidate) -> CountedCandidate {
        CountedCandidate(candidate: candidate, active: active.upperBound, inactive: inactive.upperBound)
    }
}

extension CountingRule {
    /// Whom the scheduler may choose from a service's list, if each server's entries are somewhere within bounds.
    ///
    /// Fewer entries never keep a server from being chosen, nor more entries others. So one may be chosen if it is where
    /// it has as few as possible and all others as many as possible.
    ///
    /// - Parameters:
    ///   - servers: The list in the kernel's order, with as few entries as possible.
    ///   - most: The same with as many.
    ///   - overhead: How the kernel weighs connections.
    /// - Returns: Open if the bounds leave several.
    static func choices(
        among servers: [CountedCandidate], atMost most: [CountedCandidate], overhead: ConnectionOverhead
    ) -> PossibleChoices {
        var choices = choices(among: servers, overhead: overhead)
        if servers == most { return choices }
        let crowded = most.filter { $0.eligibility == .surely }
        if choice(among: crowded, overhead: overhead) == nil { choices.mayBeNobody = true }
        for server in servers where !choices.servers.contains(server.candidate.server) && server.eligibility != .never {
            let others = most.compactMap {
                $0.candidate.server == server.candidate.server ? server : $0.eligibility == .surely ? $0 : nil
            }
            guard choice(among: others, overhead: overhead)?.candidate.server == server.candidate.server else {
                continue
            }
            choices.servers.append(server.candidate.server)
            choices.isOpen = true
        }
        return choices
    }
}
