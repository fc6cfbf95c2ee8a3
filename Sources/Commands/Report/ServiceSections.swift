import Balance
import Charts
import IPVSModel
import TraceStore

/// What a report says of one virtual service, section by section.
struct ServiceSections {
    typealias Section = ReportDocument.Section
    typealias Block = ReportDocument.Block
    typealias Table = ReportDocument.Table
    typealias Figure = ReportDocument.Figure

    let service: ServiceVerdict
    let story: ServiceStory
    let configurations: [ServiceConfiguration]
    let axis: TimeAxis

    init(_ service: ServiceVerdict, _ report: RunReport) {
        self.service = service
        story = report.story(of: service.virtualService)
        configurations = report.configurations[service.virtualService] ?? []
        axis = report.story.axis
    }

    var sections: [Section] {
        // Of what nobody used there is little to tell.
        if !service.hasTraffic, story.realServers.allSatisfy({ $0.connections == 0 }), story.events.isEmpty {
            return [verdict, configuration]
        }
        return [
            verdict, distribution, sequence, fairness, parts, latencies, troubles, audit, whatIf, configuration, time,
        ].compactMap(\.self)
    }

    private var verdict: Section {
        var blocks: [Block] = [
            .list(
                service.reasons.isEmpty
                    ? ["the scheduler's promise held on every assignment, and the evidence is complete"]
                    : service.reasons)
        ]
        if !service.thresholds.isEmpty {
            blocks.append(
                .table(
                    Table(
                        caption: "Thresholds", titles: ["threshold", "verdict", "value"],
                        rows: service.thresholds.map { [$0.expression, $0.verdict.rawValue, $0.detail] },
                        words: [0, 1, 2])))
        }
        if let baseline = service.baseline {
            blocks.append(
                .table(
                    Table(
                        caption: "Against the baseline", titles: ["measure", "change", "then → now", "evidence"],
                        rows: baseline.comparisons.map {
                            [$0.measure, $0.change.rawValue, $0.thenAndNow, $0.evidence]
                        },
                        words: [0, 1, 2, 3])))
        }
        return Section(title: "Verdict: \(service.verdict.rawValue)", blocks: blocks)
    }

    private var distribution: Section {
        guard !service.rows.isEmpty else {
            return Section(title: "Distribution", blocks: [.text("no real server was seen")])
        }
        let due = service.realServers.reduce(0) { $0 + $1.expected }
        let bars = service.realServers.map { server in
            BarChart.Bar(
                label: server.realServer.description, value: server.share ?? 0,
                text: "\(server.assignments) (\(Figures.percent(server.share, 2)))",
                due: due > 0 ? server.expected / due : nil)
        }
        var blocks: [Block] = [
            .text(service.summary + "."),
            .figure(
                Figure(
                    title: "Share of assignments by real server",
                    description: "One bar for each real server: its share of assignments, with a mark at its due.",
                    chart: .bars(BarChart(bars, markLegend: "due under \(service.scheduler)")), table: nil)),
            .table(
                Table(
                    caption: "Share against weight, the kernel's own counts beside", titles: ServiceVerdict.columns,
                    rows: service.rows)),
        ]
        let unseen = service.assignments - service.realServers.reduce(0) { $0 + $1.assignments }
        if unseen > 0 {
            blocks.append(
                .text(
                    "Of \(Figures.plural(unseen, "assignment")) it was not seen which real server was chosen: nothing left on "
                        + "the DIP side."))
        }
        if service.realServers.contains(where: { $0.source == .kernel }) {
            blocks.append(.text("Bytes are those the kernel counted."))
        }
        return Section(title: "Distribution", blocks: blocks)
    }

