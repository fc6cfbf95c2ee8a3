package import IPVSModel

extension ConnectionTracer {
    /// Tells what the capture shows of what comes next.
    ///
    /// - Parameters:
    ///   - level: How much of the traffic is captured.
    ///   - time: Since when: packets before it were captured at the level before, or at less.
    package mutating func setLevel(_ level: CaptureLevel, at time: Timestamp) {
        self.level = level
        levelSince = time
    }
}
