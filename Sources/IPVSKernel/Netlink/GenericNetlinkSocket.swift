internal import CNetlink

/// A reply: the command in its header and the attributes behind it.
package struct GenericNetlinkMessage: Sendable, Hashable {
    package let command: UInt8
    package let attributes: [UInt8]

    package init(command: UInt8, attributes: [UInt8]) {
        self.command = command
        self.attributes = attributes
    }

    /// Splits the payload of a netlink message into `struct genlmsghdr` and attributes; `nil` if it is too short.
    package init?(payload: [UInt8]) {
        guard payload.count >= MemoryLayout<genlmsghdr>.size else { return nil }
        command = payload[0]
        attributes = Array(payload.dropFirst(MemoryLayout<genlmsghdr>.size))
    }
}

/// A generic-netlink socket, open as long as the value lives.
package struct GenericNetlinkSocket: ~Copyable {
    private let socket: NetlinkSocket

    /// Opens a socket and connects it to the kernel.
    package static func connect() throws(KernelError) -> GenericNetlinkSocket {
        GenericNetlinkSocket(socket: try NetlinkSocket.connect(NETLINK_GENERIC, subject: .ipvs))
    }

    private init(socket: consuming NetlinkSocket) { self.socket = socket }

    /// The number the kernel gave to a family. It changes when the family's module is loaded anew.
    ///
    /// The corresponding C function is `genl_ctrl_resolve`.
    package func resolveFamily(_ name: String) throws(KernelError) -> Int32 {
        try socket.resolveFamily(name)
    }

    /// Sends a request and collects the answers.
    ///
    /// - Parameters:
    ///   - family: From ``resolveFamily(_:)``.
    ///   - command: The family's command.
    ///   - version: The family's version.
    ///   - isDump: Whether to ask for everything there is rather than one thing.
    ///   - attributes: What ``NetlinkAttributeWriter`` wrote.
    /// - Returns: One message per answer, in the kernel's order.
    package func request(
        family: Int32, command: UInt8, version: UInt8, isDump: Bool, attributes: [UInt8] = []
    ) throws(KernelError) -> [GenericNetlinkMessage] {
        // struct genlmsghdr: command, version, and two bytes that are reserved.
        let answers = try socket.request(
            type: family, isDump: isDump, payload: [command, version, 0, 0] + attributes)
        var messages: [GenericNetlinkMessage] = []
        for answer in answers {
            guard let message = GenericNetlinkMessage(payload: answer) else {
                throw .netlinkReply("a message has no header")
            }
            messages.append(message)
        }
        return messages
    }
}
