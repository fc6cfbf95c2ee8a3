import Balance
import Charts
import IPVSModel
import TraceStore

extension ServiceSections {
    /// More lines than this cannot be told apart.
    private static let mostLines = 7

    var time: Section {
        let servers = story.realServers.filter { $0.assignments.contains { $0 > 0 } }
        let blocks = [servers.isEmpty ? nil : rates(servers), levels].compactMap(\.self)
        return Section(
            title: "Over time",
            blocks: blocks.isEmpty ? [.text("No connection and no reading of the kernel was stored.")] : blocks)
    }

    /// Assignments per second of each real server; of many, the busiest alone and the rest as one.
    private func rates(_ servers: [RealServerStory]) -> Block {
        var lines = servers.map { (name: Self.name($0.realServer), counts: $0.assignments) }
        if lines.count > Self.mostLines {
            let order = lines.indices.sorted { first, second in
                (lines[second].counts.reduce(0, +), first) < (lines[first].counts.reduce(0, +), second)
            }
            let kept = Set(order.prefix(Self.mostLines - 1))
            let rest = lines.indices.filter { !kept.contains($0) }
            let sum = (0..<axis.count).map { step in rest.reduce(0) { $0 + lines[$1].counts[step] } }
            lines = lines.indices.filter(kept.contains).map { lines[$0] } + [("\(rest.count) others", sum)]
        }
        let unit = TimeUnit(for: span)
        let rate = { (count: Int) in Double(count) / axis.stepSeconds }
        let rows = (0..<axis.count).compactMap { step -> [String]? in
            let counts = lines.map { $0.counts[step] }
            guard counts.contains(where: { $0 > 0 }) else { return nil }
            return [unit.text(axis.offset(step) / unit.seconds)] + counts.map { TimeUnit.trimmed(rate($0)) }
        }
        // Lines that are one, as they should be, are seen one inside the other.
        let chart = LineChart(
            lines.enumerated().map { number, line in
                LineChart.Line(
                    label: line.name,
                    points: line.counts.enumerated().map {
                        ((axis.offset($0.offset) + axis.stepSeconds / 2) / unit.seconds, rate($0.element))
                    }, colour: number, width: 2 + 2 * Double(max(0, min(lines.count, 4) - 1 - number)))
            }, until: span / unit.seconds, isWhole: false, time: unit.text, value: TimeUnit.trimmed)
        return .figure(
            Figure(
                title: "Connections per second by real server",
                description: "A line for each real server: assignments per second, in steps of \(stepText).",
                chart: .lines(chart),
                table: Table(
                    caption: "Connections per second, in steps of \(stepText); steps without any are left out",
                    titles: ["from"] + lines.map(\.name), rows: rows)))
    }

    /// Active and inactive connections of all real servers, by the kernel and as traced.
    private var levels: Block? {
        struct Sums {
            var offset: Double
            var activeInactive: [UInt64]
        }
        let steps = (0..<axis.count).compactMap { step -> Sums? in
            let readings = story.realServers.flatMap { server in
                server.readings.filter { axis.index(of: $0.time) == step }
            }
            guard let time = readings.map(\.time).max() else { return nil }
            let parts: [KeyPath<RealServerStory.Reading, UInt64>] = [
                \.active, \.tracedActive, \.inactive, \.tracedInactive,
            ]
            return Sums(
                offset: Double(time.rawValue - axis.start.rawValue) / 1e9,
                activeInactive: parts.map { part in readings.reduce(0) { $0 + $1[keyPath: part] } })
        }
        guard !steps.isEmpty else { return nil }
        let unit = TimeUnit(for: span)
        let names = ["active, kernel", "active, traced", "inactive, kernel", "inactive, traced"]
        let chart = LineChart(
            names.enumerated().map { number, name in
                LineChart.Line(
                    label: name,
                    points: steps.map { ($0.offset / unit.seconds, Double($0.activeInactive[number])) },
                    colour: number / 2, isDashed: number % 2 == 1)
            }, until: span / unit.seconds, isWhole: true, time: unit.text, value: TimeUnit.trimmed)
        return .figure(
            Figure(
                title: "Active and inactive connections",
                description: "As the kernel counts them, and as its rules replayed on the packets do (dashed).",
                chart: .lines(chart),
                table: Table(
                    caption: "Active and inactive connections of all real servers, by the kernel and as traced",
                    titles: ["at"] + names,
                    rows: steps.map { step in
                        [unit.text(step.offset / unit.seconds)] + step.activeInactive.map { "\($0)" }
                    })))
    }
}
