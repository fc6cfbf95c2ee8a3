/// Why the web interface cannot listen.
package struct WebInterfaceError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// The text is no address to listen on.
        case invalidAddress
        /// Something listens there already.
        case addressInUse
        /// This machine has no such address, or the host name is unknown.
        case addressNotAvailable
        /// The port is below 1024, and this process may not take it.
        case notPermitted
        /// Anything else; the text has the system's words.
        case other
    }

    package let code: Code
    /// The address as given.
    package let address: String
    /// The system's words; empty if ``code`` says it all.
    package let detail: String

    init(_ code: Code, text address: String, detail: String = "") {
        self.code = code
        self.address = address
        self.detail = detail
    }

    /// One line: what, where, and how to mend.
    package var description: String {
        let option = "--web.listen-address"
        switch code {
        case .invalidAddress:
            return "\"\(address)\" is not an address to listen on; give \(option) as ADDRESS:PORT, "
                + "such as 127.0.0.1:19100, [::1]:19100 or :19100"
        case .addressInUse:
            return "cannot listen on \(address): address already in use; another ipvscope may be running; "
                + "choose another with \(option)"
        case .addressNotAvailable:
            return "cannot listen on \(address): this machine has no such address; choose one it has with \(option)"
        case .notPermitted:
            return "cannot listen on \(address): permission denied; choose a port above 1023 with \(option)"
        case .other:
            return "cannot listen on \(address): \(detail); choose another with \(option)"
        }
    }
}
