/// How much of the traffic a capture shows.
///
/// The raw values are keys of the JSON and of the database, and stable.
public enum CaptureLevel: String, Sendable, Hashable, Codable, CaseIterable {
    /// Every packet's headers.
    case full
    /// Of TCP only segments with SYN, FIN or RST: the connections, not their packets and bytes.
    case handshake
}
