package import IPVSModel

/// From when on a run was captured at a level, and why.
package struct LevelChange: Sendable, Hashable, Codable {
    package var time: UTCTime
    package var level: CaptureLevel
    package var cause: Cause

    package init(time: Timestamp, level: CaptureLevel, cause: Cause) {
        self.time = UTCTime(time)
        self.level = level
        self.cause = cause
    }

    /// The raw values are keys of the JSON and of the database, and stable.
    package enum Cause: String, Sendable, Hashable, CaseIterable, Codable {
        /// The run began so.
        case began
        /// Packets were dropped second after second.
        case sustainedLoss = "sustained_loss"
        /// No packet was dropped for long enough, and there are few enough of them now.
        case recovered
    }
}

/// At what level a whole run was captured.
///
/// The raw values are keys of the JSON and stable.
package enum RunLevel: String, Sendable, Hashable, Codable {
    case full
    case handshake
    /// At one level after the other.
    case mixed

    /// - Parameter changes: The run's levels; a run that tells none was captured in full.
    package init(_ changes: [LevelChange]) {
        switch Set(changes.map(\.level)) {
        case [], [.full]: self = .full
        case [.handshake]: self = .handshake
        default: self = .mixed
        }
    }

    /// Whether every packet was meant to be captured, so that packets and bytes can be compared with the kernel's.
    package var showsEveryPacket: Bool { self == .full }
}
