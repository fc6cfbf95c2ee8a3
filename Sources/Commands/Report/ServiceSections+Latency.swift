import Balance
import Charts
import IPVSModel
import TraceStore

extension ServiceSections {
    var latencies: Section {
        let rows = LatencyMeasure.allCases.flatMap { measure -> [[String]] in
            let servers = story.realServers.compactMap { server in
                server.latencies[measure].map { (server.realServer, $0) }
            }.filter { $0.1.count > 0 }
            let all = story.latencies[measure].map { [("all", $0)] } ?? []
            return (servers.count > 1 ? all : []).map { Self.row(measure, $0.0, $0.1) }
                + servers.map { Self.row(measure, Self.name($0.0), $0.1) }
        }
        guard !rows.isEmpty else {
            return Section(
                title: "Latencies", blocks: [.text("No step of a connection was seen to be followed by another.")])
        }
        return Section(
            title: "Latencies",
            blocks: [
                .table(
                    Table(
                        caption: "From the director's view, over all assignments where both ends were seen",
                        titles: ["time", "real server", "count", "p50", "p90", "p95", "p99", "max"], rows: rows,
                        words: [0, 1]))
            ] + [LatencyMeasure.realServerConnect, .timeToFirstByte].compactMap(heat))
    }

    private static func row(_ measure: LatencyMeasure, _ name: String, _ times: LatencyDistribution) -> [String] {
        [measure.words, name, "\(times.count)"]
            + [times.p50, times.p90, times.p95, times.p99, times.max].map { Figures.seconds($0) }
    }

    static func name(_ server: Endpoint?) -> String { server?.description ?? "not seen which one" }

    /// How times spread over the run: a picture, and the same figures.
    private func heat(_ measure: LatencyMeasure) -> Block? {
        guard let heat = story.heat[measure], let used = heat.used else { return nil }
        let names = used.map { band in
            band < LatencyHeat.bounds.count
                ? "≤ " + Self.bound(LatencyHeat.bounds[band]) : "> " + Self.bound(LatencyHeat.bounds[band - 1])
        }
        let counts = used.map { heat.counts[$0] }
        let unit = TimeUnit(for: span)
        let rows = (0..<axis.count).compactMap { step -> [String]? in
            let cells = counts.map { $0[step] }
            guard cells.contains(where: { $0 > 0 }) else { return nil }
            return [unit.text(axis.offset(step) / unit.seconds)] + cells.map { $0 > 0 ? "\($0)" : "" }
        }
        let caption = "\(measure.words): connections by time, in steps of \(stepText)"
        return .figure(
            Figure(
                title: measure.words.prefix(1).uppercased() + measure.words.dropFirst() + " over time",
                description:
                    "A column for each step of \(stepText), a row for each band of latency: the darker, the more "
                    + "connections.",
                chart: .heat(
                    HeatMap(bands: names, counts: counts, until: span / unit.seconds, time: unit.text)),
                table: Table(caption: caption, titles: ["from"] + names, rows: rows)))
    }

    private static func bound(_ nanoseconds: Int64) -> String {
        let seconds = Double(nanoseconds) / 1e9
        let (value, unit) =
            seconds < 0.001 ? (seconds * 1e6, "µs") : seconds < 1 ? (seconds * 1e3, "ms") : (seconds, "s")
        return "\(TimeUnit.trimmed(value)) \(unit)"
    }

    /// What the time axis shows, in seconds.
    var span: Double { Double(axis.count) * axis.stepSeconds }

    /// `100 ms`
    var stepText: String {
        let unit = TimeUnit(for: axis.stepSeconds)
        return unit.text(axis.stepSeconds / unit.seconds)
    }

    /// How connections ended, what was sent twice, and what went wrong.
    var troubles: Section {
        let servers = story.realServers.filter { $0.connections > 0 }
        var blocks: [Block] = []
        if servers.isEmpty {
            blocks.append(.text("No connection was stored."))
        } else {
            let outcomes = Self.outcomes.filter { name in servers.contains { $0.outcomes[name, default: 0] > 0 } }
            blocks.append(
                .table(
                    Table(
                        caption: "How connections ended, and segments that brought nothing new",
                        titles: ["real server", "connections"] + outcomes.map { $0.replacing("_", with: " ") }
                            + ["repeated by client", "repeated by real server"],
                        rows: servers.map { server in
                            [Self.name(server.realServer), "\(server.connections)"]
                                + outcomes.map { "\(server.outcomes[$0, default: 0])" }
                                + ["\(server.repeatedByClient)", "\(server.repeatedByRealServer)"]
                        })))
        }
        let events = story.events.filter { !EventTables.changes.contains($0.kind) }
        if events.isEmpty {
            blocks.append(.text("Nothing unusual was noted: no stall, no reset, no refusal, no repeated SYN."))
        } else {
            blocks += EventTables.blocks(events)
        }
        return Section(title: "Stalls, resets and other troubles", blocks: blocks)
    }

    /// In the order of table `connection_outcome`.
    private static let outcomes = [
        "open", "closed", "reset_by_client", "reset_by_real_server", "refused", "unanswered", "not_forwarded",
        "expired", "evicted", "rejected", "reset_by_director",
    ]
}

extension LatencyMeasure {
    /// For people.
    var words: String {
        switch self {
        case .forwardingDelayIn: "forwarding delay in"
        case .realServerConnect: "real server connect"
        case .clientHandshake: "client handshake"
        case .handshake: "whole handshake"
        case .timeToFirstByte: "time to first byte"
        case .duration: "duration"
        }
    }
}
