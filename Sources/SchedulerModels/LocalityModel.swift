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

    /// Takes in a choice.
    ///
    /// - Parameters:
    ///   - server: The number of the server that was chosen; `nil` for nobody.
    ///   - servers: The list in the kernel's order, with the connections before the choice.
    ///   - overhead: How the kernel weighs connections.
    /// - Returns: Whether the scheduler could have chosen it.
    mutating func observe(
        _ server: Int?, among servers: [CountedCandidate], overhead: ConnectionOverhead
    ) -> Observation

    /// Takes in an attempt whose choice stayed unseen.
    mutating func observeUnseen()
}

extension [CountedCandidate] {
    /// Whether a server has more active connections than its weight, and another less than half as many.
    ///
    /// - Source: `is_overloaded` in `net/netfilter/ipvs/ip_vs_lblc.c` and `ip_vs_lblcr.c`.
    func isBusy(_ server: CountedCandidate) -> Bool {
        server.active > server.weight && contains { $0.active * 2 < $0.weight }
    }
}
