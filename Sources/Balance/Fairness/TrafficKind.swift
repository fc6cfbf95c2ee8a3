import IPVSModel

/// What is shared out besides assignments.
///
/// The raw values are keys of the JSON and names in thresholds, and stable.
package enum TrafficKind: String, Sendable, Hashable, CaseIterable, Codable {
    case packetsIn = "packets_in"
    case packetsOut = "packets_out"
    case bytesIn = "bytes_in"
    case bytesOut = "bytes_out"
    /// Each for as long as it lasted.
    case openConnections = "open_connections"

    package var help: String {
        switch self {
        case .packetsIn: "packets from clients"
        case .packetsOut: "packets to clients"
        case .bytesIn: "bytes from clients"
        case .bytesOut: "bytes to clients"
        case .openConnections: "connections open at a time"
        }
    }

    /// - Returns: `nil` if it is not counted in packets or bytes.
    func count(in counters: TrafficCounters) -> UInt64? {
        switch self {
        case .openConnections: nil
        case .packetsIn: counters.inPackets
        case .packetsOut: counters.outPackets
        case .bytesIn: counters.inBytes
        case .bytesOut: counters.outBytes
        }
    }
}
