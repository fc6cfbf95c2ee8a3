import ArgumentParser
import Foundation
import TraceStore

/// `ipvscope export`.
struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write a run's connections or time series for other programs.",
        discussion: """
            CSV and JSON lines have the columns of the view `connections`, or one row a second and real server. OpenMetrics \
            has the time series under the names of /metrics, with time stamps; Prometheus takes them in with:

              ipvscope export --format openmetrics > history.om
              promtool tsdb create-blocks-from openmetrics history.om PROMETHEUS-DATA-FOLDER
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case csv, jsonl, openmetrics
    }

    enum Table: String, ExpressibleByArgument, CaseIterable {
        case connections, samples
    }

    @OptionGroup var database: DatabaseOption

    @Option(name: .long, help: ArgumentHelp("The run: `last`, or its number.", valueName: "last|ID"))
    var run = "last"

    @Option(name: .long, help: "What to write (default: connections; as openmetrics samples, which it alone can be).")
    var table: Table?

    @Option(name: .long, help: "How to write it.")
    var format: Format

    func validate() throws {
        if format == .openmetrics, table == .connections {
            throw ValidationError("--table connections: OpenMetrics holds no connections; use --format csv or jsonl")
        }
    }

    func run() async throws {
        try await Failure.reporting {
            try await Blocking.run {
                let store = try TraceStore.openReadOnly(
                    path: database.path(environment: ProcessInfo.processInfo.environment))
                let run = try store.resolveRun(run)
                var output = BufferedOutput()
                let write = { (text: String) in output.add(text) }
                switch format {
                case .openmetrics: try SampleHistory.write(run: run, of: store, write)
                case .csv, .jsonl:
                    let sql = table == .samples ? RowExport.samples : RowExport.connections
                    try RowExport.write(sql, asCSV: format == .csv, run: run, of: store, write)
                }
            }
        }
    }
}
