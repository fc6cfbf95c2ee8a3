package import Balance
package import IPVSModel

/// Decides when a capture shows handshakes alone, and when everything again.
///
/// A value without clock or I/O: it is told once a second what was dropped and how much is offered.
package struct LevelControl: Sendable {
    /// Of so many seconds …
    static let window = 3
    /// … so many with loss make a loss sustained.
    static let lossySeconds = 2
    /// How long nothing may have been dropped before everything is captured again.
    package static let quiet: Duration = .seconds(30)
    /// Everything is captured again below this part of the rate at which loss began.
    package static let returnRatio = 0.8
    /// The kernel's rate follows the packets slowly: for so long after a loss its growth is still that of the loss.
    static let rateLag: Duration = .seconds(5)

    private(set) package var level = CaptureLevel.full
    private var dropped: UInt64
    /// Whether packets were dropped in each of the last seconds, latest last.
    private var recent: [Bool] = []
    private var lastLoss: Timestamp?
    private var switched: Timestamp?
    /// The rate at which capturing everything lost packets; packets a second.
    private var losingRate = 0.0

    /// - Parameter dropped: Packets dropped before the first second.
    package init(dropped: UInt64 = 0) { self.dropped = dropped }

    /// Takes in a second.
    ///
    /// - Parameters:
    ///   - dropped: Packets that kernel and interfaces have dropped so far, cumulative.
    ///   - offered: Packets a second by the kernel's counters, of all virtual services and both directions; `nil` if
    ///     they could not be read. Only its ratio to the rate at which loss began matters.
    ///   - time: The second's end.
    /// - Returns: The change of level that follows.
    package mutating func observe(dropped: UInt64, offered: Double?, at time: Timestamp) -> LevelChange? {
        let isLossy = dropped > self.dropped
        self.dropped = max(dropped, self.dropped)
        recent.append(isLossy)
        if recent.count > Self.window { recent.removeFirst() }
        if isLossy { lastLoss = time }
        switch level {
        case .full:
            guard recent.count(where: { $0 }) >= Self.lossySeconds else { return nil }
            losingRate = offered ?? 0
            return change(to: .handshake, .sustainedLoss, at: time)
        case .handshake:
            guard let switched, let offered else { return nil }
            if time.since(switched) <= Self.rateLag { losingRate = max(losingRate, offered) }
            guard time.since(max(lastLoss ?? switched, switched)) >= Self.quiet,
                offered <= losingRate * Self.returnRatio
            else { return nil }
            return change(to: .full, .recovered, at: time)
        }
    }

    private mutating func change(to level: CaptureLevel, _ cause: LevelChange.Cause, at time: Timestamp) -> LevelChange
    {
        self.level = level
        switched = time
        recent = []
        return LevelChange(time: time, level: level, cause: cause)
    }
}
