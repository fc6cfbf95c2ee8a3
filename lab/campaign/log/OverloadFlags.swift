import IPVSModel
import SchedulerModels

/// The kernel's flags for overloaded servers, followed from their connections.
///
/// - Source: `ip_vs_bind_dest`, `ip_vs_unbind_dest` in `net/netfilter/ipvs/ip_vs_conn.c` and `__ip_vs_update_dest` in
///   `ip_vs_ctl.c`; since the kernels of ``ConnectionOverhead/activeAndAll``, `__ip_vs_dest_update_overload`.
struct OverloadFlags {
    private struct Flag {
        var upper = 0
        var lower = 0
        var total = 0
        /// `nil` if it is not known.
        var isSet: Bool? = false
    }

    private let kernel: ConnectionOverhead
    private var flags: [Endpoint: Flag] = [:]

    init(_ kernel: ConnectionOverhead) { self.kernel = kernel }

    /// Whether a server is overloaded, if that is known.
    subscript(server: Endpoint) -> Bool? {
        guard let flag = flags[server] else { return false }
        return flag.isSet
    }

    mutating func configure(_ servers: [LogLine.Server]) {
        for server in servers {
            var flag = flags[server.endpoint] ?? Flag()
            let (upper, lower) = (server.upperThreshold, server.lowerThreshold)
            guard (flag.upper, flag.lower) != (upper, lower) else { continue }
            switch kernel {
            case .activeAndInactive: if upper == 0 || upper > flag.upper { flag.isSet = false }
            case .activeAndAll:
                flag.isSet =
                    upper == 0
                    ? false
                    : flag.total >= upper
                        ? true : flag.total < (lower > 0 ? lower : upper - upper / 4) ? false : flag.isSet
            }
            (flag.upper, flag.lower) = (upper, lower)
            flags[server.endpoint] = flag
        }
    }

    /// Connections ended, or not, since the last choice.
    mutating func read(_ counts: LogLine.Counts, of server: Endpoint) {
        var flag = flags[server] ?? Flag()
        if counts.total < flag.total {
            let isRelieved =
                switch kernel {
                case .activeAndInactive:
                    flag.lower > 0 ? counts.total < flag.lower : flag.upper == 0 || counts.total * 4 < flag.upper * 3
                case .activeAndAll:
                    counts.total < (flag.lower > 0 ? flag.lower : flag.upper - flag.upper / 4)
                }
            if isRelieved { flag.isSet = false }
        }
        flag.total = counts.total
        flags[server] = flag
    }

    /// A connection more.
    mutating func bind(_ server: Endpoint) {
        var flag = flags[server] ?? Flag()
        flag.total += 1
        if flag.upper > 0, flag.total >= flag.upper { flag.isSet = true }
        flags[server] = flag
    }

    /// Connections came and ended in an order that was not seen.
    mutating func doubt() { for server in flags.keys where flags[server]!.upper > 0 { flags[server]!.isSet = nil } }
}
