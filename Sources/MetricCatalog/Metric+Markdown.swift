extension Metric {
    /// The command that writes `docs/metrics.md`.
    package static let markdownCommand = "ipvscope metrics --format markdown > docs/metrics.md"

    /// Every metric as a page in Markdown: the whole of `docs/metrics.md`.
    package static func markdown() -> String {
        var page = """
            # Metrics

            <!-- Written by `\(markdownCommand)`. Do not edit. -->

            What `/metrics` serves. A virtual service is named by `local_address`, `local_port` and `proto`, as in
            node_exporter; one of a firewall mark has `proto="FWM"`, the mark in hexadecimal in `local_mark`, port 0, and
            an empty address (`::` if it is for IPv6). A real server is named by `remote_address` and `remote_port` beside
            these. No label ever holds a client. While the kernel cannot be read, `ipvs_up` is 0 and what comes from it is
            absent.

            | Metric | Kind | Unit | Labels | What it says | Source |
            |---|---|---|---|---|---|

            """
        for metric in allCases {
            let definition = metric.definition
            let labels = definition.labels.map { "`\($0)`" }.joined(separator: ", ")
            page += "| `\(metric.rawValue)` | \(definition.kind.rawValue) | \(definition.unit.rawValue) | \(labels) "
            page += "| \(definition.help) | \(definition.source) |\n"
        }
        return page
    }
}
