import CPcap

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

    var instructionCount: Int { Int(unsafe program.bf_len) }

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
