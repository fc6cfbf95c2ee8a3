import CPcap
import Glibc

/// A compiled filter.
///
/// The corresponding C type is `bpf_program`.
@safe
struct KernelFilter: ~Copyable {
    private var program: bpf_program

    private init(adopting program: bpf_program) { unsafe self.program = program }

    deinit {
        var program = unsafe program
        unsafe pcap_freecode(&program)
    }

    /// Compiles `expression`, in the language of pcap-filter(7), for what `handle` captures.
    ///
    /// The corresponding C function is `pcap_compile`.
    static func compile(
        _ expression: String, for handle: OpaquePointer, named name: String
    ) throws(CaptureError) -> KernelFilter {
        var program = unsafe bpf_program()
        let status = unsafe pcap_compile(handle, &program, expression, 1, PCAP_NETMASK_UNKNOWN)
        guard status == 0 else {
            throw unsafe CaptureError(handle, named: name, function: "pcap_compile", status: status)
        }
        return unsafe KernelFilter(adopting: program)
    }

    /// Puts the filter in the place of an interface's old one, at once.
    ///
    /// `pcap_setfilter` would hold everything back until the new filter is in place, and what arrived meanwhile would
    /// be lost without being counted. Where the kernel refuses a program libpcap would besides filter by itself, with
    /// every packet on its way to us: before Linux 6.7 the program has to fit into 20 KiB (`net.core.optmem_max`).
    ///
    /// The corresponding socket option is `SO_ATTACH_FILTER`.
    func attach(to handle: OpaquePointer, named name: String) throws(CaptureError) {
        let count = unsafe Int(program.bf_len)
        guard let length = UInt16(exactly: count), let instructions = unsafe program.bf_insns else {
            throw CaptureError(
                code: .other, subject: name, function: "setsockopt", status: -1,
                detail: "a filter of \(count) instructions")
        }
        let status = unsafe instructions.withMemoryRebound(to: sock_filter.self, capacity: count) { instructions in
            var filter = unsafe sock_fprog(len: length, filter: instructions)
            return unsafe setsockopt(
                pcap_fileno(handle), SOL_SOCKET, SO_ATTACH_FILTER, &filter, socklen_t(MemoryLayout<sock_fprog>.size))
        }
        guard status == 0 else {
            throw CaptureError(
                code: .other, subject: name, function: "setsockopt", status: status,
                detail: "a filter of \(count) instructions: \(unsafe String(cString: strerror(errno)))")
        }
    }

    /// Whether a packet passes, where no kernel asks.
    ///
    /// The corresponding C function is `pcap_offline_filter`.
    func matches(_ header: pcap_pkthdr, _ bytes: UnsafePointer<u_char>?) -> Bool {
        var (program, header) = unsafe (program, header)
        return unsafe pcap_offline_filter(&program, &header, bytes) != 0
    }

    /// The corresponding C function is `pcap_setfilter`.
    func install(on handle: OpaquePointer, named name: String) throws(CaptureError) {
        var program = unsafe program
        let status = unsafe pcap_setfilter(handle, &program)
        guard status == 0 else {
            throw unsafe CaptureError(handle, named: name, function: "pcap_setfilter", status: status)
        }
    }
}

extension CaptureError {
    fileprivate init(_ handle: OpaquePointer, named name: String, function: String, status: Int32) {
        self.init(
            code: .other, subject: name, function: function, status: status,
            detail: unsafe String(cString: pcap_geterr(handle)))
    }
}
