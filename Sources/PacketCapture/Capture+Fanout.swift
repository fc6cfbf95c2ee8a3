import CPcap
import Glibc

/// Several captures of one interface that share its packets.
extension Capture {
    /// A group of sockets of which each packet reaches one.
    struct FanoutGroup {
        fileprivate let id: UInt16
    }

    /// Makes a group of which this capture is the first member, with every packet to itself until ``spread()``.
    ///
    /// The corresponding socket option is `PACKET_FANOUT` with the mode `PACKET_FANOUT_CBPF`; the kernel gives a free
    /// number.
    func beginFanout() throws(CaptureError) -> FanoutGroup {
        try join(id: 0, flags: PACKET_FANOUT_FLAG_UNIQUEID)
        var value: UInt32 = 0
        var length = socklen_t(MemoryLayout<UInt32>.size)
        guard unsafe getsockopt(socket, SOL_PACKET, PACKET_FANOUT, &value, &length) == 0 else {
            throw fanoutProblem("getsockopt")
        }
        return FanoutGroup(id: UInt16(truncatingIfNeeded: value))
    }

    /// Lets nothing pass any more.
    func passNothing() throws(CaptureError) {
        try attach([sock_filter(code: UInt16(BPF_RET | BPF_K), jt: 0, jf: 0, k: 0)], as: SO_ATTACH_FILTER, SOL_SOCKET)
    }

    /// Becomes one of a group that does not spread its packets yet.
    ///
    /// This capture passed nothing for longer than its timeout. What it saw before the others have seen too: it is dropped.
    mutating func join(_ group: FanoutGroup) throws(CaptureError) {
        discard()
        try join(id: group.id, flags: 0)
    }

    /// Has the kernel deal out packets among the members of this capture's group.
    ///
    /// The corresponding socket option is `PACKET_FANOUT_DATA`.
    func spread() throws(CaptureError) {
        try attach(FanoutProgram().instructions, as: PACKET_FANOUT_DATA, SOL_PACKET)
    }

    private func join(id: UInt16, flags: Int32) throws(CaptureError) {
        var value = UInt32(id) | UInt32(PACKET_FANOUT_CBPF | flags) << 16
        guard unsafe setsockopt(socket, SOL_PACKET, PACKET_FANOUT, &value, socklen_t(MemoryLayout<UInt32>.size)) == 0
        else { throw fanoutProblem("setsockopt") }
    }

    private func attach(_ instructions: [sock_filter], as option: Int32, _ level: Int32) throws(CaptureError) {
        var instructions = instructions
        let status = unsafe instructions.withUnsafeMutableBufferPointer { instructions in
            var program = unsafe sock_fprog(len: UInt16(instructions.count), filter: instructions.baseAddress)
            return unsafe setsockopt(socket, level, option, &program, socklen_t(MemoryLayout<sock_fprog>.size))
        }
        guard status == 0 else { throw fanoutProblem("setsockopt") }
    }

    private func fanoutProblem(_ function: String) -> CaptureError {
        CaptureError(
            code: .other, subject: name, function: function, status: -1,
            detail: "its packets cannot be shared by several threads: \(unsafe String(cString: strerror(errno)))")
    }
}
