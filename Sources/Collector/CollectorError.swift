/// Why a collector could not be set up, where no other module's error says it.
package struct CollectorError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What went wrong, for code that branches on it.
    package enum Code: Sendable, Hashable {
        /// No virtual service is configured, so there is nothing to follow.
        case noVirtualServices
        /// An interface was not named and could not be found.
        case interfaceUnknown
        /// A file or folder cannot be written.
        case unwritable
        /// A capture shows nothing of a virtual service.
        case nothingCaptured
        /// A capture comes through a pipe, and would have to be read twice.
        case readableOnce
        /// The command of a run cannot be started.
        case commandNotFound
    }

    package let code: Code
    /// One line for people: what, where, and how to mend.
    package let description: String

    package init(code: Code, description: String) {
        self.code = code
        self.description = description
    }
}
