import IPVSModel
import SchedulerModels

/// The kernel's flags for overloaded servers, followed from their connections.
///
/// - Source: `ip_vs_bind_dest`, `ip_vs_unbind_dest` in `net/netfilter/ipvs/ip_vs_conn.c` and `__ip_vs_update_dest` in
///   `ip_vs_ctl.c`; since the kernels of ``ConnectionOverhead/activeAndAll``, `__ip_vs_dest_update_overload`.
struct OverloadFlags {
    private struct Thresholds: Equatable {
        var upper = 0
        var lower = 0
    }

    private struct Flag {
        var thresholds = Thresholds()
        /// Others under which connections may have ended since they were counted.
        var former: [Thresholds] = []
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
            let new = Thresholds(upper: server.upperThreshold, lower: server.lowerThreshold)
            guard flag.thresholds != new else { continue }
            switch kernel {
            case .activeAndInactive:
                if new.upper == 0 || new.upper > flag.thresholds.upper { flag.isSet = false }
            case .activeAndAll:
                if flag.total >= new.upper { flag.isSet = new.upper > 0 }
                if isRelief(flag.total, new) { flag.isSet = false }
            }
            flag.former.append(flag.thresholds)
            flag.thresholds = new
            flags[server.endpoint] = flag
        }
    }

    /// Whether the end of a connection, which left so many, clears the flag.
    private func isRelief(_ total: Int, _ thresholds: Thresholds) -> Bool {
        if thresholds.lower > 0 { return total < thresholds.lower }
        return switch kernel {
        case .activeAndInactive: thresholds.upper == 0 || total * 4 < thresholds.upper * 3
        case .activeAndAll: total < thresholds.upper - thresholds.upper / 4
        }
    }

    /// Connections ended, or not, since the last choice.
    mutating func read(_ counts: LogLine.Counts, of server: Endpoint) {
        var flag = flags[server] ?? Flag()
        if counts.total < flag.total, flag.isSet != false {
            let reliefs = (flag.former + [flag.thresholds]).map { isRelief(counts.total, $0) }
            if !reliefs.contains(false) { flag.isSet = false } else if reliefs.contains(true) { flag.isSet = nil }
        }
        flag.former = []
        flag.total = counts.total
        flags[server] = flag
    }

    /// A connection more.
    mutating func bind(_ server: Endpoint) {
        var flag = flags[server] ?? Flag()
        flag.total += 1
        if flag.thresholds.upper > 0, flag.total >= flag.thresholds.upper { flag.isSet = true }
        flags[server] = flag
    }

    /// Connections came and ended in an order that was not seen.
    mutating func doubt() {
        for server in flags.keys where flags[server]!.thresholds.upper > 0 { flags[server]!.isSet = nil }
    }
}
