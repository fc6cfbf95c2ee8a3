package import IPVSModel

/// What `--level` says of a live capture.
package enum LevelPolicy: String, Sendable, Hashable, CaseIterable {
    /// Full while nothing is lost, handshakes while too much would be.
    case auto
    case full
    case handshake

    /// The level to begin with.
    package var initial: CaptureLevel { self == .handshake ? .handshake : .full }
}
