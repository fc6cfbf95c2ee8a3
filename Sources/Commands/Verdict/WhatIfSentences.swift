import Balance
import IPVSModel

/// How other schedulers would have spread the arrivals, as text and Markdown show it.
extension ServiceVerdict {
    static let whatIfColumns = ["what if", "assignments", "most open at once", "nobody", "largest share error", "Jain"]

    /// A row per scheduler that could be asked, its real servers in the order of the service's table.
    var whatIfRows: [[String]] {
        (whatIf ?? []).filter { $0.leftOut == nil }.map { outcome in
            [
                outcome.scheduler.description,
                outcome.realServers.map { "\($0.assignments)" }.joined(separator: " / "),
                outcome.realServers.map { "\($0.mostOpen)" }.joined(separator: " / "), "\(outcome.refused)",
                Figures.percent(outcome.maxShareError, 2), Figures.fixed(outcome.jain, 6),
            ]
        }
    }

    /// A line per reason for which schedulers were left out.
    var whatIfLeftOut: [String] {
        var lines: [(reason: String, schedulers: [String])] = []
        for outcome in whatIf ?? [] {
            guard let reason = outcome.leftOut else { continue }
            if let index = lines.firstIndex(where: { $0.reason == reason }) {
                lines[index].schedulers.append(outcome.scheduler.description)
            } else {
                lines.append((reason, [outcome.scheduler.description]))
            }
        }
        return lines.map { "\($0.schedulers.joined(separator: ", ")) left out: \($0.reason)" }
    }
}
