package import Balance

/// A run as the database lists it.
package struct StoredRun: Sendable, Hashable {
    package var description: RunDescription
    package var state: State
    /// The verdict on the whole run: `pass`, `fail` or `inconclusive`; `nil` if none was saved.
    package var verdict: String?

    package init(description: RunDescription, state: State, verdict: String? = nil) {
        self.description = description
        self.state = state
        self.verdict = verdict
    }

    /// The raw values are stored and stable.
    package enum State: String, Sendable, Hashable, CaseIterable {
        /// Under way; or its collector was killed, and none has opened the database since.
        case running
        case finished
        /// Its collector went away before the end.
        case interrupted
    }
}
