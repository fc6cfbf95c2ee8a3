internal import CNetlink
internal import Glibc

/// A netlink socket, open as long as the value lives.
///
/// It talks to the network namespace in which it was opened.
///
/// The corresponding C type is `struct nl_sock`.
@safe
struct NetlinkSocket: ~Copyable {
    private let handle: OpaquePointer
    private let subject: KernelError.NetlinkSubject

    /// Takes ownership of `handle`; nobody else may free it afterwards.
    private init(adopting handle: OpaquePointer, subject: KernelError.NetlinkSubject) {
        unsafe self.handle = handle
        self.subject = subject
    }

    deinit {
        unsafe nl_socket_free(handle)
    }

    /// How long to wait for the kernel's answer. It comes at once; a lost one must not hang the program.
    private static let patience = timeval(tv_sec: 5, tv_usec: 0)

    /// Opens a socket and connects it to the kernel. libnl chooses the port, so any number may be open.
    ///
    /// - Parameters:
    ///   - family: `NETLINK_GENERIC`, `NETLINK_ROUTE` …
    ///   - subject: What will be read, for errors.
    ///
    /// The corresponding C function is `nl_connect`.
    static func connect(
        _ family: Int32, subject: KernelError.NetlinkSubject
    ) throws(KernelError) -> NetlinkSocket {
        guard let handle = unsafe nl_socket_alloc() else {
            throw .netlink("nl_socket_alloc", NLE_NOMEM, reading: subject)
        }
        let socket = unsafe NetlinkSocket(adopting: handle, subject: subject)
        let result = unsafe nl_connect(handle, family)
        guard result == 0 else { throw .netlink("nl_connect", result, reading: subject) }
        // Answers, not acknowledgements: an answer or an error ends a request, the end mark a dump.
        unsafe nl_socket_disable_auto_ack(handle)
        var patience = Self.patience
        unsafe setsockopt(
            nl_socket_get_fd(handle), SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        return socket
    }

    /// The number of a generic-netlink family.
    ///
    /// The corresponding C function is `genl_ctrl_resolve`.
    func resolveFamily(_ name: String) throws(KernelError) -> Int32 {
        let result = unsafe genl_ctrl_resolve(handle, name)
        guard result >= 0 else { throw .netlink("genl_ctrl_resolve", result, reading: subject) }
        return result
    }

    /// Sends a request and collects the answers.
    ///
    /// - Parameters:
    ///   - type: The message's type: a family's number, or `RTM_…`.
    ///   - isDump: Whether to ask for everything there is rather than one thing.
    ///   - payload: What follows `struct nlmsghdr`.
    /// - Returns: The payload of each answer, in the kernel's order.
    ///
    /// The corresponding C functions are `nl_send_simple` and `nl_recvmsgs_default`.
    func request(type: Int32, isDump: Bool, payload: [UInt8]) throws(KernelError) -> [[UInt8]] {
        let flags = isDump ? NLM_F_ROOT | NLM_F_MATCH : 0
        var result = unsafe payload.withUnsafeBytes { bytes in
            // libnl copies the bytes and changes nothing, although its parameter is not const.
            unsafe nl_send_simple(
                handle, type, flags, UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
        }
        guard result >= 0 else { throw .netlink("nl_send_simple", result, reading: subject) }

        let inbox = Inbox()
        result = unsafe nl_socket_modify_cb(
            handle, NL_CB_VALID, NL_CB_CUSTOM, collect, Unmanaged.passUnretained(inbox).toOpaque())
        guard result == 0 else { throw .netlink("nl_socket_modify_cb", result, reading: subject) }
        result = withExtendedLifetime(inbox) { unsafe nl_recvmsgs_default(handle) }
        guard result >= 0 else { throw .netlink("nl_recvmsgs", result, reading: subject) }
        return inbox.payloads
    }
}

/// Where the callback of ``NetlinkSocket/request(type:isDump:payload:)`` puts the answers.
///
/// Confinement: it lives within one call, on one thread.
private final class Inbox {
    var payloads: [[UInt8]] = []
}

/// Copies a message's payload; libnl frees the message when this returns.
private func collect(_ message: OpaquePointer?, _ argument: UnsafeMutableRawPointer?) -> Int32 {
    guard let message = unsafe message, let argument = unsafe argument, let header = unsafe nlmsg_hdr(message) else {
        return Int32(NL_SKIP.rawValue)
    }
    let inbox = unsafe Unmanaged<Inbox>.fromOpaque(argument).takeUnretainedValue()
    let length = Int(unsafe nlmsg_datalen(header))
    inbox.payloads.append(unsafe Array(UnsafeRawBufferPointer(start: nlmsg_data(header), count: length)))
    return Int32(NL_OK.rawValue)
}
