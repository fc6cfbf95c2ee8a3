/// A capture that cannot be opened, read or written.
package struct CaptureError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What went wrong, for code that branches on it.
    package enum Code: Sendable, Hashable {
        /// No interface of that name.
        case interfaceNotFound
        /// The interface is down.
        case interfaceDown
        /// `CAP_NET_RAW` is missing.
        case notPermitted
        /// The file cannot be opened.
        case fileUnreadable
        /// The file is no pcap or pcapng capture.
        case notACapture
        /// The capture breaks off or contradicts itself.
        case damaged
        /// The capture's link-layer type is not decoded.
        case unsupportedLinkType
        /// The file to record to cannot be written.
        case fileUnwritable
        /// Anything else; see ``CaptureError/status`` and ``CaptureError/detail``.
        case other
    }

    package let code: Code
    /// The interface or file.
    package let subject: String
    /// The C function that failed.
    package let function: String
    /// What the C function returned.
    package let status: Int32
    /// libpcap's own words, or words like them; for people, never parsed.
    package let detail: String

    package var description: String {
        let cure =
            switch code {
            case .interfaceNotFound: "there is no such interface here; `ip link` lists them"
            case .interfaceDown: "the interface is down; bring it up with: ip link set dev \(subject) up"
            case .notPermitted: "capturing needs root or CAP_NET_RAW: run with sudo"
            case .fileUnreadable: "\(detail); check the path and its permissions"
            case .notACapture: "\(detail); a pcap or pcapng file is expected, as `tcpdump -w` writes it"
            case .damaged: "\(detail); the file is damaged or was cut short: capture again, or repair it with `editcap`"
            case .unsupportedLinkType:
                "\(detail); Ethernet, Linux cooked and raw IP captures can be read: capture on the interface itself"
            case .fileUnwritable: "\(detail); choose another folder"
            case .other: "\(detail) (\(function) returned \(status))"
            }
        return "\(subject): \(cure)"
    }
}
