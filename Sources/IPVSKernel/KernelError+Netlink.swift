internal import CNetlink

extension KernelError {
    /// What is read by netlink.
    enum NetlinkSubject: String {
        case ipvs = "IPVS"
        case neighbours = "the neighbours"

        /// The command that reads the same.
        fileprivate var comparison: String {
            switch self {
            case .ipvs: "check with `ipvsadm -Ln` whether IPVS works on this system"
            case .neighbours: "check with `ip neighbour` whether they can be read on this system"
            }
        }
    }

    /// A libnl call that failed.
    ///
    /// - Parameters:
    ///   - function: The C function.
    ///   - result: What it returned; libnl negates its error numbers.
    ///   - subject: What was being read.
    static func netlink(_ function: String, _ result: Int32, reading subject: NetlinkSubject) -> Self {
        let number = abs(result)
        let what = "cannot read \(subject.rawValue) by netlink"
        switch number {
        case NLE_OBJ_NOTFOUND where function == "genl_ctrl_resolve":
            return Self(
                code: .moduleNotLoaded, function: function, number: number,
                description: "\(what): the kernel has no IPVS family; load the module with: modprobe ip_vs")
        case NLE_PERM, NLE_NOACCESS:
            return Self(
                code: .notPermitted, function: function, number: number,
                description: "\(what): not permitted; run as root, or with CAP_NET_ADMIN outside any user namespace")
        case NLE_DUMP_INTR, NLE_NOMEM, NLE_SEQ_MISMATCH, NLE_AGAIN, NLE_MSG_TRUNC:
            return Self(
                code: .interrupted, function: function, number: number,
                description:
                    "\(what): \(text(number)) (\(function)); it changed or replies were lost, try again")
        default:
            return Self(
                code: .other, function: function, number: number,
                description: "\(what): \(text(number)) (\(function), libnl error \(number)); \(subject.comparison)")
        }
    }

    /// A reply that breaks the rules of the protocol.
    static func netlinkReply(_ problem: String, reading subject: NetlinkSubject = .ipvs) -> Self {
        Self(
            code: .malformed, function: "nl_recvmsgs",
            description: "cannot read \(subject.rawValue) by netlink: \(problem); "
                + "this kernel answers in a way this program does not know")
    }

    private static func text(_ number: Int32) -> String {
        guard let text = unsafe nl_geterror(number) else { return "error \(number)" }
        return unsafe String(cString: text)
    }
}
