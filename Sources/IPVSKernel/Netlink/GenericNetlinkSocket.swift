internal import CNetlink
internal import Glibc

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
///
/// It talks to the network namespace in which it was opened.
///
/// The corresponding C type is `struct nl_sock`.
@safe
package struct GenericNetlinkSocket: ~Copyable {
    private let handle: OpaquePointer

    /// Takes ownership of `handle`; nobody else may free it afterwards.
    private init(adopting handle: OpaquePointer) {
        unsafe self.handle = handle
    }

    deinit {
        unsafe nl_socket_free(handle)
    }

    /// How long to wait for the kernel's answer. It comes at once; a lost one must not hang the program.
    private static let patience = timeval(tv_sec: 5, tv_usec: 0)

    /// Opens a socket and connects it to the kernel. libnl chooses the port, so any number may be open.
    ///
    /// The corresponding C function is `genl_connect`.
    package static func connect() throws(KernelError) -> GenericNetlinkSocket {
        guard let handle = unsafe nl_socket_alloc() else { throw .netlink("nl_socket_alloc", NLE_NOMEM) }
        let socket = unsafe GenericNetlinkSocket(adopting: handle)
        let result = unsafe genl_connect(handle)
        guard result == 0 else { throw .netlink("genl_connect", result) }
        // Answers, not acknowledgements: an answer or an error ends a request, the end mark a dump.
        unsafe nl_socket_disable_auto_ack(handle)
        var patience = Self.patience
        unsafe setsockopt(
            nl_socket_get_fd(handle), SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        return socket
    }

    /// The number the kernel gave to a family. It changes when the family's module is loaded anew.
    ///
    /// The corresponding C function is `genl_ctrl_resolve`.
    package func resolveFamily(_ name: String) throws(KernelError) -> Int32 {
        let result = unsafe genl_ctrl_resolve(handle, name)
        guard result >= 0 else { throw .netlink("genl_ctrl_resolve", result) }
        return result
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
    ///
    /// The corresponding C functions are `nl_send_auto` and `nl_recvmsgs_default`.
    package func request(
        family: Int32, command: UInt8, version: UInt8, isDump: Bool, attributes: [UInt8] = []
    ) throws(KernelError) -> [GenericNetlinkMessage] {
        try send(family: family, command: command, version: version, isDump: isDump, attributes: attributes)

        let inbox = Inbox()
        var result = unsafe nl_socket_modify_cb(
            handle, NL_CB_VALID, NL_CB_CUSTOM, collect, Unmanaged.passUnretained(inbox).toOpaque())
        guard result == 0 else { throw .netlink("nl_socket_modify_cb", result) }
        result = withExtendedLifetime(inbox) { unsafe nl_recvmsgs_default(handle) }
        guard result >= 0 else { throw .netlink("nl_recvmsgs", result) }
        guard !inbox.hasShortMessage else { throw .netlinkReply("a message has no header") }
        return inbox.messages
    }

    private func send(
        family: Int32, command: UInt8, version: UInt8, isDump: Bool, attributes: [UInt8]
    ) throws(KernelError) {
        guard let message = unsafe nlmsg_alloc() else { throw .netlink("nlmsg_alloc", NLE_NOMEM) }
        defer { unsafe nlmsg_free(message) }
        let flags = isDump ? NLM_F_ROOT | NLM_F_MATCH : 0
        guard unsafe genlmsg_put(message, 0, 0, family, 0, flags, command, version) != nil else {
            throw .netlink("genlmsg_put", NLE_NOMEM)
        }
        var result = unsafe attributes.withUnsafeBytes { bytes in
            // libnl copies the bytes and changes nothing, although its parameter is not const.
            unsafe nlmsg_append(message, UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count, 4)
        }
        guard result == 0 else { throw .netlink("nlmsg_append", result) }
        result = unsafe nl_send_auto(handle, message)
        guard result >= 0 else { throw .netlink("nl_send_auto", result) }
    }
}

/// Where the callback of ``GenericNetlinkSocket/request(family:command:version:isDump:attributes:)`` puts the answers.
///
/// Confinement: it lives within one call, on one thread.
private final class Inbox {
    var messages: [GenericNetlinkMessage] = []
    var hasShortMessage = false
}

/// Copies a message's payload; libnl frees the message when this returns.
private func collect(_ message: OpaquePointer?, _ argument: UnsafeMutableRawPointer?) -> Int32 {
    guard let message = unsafe message, let argument = unsafe argument, let header = unsafe nlmsg_hdr(message) else {
        return Int32(NL_SKIP.rawValue)
    }
    let inbox = unsafe Unmanaged<Inbox>.fromOpaque(argument).takeUnretainedValue()
    let length = Int(unsafe nlmsg_datalen(header))
    let payload = unsafe Array(UnsafeRawBufferPointer(start: nlmsg_data(header), count: length))
    if let message = GenericNetlinkMessage(payload: payload) {
        inbox.messages.append(message)
    } else {
        inbox.hasShortMessage = true
    }
    return Int32(NL_OK.rawValue)
}
