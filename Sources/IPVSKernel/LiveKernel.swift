package import IPVSModel
internal import Synchronization

/// The kernel of this network namespace.
///
/// Confinement: one netlink socket is kept open behind a lock, so that readings queue up instead of mixing. After an error the
/// socket is closed and opened anew, and the family looked up again: its number changes when `ip_vs` is reloaded.
package final class LiveKernel: KernelSource {
    /// Where the text files are; tests and other network namespaces have them elsewhere.
    package struct Paths: Sendable {
        package var connections = "/proc/net/ip_vs_conn"
        package var status = "/proc/net/ip_vs_status"
        package var sysctls = "/proc/sys"

        package init() {}
    }

    private let paths: Paths
    private let netlink = Mutex<IPVSNetlink?>(nil)
    private let statistics = Mutex<ConnectionTable.Statistics?>(nil)

    package init(paths: Paths = Paths()) { self.paths = paths }

    /// How often a reading is begun anew when replies were lost or the kernel's table changed under it.
    private static let attempts = 4

    package func read(includingConnections: Bool) throws(KernelError) -> KernelState {
        let observedAt = Timestamp.now()
        var state = try readServices(observedAt: observedAt)
        state.completedAt = Timestamp.now()
        state.sysctls = Sysctls.read(root: paths.sysctls)
        if state.virtualServices.contains(where: \.usesDirectRouting) { state.neighbours = try Neighbours.read() }
        if includingConnections { state.connections = try readConnections().entries }
        return state
    }

    /// Reads the connection table alone.
    ///
    /// - Parameter limit: When to give up, leaving ``ConnectionTable/Statistics/isCutOff`` set; `nil` is never.
    package func readConnections(atMost limit: Duration? = nil) throws(KernelError) -> ConnectionTable {
        let expected = connectionTableStatistics?.rows ?? 0
        let table = try ConnectionTable.read(path: paths.connections, expecting: expected, atMost: limit)
        statistics.withLock { $0 = table.statistics }
        return table
    }

    /// The size of the connection table; `nil` on a kernel that does not tell, or not in a way that is understood.
    package func connectionTableStatus() -> ConnectionTableStatus? {
        try? ConnectionTableStatus.read(path: paths.status)
    }

    /// What the last reading of the connection table was like; `nil` before the first.
    package var connectionTableStatistics: ConnectionTable.Statistics? { statistics.withLock { $0 } }

    private func readServices(observedAt: Timestamp) throws(KernelError) -> KernelState {
        try netlink.withLock { (netlink) throws(KernelError) in
            var attempt = 1
            while true {
                let wasOpen = netlink != nil
                do throws(KernelError) {
                    return try Self.ask(&netlink, observedAt: observedAt)
                } catch {
                    // A socket from before may be stale; a new one tells the truth.
                    netlink = nil
                    guard attempt < Self.attempts, wasOpen || error.code == .interrupted else { throw error }
                    attempt += 1
                }
            }
        }
    }

    private static func ask(
        _ netlink: inout IPVSNetlink?, observedAt: Timestamp
    ) throws(KernelError) -> KernelState {
        if let state = try netlink?.state(observedAt: observedAt) { return state }
        let opened = try IPVSNetlink.open()
        let state = try opened.state(observedAt: observedAt)
        netlink = consume opened
        return state
    }
}

extension IPVSNetlink {
    /// Everything netlink tells.
    fileprivate func state(observedAt: Timestamp) throws(KernelError) -> KernelState {
        let info = try info()
        return KernelState(
            observedAt: observedAt, version: info.version, connectionTableSize: info.connectionTableSize,
            timeouts: try timeouts(), virtualServices: try virtualServices())
    }
}

extension VirtualService {
    fileprivate var usesDirectRouting: Bool {
        realServers.contains { $0.forwardingMethod == .directRouting }
    }
}
