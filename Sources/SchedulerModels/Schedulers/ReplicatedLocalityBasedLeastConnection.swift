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

    public func choices(
        among servers: [CountedCandidate], atMost most: [CountedCandidate], overhead: ConnectionOverhead
    ) -> PossibleChoices {
        let bounded = BoundedCandidates(fewest: servers, most: most)
        // Where everybody is a member there are no others.
        let isKnown = isComplete || servers.allSatisfy { members.contains($0.candidate.server) }
        return isKnown ? known(bounded, overhead) : open(bounded, overhead)
    }

    public mutating func remember(_ server: Int?) {
        if let server, !members.contains(server) { members.insert(server, at: 0) }
    }

    private func known(_ servers: BoundedCandidates, _ overhead: ConnectionOverhead) -> PossibleChoices {
        let places = members.compactMap { member in servers.fewest.firstIndex { $0.candidate.server == member } }
        let ofSet = WeightedLeastConnection.choices(
            among: places.map { servers.fewest[$0] }, atMost: places.map { servers.most[$0] }, overhead: overhead)
        let ofAll = WeightedLeastConnection.choices(
            among: servers.fewest, atMost: servers.most, overhead: overhead)
        var choices = PossibleChoices(servers: [], isOpen: ofSet.isOpen)
        var isAskingAll = ofSet.mayBeNobody
        for place in places where ofSet.servers.contains(servers.fewest[place].candidate.server) {
            let (mayStay, mayBeBusy) = (servers.mayBeFree(place), servers.mayBeBusy(place))
            if mayStay { choices.servers.append(servers.fewest[place].candidate.server) }
            if mayBeBusy { isAskingAll = true }
            if mayStay, mayBeBusy { choices.isOpen = true }
        }
        choices.servers.sort { ofSet.servers.firstIndex(of: $0)! < ofSet.servers.firstIndex(of: $1)! }
        if isAskingAll {
            choices.servers += ofAll.servers.filter { !choices.servers.contains($0) }
            choices.mayBeNobody = ofAll.mayBeNobody
            choices.isOpen = choices.isOpen || ofAll.isOpen
        }
        return choices
    }

    /// Anybody may be in the set, but nobody in it is known to be a better choice.
    private func open(_ servers: BoundedCandidates, _ overhead: ConnectionOverhead) -> PossibleChoices {
        var choices = WeightedLeastConnection.choices(
            among: servers.fewest, atMost: servers.most, overhead: overhead)
        choices.isOpen = true
        for (place, server) in servers.fewest.enumerated()
        where server.eligibility != .never && servers.mayBeFree(place) {
            let isBeaten = servers.most.contains {
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
