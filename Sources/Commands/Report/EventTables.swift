import Balance
import IPVSModel
import TraceStore

/// Events as a report shows them: how many of each kind, then the first of each.
enum EventTables {
    static func blocks(_ events: [EventStory]) -> [ReportDocument.Block] {
        let counts = events.map { ["\($0.kind)", "\($0.count)"] }
        let first = events.flatMap { event in
            event.first.map { one in
                [
                    event.kind, UTCTime(one.time).description, one.client?.description ?? Figures.unknown,
                    one.realServer?.description ?? Figures.unknown, one.connection.map { "\($0)" } ?? Figures.unknown,
                    one.detail,
                ]
            }
        }
        return [
            .table(.init(caption: "Events by kind", titles: ["kind", "count"], rows: counts)),
            .table(
                .init(
                    caption: "The first of each kind",
                    titles: ["kind", "time", "client", "real server", "connection", "detail"], rows: first,
                    words: [0, 1, 2, 3, 5])),
        ]
    }

    /// What changed on purpose, rather than went wrong.
    static let changes: Set<String> = [
        "configuration_changed", "level_changed", "verdict_changed", "drain_began", "drained", "drain_aborted",
    ]
}
