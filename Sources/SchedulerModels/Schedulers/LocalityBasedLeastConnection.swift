public import IPVSModel

/// Locality-based least connection: the destination's server of the last time, unless that has no weight, was deleted,
/// or has too many connections while others have few; then the weighted least connection.
///
/// The flag for overload does not keep the remembered server from being chosen.
///
/// - Source: `ip_vs_lblc_schedule` in `net/netfilter/ipvs/ip_vs_lblc.c`.
public struct LocalityBasedLeastConnection: LocalityModel {
    public static let scheduler = Scheduler.localityBasedLeastConnection
    public static let attached = Self(isKnown: false)
    public static let starting = Self(isKnown: true)

    /// Whether the server of the last time is known; it may be known that there is none.
    private var isKnown: Bool
    private var last: Int?

    private init(isKnown: Bool) { self.isKnown = isKnown }

    public func choices(
        among servers: [CountedCandidate], atMost most: [CountedCandidate], overhead: ConnectionOverhead
    ) -> PossibleChoices {
        let bounded = BoundedCandidates(fewest: servers, most: most)
        let stay = servers.indices.filter { servers[$0].weight > 0 && bounded.mayBeFree($0) }
        var choices = WeightedLeastConnection.choices(among: servers, atMost: most, overhead: overhead)
        if !isKnown {
            choices.servers += stay.map { servers[$0].candidate.server }.filter { !choices.servers.contains($0) }
            choices.isOpen = true
        } else if let place = stay.first(where: { servers[$0].candidate.server == last }) {
            let remembered = servers[place].candidate.server
            guard bounded.mayBeBusy(place) else { return PossibleChoices(servers: [remembered]) }
            // By how many it has is decided whether it stays.
            choices.servers = [remembered] + choices.servers.filter { $0 != remembered }
            choices.isOpen = choices.servers.count > 1
        }
        return choices
    }

    public mutating func remember(_ server: Int?) {
        guard let server else { return }
        isKnown = true
        last = server
    }

    public mutating func observeUnseen() { isKnown = false }
}
