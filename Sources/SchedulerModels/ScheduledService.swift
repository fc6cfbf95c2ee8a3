public import IPVSModel

/// A virtual service as its scheduler sees it.
public struct ScheduledService: Sendable, Hashable {
    /// The real servers in the kernel's list order, which is netlink's dump order.
    public var candidates: [SchedulingCandidate]

    /// Some schedulers have flags of their own.
    public var flags: VirtualService.Flags

    /// - Parameters:
    ///   - candidates: The real servers in the kernel's list order.
    ///   - flags: The virtual service's flags.
    public init(candidates: [SchedulingCandidate], flags: VirtualService.Flags = []) {
        self.candidates = candidates
        self.flags = flags
    }
}

/// What a scheduler sees of the packet that it is to choose a real server for.
public struct Attempt: Sendable, Hashable {
    /// Where the packet came from.
    public var client: Endpoint

    /// The address that it was sent to; `nil` if unknown, as with services of a firewall mark.
    public var destination: IPAddress?

    /// By server, how many entries each has at that instant; `nil` if nobody knows. Schedulers that do not ask for them
    /// need none.
    public var entries: [EntryBounds]?

    /// - Parameters:
    ///   - client: Where the packet came from.
    ///   - destination: The address that it was sent to.
    ///   - entries: By server, how many entries each has.
    public init(client: Endpoint, destination: IPAddress?, entries: [EntryBounds]? = nil) {
        self.client = client
        self.destination = destination
        self.entries = entries
    }
}
