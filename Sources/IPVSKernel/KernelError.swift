/// Why the kernel's IPVS state, or a file that holds it, could not be read.
package struct KernelError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What went wrong, for code that branches on it.
    package enum Code: Sendable, Hashable {
        /// Module `ip_vs` is not loaded: the kernel has no `IPVS` family or no `/proc/net/ip_vs…` file.
        case moduleNotLoaded
        /// The kernel refused: `CAP_NET_ADMIN` in the initial user namespace, or the file's permission, is missing.
        case notPermitted
        /// Replies were lost or the services kept changing while they were read.
        case interrupted
        /// A file that somebody named does not exist.
        case fileNotFound
        /// The input is not what it should be.
        case malformed
        /// A snapshot of a format version that this program does not know.
        case unknownSchema
        /// Anything else; see ``KernelError/function`` and ``KernelError/number``.
        case other
    }

    package let code: Code

    /// The C function that failed, or the file or input that was being read.
    package let function: String

    /// The raw number: libnl's (positive, as in `<netlink/errno.h>`) for a netlink function, `errno` for a system call,
    /// 0 where there is none.
    package let number: Int32

    /// One line for people: what, where, and how to mend.
    package let description: String

    package init(code: Code, function: String, number: Int32 = 0, description: String) {
        self.code = code
        self.function = function
        self.number = number
        self.description = description
    }
}

extension KernelError {
    /// An input that is not what it should be.
    ///
    /// - Parameters:
    ///   - source: The file or stream, as the user named it.
    ///   - line: The line, counted from 1, if one is to blame.
    ///   - problem: What is wrong and what to do.
    static func malformed(_ source: String, line: Int? = nil, _ problem: String) -> Self {
        let place = line.map { "\(source), line \($0)" } ?? source
        return Self(code: .malformed, function: source, description: "cannot read \(place): \(problem)")
    }
}
