import ArgumentParser
import MetricCatalog

/// `ipvscope metrics`.
struct MetricsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "metrics",
        abstract: "List the metrics that this version exports.")

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case table, markdown, json
    }

    @Option(name: .long, help: "How to print the list.")
    var format: Format = .table

    func run() async throws {
        Output.print(try render())
    }

    /// Everything the command prints.
    func render() throws -> String {
        switch format {
        case .markdown: return Metric.markdown()
        case .table:
            var table = TextTable([("METRIC", .left), ("TYPE", .left), ("HELP", .left)])
            for metric in Metric.allCases {
                table.add([metric.rawValue, metric.definition.kind.rawValue, metric.definition.help])
            }
            return table.render()
        case .json:
            return try Output.json(Metric.allCases.map(Row.init))
        }
    }

    private struct Row: Encodable {
        var name, type, unit, help, source: String
        var labels: [String]

        init(_ metric: Metric) {
            let definition = metric.definition
            name = metric.rawValue
            type = definition.kind.rawValue
            unit = definition.unit.rawValue
            help = definition.help
            source = definition.source
            labels = definition.labels
        }
    }
}
