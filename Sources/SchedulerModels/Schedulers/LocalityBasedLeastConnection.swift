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

    public mutating func observe(
        _ server: Int?, among servers: [CountedCandidate], overhead: ConnectionOverhead
    ) -> Observation {
        let stay = servers.filter { $0.weight > 0 && !servers.isBusy($0) }.map(\.candidate.server)
        var choices = WeightedLeastConnection.choices(among: servers, overhead: overhead)
        if !isKnown {
            choices.servers += stay.filter { !choices.servers.contains($0) }
            choices.isOpen = true
        } else if let last, stay.contains(last) {
            choices = PossibleChoices(servers: [last])
        }
        if server != nil {
            isKnown = true
            last = server
        }
        return choices.observation(of: server)
    }

    public mutating func observeUnseen() { isKnown = false }
}
