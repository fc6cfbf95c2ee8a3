public import IPVSModel

/// Locality-based least connection with replication: the weighted least connection of a set of servers for the
/// destination. If that has too many connections while others have few, the weighted least connection of all joins the set.
///
/// The kernel takes the busiest out of a set that did not change during a day, which is not followed.
///
/// - Source: `ip_vs_lblcr_schedule` and `ip_vs_dest_set_min` in `net/netfilter/ipvs/ip_vs_lblcr.c`.
public struct ReplicatedLocalityBasedLeastConnection: LocalityModel {
    public static let scheduler = Scheduler.replicatedLocalityBasedLeastConnection
    public static let attached = Self(isComplete: false)
    public static let starting = Self(isComplete: true)

    /// Servers that are in the set, the last to join first.
    private var members: [Int] = []
    /// Whether there are no others.
    private var isComplete: Bool

    private init(isComplete: Bool) { self.isComplete = isComplete }

    public mutating func observe(
        _ server: Int?, among servers: [CountedCandidate], overhead: ConnectionOverhead
    ) -> Observation {
        let choices = isComplete ? known(servers, overhead) : open(servers, overhead)
        if let server, !members.contains(server) { members.insert(server, at: 0) }
        return choices.observation(of: server)
    }

    private func known(_ servers: [CountedCandidate], _ overhead: ConnectionOverhead) -> PossibleChoices {
        let set = members.compactMap { member in servers.first { $0.candidate.server == member } }
        let ofSet = WeightedLeastConnection.choices(among: set, overhead: overhead)
        let ofAll = WeightedLeastConnection.choices(among: servers, overhead: overhead)
        var choices = PossibleChoices(servers: [])
        var isAskingAll = ofSet.mayBeNobody
        for number in ofSet.servers {
            if set.contains(where: { $0.candidate.server == number && servers.isBusy($0) }) {
                isAskingAll = true
            } else {
                choices.servers.append(number)
            }
        }
        if isAskingAll {
            choices.servers += ofAll.servers.filter { !choices.servers.contains($0) }
            choices.mayBeNobody = ofAll.mayBeNobody
        }
        return choices
    }

    /// Anybody may be in the set, but nobody in it is known to be a better choice.
    private func open(_ servers: [CountedCandidate], _ overhead: ConnectionOverhead) -> PossibleChoices {
        var choices = WeightedLeastConnection.choices(among: servers, overhead: overhead)
        choices.isOpen = true
        for server in servers where server.eligibility != .never && !servers.isBusy(server) {
            let isBeaten = servers.contains {
                members.contains($0.candidate.server) && $0.eligibility == .surely
                    && overhead($0) * server.weight < overhead(server) * $0.weight
            }
            if !isBeaten, !choices.servers.contains(server.candidate.server) {
                choices.servers.append(server.candidate.server)
            }
        }
        return choices
    }

    public mutating func observeUnseen() { isComplete = false }
}
