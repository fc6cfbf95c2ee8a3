public import IPVSModel

/// A real server as a scheduler sees it, at its place in the kernel's list.
public struct SchedulingCandidate: Sendable, Hashable {
    /// The caller's number for the real server: 0 or more, and the same in every list. Numbers rather than addresses,
    /// so that a million assignments are compared without hashing.
    public var server: Int

    /// The weight; 0 (or less) takes no new connections.
    public var weight: Int32

    /// Whether the server has an upper threshold, so that the kernel may have marked it overloaded.
    ///
    /// - Source: `IP_VS_DEST_F_OVERLOAD` in `include/net/ip_vs.h`. The kernel does not export that flag, so a model
    ///   must allow for both.
    public var hasUpperThreshold: Bool

    /// Where the server is; only Maglev hashing looks at it.
    public var endpoint: Endpoint?

    /// - Parameters:
    ///   - server: The caller's number for the real server.
    ///   - weight: The server's weight.
    ///   - hasUpperThreshold: Whether an upper threshold is set.
    ///   - endpoint: Where the server is, if known.
    public init(server: Int, weight: Int32, hasUpperThreshold: Bool = false, endpoint: Endpoint? = nil) {
        self.server = server
        self.weight = weight
        self.hasUpperThreshold = hasUpperThreshold
        self.endpoint = endpoint
    }

    var eligibility: Eligibility { weight <= 0 ? .never : hasUpperThreshold ? .perhaps : .surely }
}

/// Whether a scheduler may choose a server, as far as can be known from outside.
enum Eligibility: Sendable, Hashable {
    case never
    case perhaps
    case surely

    /// What holds while either of the two may be true.
    func or(_ other: Self) -> Self { self == other ? self : .perhaps }
}
