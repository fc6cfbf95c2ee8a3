import Balance
import IPVSModel

extension VerdictReport {
    /// What was captured, with the times at which that changed; `nil` if it was everything.
    var levelSentence: String? {
        switch level {
        case .full: nil
        case .handshake: "handshake: connections are audited, packets and bytes are the kernel's"
        case .mixed:
            "mixed: "
                + run.levels.map { "\($0.level.rawValue) from \($0.time) (\($0.cause.rawValue))" }
                .joined(separator: ", ")
        }
    }
}

/// The lines of a verdict that text, JUnit and Markdown share.
extension ServiceVerdict {
    /// `1000 connections: 333 / 333 / 334`, in the order of the table.
    var summary: String {
        let counts = realServers.map { "\($0.assignments)" }.joined(separator: " / ")
        return Figures.plural(assignments, "connection") + (counts.isEmpty ? "" : ": " + counts)
    }

    var conformanceSentence: String {
        guard let model = conformance.model else { return "not checked" }
        let checked = Figures.plural(conformance.checked, "assignment")
        guard conformance.unexplainedTotal > 0 else {
            return "\(conformance.checked) of \(checked) as \(model) promises"
        }
        let explain =
            conformance.unaccountedToChange.map {
                "; \(Figures.plural($0, "unaccounted connection")) would explain that"
            }
            ?? ""
        return "\(conformance.unexplainedTotal) of \(checked) not as \(model) promises" + explain
    }

    var auditSentence: String {
        let dropped =
            "\(audit.packetsDropped) dropped" + (audit.packetsAudited ? "" : ", packets and bytes not compared")
        let explained = audit.explained.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        let because = explained.isEmpty ? "" : "; explained: " + explained.joined(separator: ", ")
        guard let kernel = audit.kernelConns else {
            return "open: captured \(audit.captured), no counters of the kernel to compare with, \(dropped)" + because
        }
        if audit.closed, audit.difference == 0 {
            if let table = audit.table, table.rows == kernel, table.matched == kernel {
                return "packets, table and kernel agree: \(audit.captured) = \(table.matched) = \(kernel), \(dropped)"
                    + because
            }
            return "packets and kernel agree: \(audit.captured) = \(kernel), \(dropped)" + tableSentence + because
        }
        if audit.closed {
            return "packets and kernel differ as explained: captured \(audit.captured), kernel \(kernel), \(dropped)"
                + because
        }
        let contradiction = audit.contradiction ? ", a contradiction" : ""
        return "open: captured \(audit.captured), kernel \(kernel), \(audit.unexplained) unexplained\(contradiction), "
            + dropped + because
    }

    /// What the kernel's table holds, as the end of a sentence.
    private var tableSentence: String {
        guard let table = audit.table else { return "; the table was not read" }
        let others = table.withoutConnection.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        return "; the table holds \(Figures.plural(table.rows, "row"))"
            + (others.isEmpty ? "" : ", without a connection: " + others.joined(separator: ", "))
    }

    var latencySentence: String {
        let connect = latency.realServerConnect
        guard connect.count > 0 else { return "no handshake with a real server was seen" }
        return "real server connect p50 \(Figures.seconds(connect.p50)), p90 \(Figures.seconds(connect.p90)), "
            + "p99 \(Figures.seconds(connect.p99)), max \(Figures.seconds(connect.max))"
    }

    /// What was allowed for, and the first violations.
    var conformanceDetails: [String] {
        conformance.explained.map { explanation in
            let time = explanation.time.map { " at \($0)" } ?? ""
            return "\(explanation.cause)\(time): \(explanation.detail) "
                + "(\(Figures.plural(explanation.count, "assignment")) rest on it)"
        }
            + conformance.unexplained.prefix(5).map { found in
                let expected = found.expected.map(\.description).joined(separator: " or ")
                return "assignment \(found.number) at \(found.time): \(found.client) went to \(found.actual), expected "
                    + (expected.isEmpty ? "nobody" : expected)
            }
    }

    /// A line per threshold: what became of it, and the value.
    var thresholdLines: [String] {
        thresholds.map { "\($0.verdict.rawValue): \($0.expression), \($0.detail)" }
    }

    /// The table's titles, and its rows.
    static let columns = [
        "real server", "weight", "assignments", "expected", "share", "kernel", "bytes in", "bytes out",
    ]

    var rows: [[String]] {
        realServers.map { server in
            [
                server.realServer.description, Figures.count(server.weight), "\(server.assignments)",
                Figures.fixed(server.expected, 1), Figures.percent(server.share, 2), Figures.count(server.kernelConns),
                Figures.count(server.bytesIn), Figures.count(server.bytesOut),
            ]
        }
    }
}