    private var sequence: Section {
        let conformance = service.conformance
        guard let model = conformance.model else {
            return Section(
                title: "Sequence check",
                blocks: [.text("Not checked: there is no model of \(service.scheduler) to hold assignments against.")])
        }
        var lines = [service.conformanceSentence]
        if let first = conformance.unexplained.first {
            let expected = first.expected.map(\.description).joined(separator: " or ")
            lines.append(
                "the first that is not: assignment \(first.number) at \(first.time), client \(first.client), connection "
                    + "\(first.connection) of the database: went to \(first.actual), and \(model) would have chosen "
                    + (expected.isEmpty ? "nobody" : expected))
        }
        let blocks: [Block] = [
            .list(lines),
            .table(
                Table(
                    caption: "What was allowed for", titles: ["cause", "time", "assignments", "what"],
                    rows: conformance.explained.map {
                        [$0.cause, $0.time?.description ?? Figures.unknown, "\($0.count)", $0.detail]
                    }, words: [0, 1, 3])),
            .table(
                Table(
                    caption: conformance.unexplainedTotal > Self.mostViolations
                        ? "The first \(Self.mostViolations) of \(conformance.unexplainedTotal) not as promised"
                        : "Not as promised",
                    titles: ["assignment", "time", "client", "went to", "expected", "connection"],
                    rows: conformance.unexplained.prefix(Self.mostViolations).map { found in
                        [
                            "\(found.number)", found.time.description, found.client.description,
                            found.actual.description,
                            found.expected.isEmpty
                                ? "nobody" : found.expected.map(\.description).joined(separator: " or "),
                            "\(found.connection)",
                        ]
                    }, words: [1, 2, 3, 4])),
        ]
        return Section(title: "Sequence check", blocks: blocks)
    }

    private static let mostViolations = 20

    private var whatIf: Section {
        let blocks: [Block] = [
            .text(
                "How each scheduler would have spread the same arrivals over the same real servers, against their weights."
            ),
            .table(
                Table(
                    caption: "Other schedulers, same arrivals", titles: ServiceVerdict.whatIfColumns,
                    rows: service.whatIfRows, words: [0, 1])),
            .list(service.whatIfLeftOut),
        ]
        return Section(title: "What if", blocks: blocks)
    }

    private var configuration: Section {
        guard let first = configurations.first else {
            return Section(title: "Configuration", blocks: [.text("The virtual service's settings were never read.")])
        }
        var settings = ["scheduler \(first.scheduler)"]
        if let flags = Self.names(of: first.flags) { settings.append("flags \(flags)") }
        if first.flags.contains(.persistent) {
            settings.append(
                "persistence \(first.persistenceTimeout) s, by /\(first.persistencePrefixLength) of the client")
        }
        let changes =
            configurations.indices.dropFirst().map { index in
                (
                    configurations[index].seen, "configuration_changed",
                    configurations[index].changes(from: configurations[index - 1])
                )
            }
            + story.events.filter { EventTables.changes.contains($0.kind) && $0.kind != "configuration_changed" }
            .flatMap { event in
                event.first.map { one in
                    (one.time, event.kind, (one.realServer.map { "\($0) " } ?? "") + one.detail)
                }
            }
        let rows = changes.sorted { $0.0 < $1.0 }.map { [UTCTime($0.0).description, $0.1, $0.2] }
        return Section(
            title: "Configuration",
            blocks: [
                .text("At the start: " + settings.joined(separator: ", ") + ", read at \(UTCTime(first.seen))."),
                .table(
                    Table(
                        caption: "Real servers at the start, in the kernel's order",
                        titles: ["real server", "weight", "forwarding", "upper threshold", "lower threshold"],
                        rows: first.realServers.map { server in
                            [
                                server.endpoint.description, "\(server.weight)", server.forwardingMethod.rawValue,
                                "\(server.upperThreshold)", "\(server.lowerThreshold)",
                            ]
                        }, words: [0, 2])),
                rows.isEmpty
                    ? .text("Nothing was changed during the run.")
                    : .table(
                        Table(
                            caption: "Changes in order of time", titles: ["time", "kind", "what"], rows: rows,
                            words: [0, 1, 2])),
            ])
    }

    /// The flags that somebody set; `nil` if there are none.
    static func names(of flags: VirtualService.Flags) -> String? {
        let names: [(VirtualService.Flags, String)] = [
            (.persistent, "persistent"), (.onePacket, "one-packet"), (.schedulerFlag1, "flag-1"),
            (.schedulerFlag2, "flag-2"), (.schedulerFlag3, "flag-3"),
        ]
        let set = names.filter { flags.contains($0.0) }.map(\.1)
        return set.isEmpty ? nil : set.joined(separator: ", ")
    }
}
