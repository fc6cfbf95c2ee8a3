import IPVSModel

/// One counter of a service's real servers, as captured and as the kernel counted it.
struct CounterComparison {
    /// What was captured, over all servers.
    private(set) var captured = 0
    /// What the kernel counted: the total, where there is one and a server's counters could not be read.
    private(set) var kernel = 0
    /// Differences that the kernel's counting lag explains, over all servers.
    private(set) var lag = 0
    /// How much the lag could explain or hide.
    private(set) var lagAllowance = 0
    /// Captured on servers whose counters could not be read, where no total tells what they held.
    private(set) var uncounted = 0
    /// Counted by the kernel on some server, not captured, not explained.
    private(set) var missing = 0
    /// Of what the kernel counted and was captured on no server, the part explained by choices that stayed unseen.
    private(set) var unseen = 0
    /// Captured on some server beyond what the kernel counted there, not explained.
    private(set) var excess = 0
    /// Of `lag`, what was captured on servers that left and is not in the total.
    private(set) var gone = 0

    /// - Parameters:
    ///   - pairs: Per server: captured, kernel (`nil` if it could not be read), lag allowance.
    ///   - total: What the kernel counted for the whole service: it holds what servers that left had, too.
    ///   - unseenAllowance: How much the kernel may have counted for unseen choices.
    ///   - excusesMissing: Whether a shortage may be explained at all: not if packets were dropped.
    init(
        _ pairs: [(captured: Int, kernel: Int?, lagAllowance: Int)], total: Int? = nil, unseenAllowance: Int,
        excusesMissing: Bool
    ) {
        for pair in pairs {
            captured += pair.captured
            lagAllowance += pair.lagAllowance
            guard let counted = pair.kernel else {
                uncounted += pair.captured
                continue
            }
            kernel += counted
            compare(pair.captured, counted, allowance: pair.lagAllowance, excusesMissing)
        }
        if let total, pairs.contains(where: { $0.kernel == nil }) {
            // The others' counters may lag behind the total, or it behind them.
            let rest = max(total - kernel, 0)
            let before = lag
            compare(uncounted, rest, allowance: lagAllowance, excusesMissing)
            if uncounted > rest { gone = lag - before }
            kernel = total
            uncounted = 0
        }
        if excusesMissing {
            unseen = min(missing, unseenAllowance)
            missing -= unseen
        }
    }

    private mutating func compare(_ captured: Int, _ counted: Int, allowance: Int, _ excusesMissing: Bool) {
        let difference = counted - captured
        let excused = difference > 0 && !excusesMissing ? 0 : min(abs(difference), allowance)
        lag += excused
        if difference > 0 { missing += difference - excused } else { excess += -difference - excused }
    }

    /// Differences without an explanation.
    var unexplained: Int { missing + excess }

    /// What the kernel counted and nobody captured. Nothing, if as much was captured elsewhere: then the captures
    /// contradict the kernel, and lack nothing.
    var shortage: Int { missing > excess ? missing : 0 }

    /// Whether the differences of the servers cancel out.
    var isContradictory: Bool { missing > 0 && missing == excess }
}
