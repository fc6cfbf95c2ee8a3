package import IPVSModel
internal import Synchronization

/// States of a kernel that were saved, read as if they happened now.
///
/// Confinement: the position in the sequence is behind a lock.
package final class SavedKernel: KernelSource {
    /// In the order in which they were observed; never empty.
    package let states: [KernelState]

    private let position = Mutex(0)

    /// - Parameter path: A file that ``KernelStateFile`` reads.
    package init(path: String) throws(KernelError) {
        states = try KernelStateFile.read(path)
    }

    /// - Parameter states: At least one, in the order in which they were observed.
    package init(states: [KernelState]) {
        precondition(!states.isEmpty, "a saved kernel needs a state")
        self.states = states
    }

    /// The first state, then the next, and the last again and again.
    package func read(includingConnections: Bool) throws(KernelError) -> KernelState {
        let index = position.withLock { position in
            defer { position = min(position + 1, states.count - 1) }
            return position
        }
        var state = states[index]
        if !includingConnections { state.connections = nil }
        return state
    }
}
