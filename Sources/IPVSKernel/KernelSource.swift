package import IPVSModel

/// Where the state of IPVS comes from: a running kernel, or what was saved of one.
///
/// Readings exclude each other; a reading of a large connection table takes seconds, so a source is best used by one
/// thread or task at a time, and never from one that must not block.
package protocol KernelSource: Sendable {
    /// Reads the state.
    ///
    /// - Parameter includingConnections: Whether to read the connection table too, whose cost grows with its size.
    func read(includingConnections: Bool) throws(KernelError) -> KernelState
}
