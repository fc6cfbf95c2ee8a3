package import IPVSModel

/// How one scheduler would have spread a run's arrivals.
package struct WhatIfOutcome: Sendable, Hashable, Codable {
    package var scheduler: Scheduler
    /// Arrivals that the scheduler would have placed.
    package var assignments: Int
    /// Arrivals for which it would have found nobody.
    package var refused: Int
    /// In order of address and port; empty if the scheduler was left out.
    package var realServers: [WhatIfShare]
    /// The largest difference between a real server's share and its due by weight.
    @OrNull package var maxShareError: Double?
    /// Jain's index of shares against dues by weight.
    @OrNull package var jain: Double?
    /// Why it is not known; `nil` if it is.
    @OrNull package var leftOut: String?

    enum CodingKeys: String, CodingKey {
        case scheduler, assignments, refused
        case realServers = "real_servers"
        case maxShareError = "max_share_error"
        case jain
        case leftOut = "left_out"
    }
}

/// What one real server would have got.
package struct WhatIfShare: Sendable, Hashable, Codable {
    package var realServer: Endpoint
    package var assignments: Int
    /// The most connections that would have been open at once.
    package var mostOpen: Int

    enum CodingKeys: String, CodingKey {
        case realServer = "real_server"
        case assignments
        case mostOpen = "most_open"
    }
}
