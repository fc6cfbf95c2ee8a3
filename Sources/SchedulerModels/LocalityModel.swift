public import IPVSModel

/// A model of a scheduler that remembers whom it chose for a destination, and asks the servers' connections besides.
///
/// It follows one destination, which behind a virtual address is all there is. The kernel forgets a destination that was
/// not asked for during a day.
public protocol LocalityModel: Sendable {
    /// The kernel's name for the scheduler.
    static var scheduler: Scheduler { get }

    /// A scheduler that has been at work for an unknown time.
    static var attached: Self { get }

    /// A scheduler just bound to its service.
    static var starting: Self { get }

    /// Whom the scheduler may choose next.
    ///
    /// - Parameters:
    ///   - servers: The list in the kernel's order, with as few connections before the choice as possible.
    ///   - most: The same with as many.
    ///   - overhead: How the kernel weighs connections.
    func choices(
        among servers: [CountedCandidate], atMost most: [CountedCandidate], overhead: ConnectionOverhead
    ) -> PossibleChoices

    /// Takes in a choice.
    ///
    /// - Parameter server: The number of the server that was chosen; `nil` for nobody.
    mutating func remember(_ server: Int?)

    /// Takes in an attempt whose choice stayed unseen.
    mutating func observeUnseen()
}

extension LocalityModel {
    /// Takes in a choice.
    ///
    /// - Parameters:
    ///   - server: The number of the server that was chosen; `nil` for nobody.
    ///   - servers: The list in the kernel's order, with the connections before the choice, as few as possible.
    ///   - most: The same with as many as possible; `nil` if they are known exactly.
    ///   - overhead: How the kernel weighs connections.
    /// - Returns: Whether the scheduler could have chosen it.
    public mutating func observe(
        _ server: Int?, among servers: [CountedCandidate], atMost most: [CountedCandidate]? = nil,
        overhead: ConnectionOverhead
    ) -> Observation {
        let choices = choices(among: servers, atMost: most ?? servers, overhead: overhead)
        remember(server)
        return choices.observation(of: server)
    }
}

/// Servers with bounds of their connections: the same list with as few and with as many as possible.
struct BoundedCandidates {
    let fewest: [CountedCandidate]
    let most: [CountedCandidate]

    /// Whether a server may have more active connections than its weight, and another less than half as many.
    ///
    /// - Source: `is_overloaded` in `net/netfilter/ipvs/ip_vs_lblc.c` and `ip_vs_lblcr.c`.
    func mayBeBusy(_ place: Int) -> Bool {
        most[place].active > most[place].weight && fewest.contains { $0.active * 2 < $0.weight }
    }

    /// Whether it may not be so.
    func mayBeFree(_ place: Int) -> Bool {
        fewest[place].active <= fewest[place].weight || !most.contains { $0.active * 2 < $0.weight }
    }
}
