import ArgumentParser
import Balance
import Foundation
import IPVSModel
import TraceStore

/// `ipvscope report`.
struct ReportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Tell the whole story of a run, to attach to a ticket.",
        discussion: """
            The verdict of `ipvscope verify`, computed anew, and what lies behind it: distribution, order, fairness, \
            latencies, troubles, audit, configuration, other schedulers, and how things went over time.

            text and markdown are for reading, html is one page with pictures that needs nothing else, json has the keys \
            of `verify --format json` and more, csv is one table of all figures.

            The exit status is 0 once the report is made, whatever the verdict; ask `ipvscope verify` for that.

            \(Threshold.help)
            """)

    @OptionGroup var database: DatabaseOption

    @Option(name: .long, help: ArgumentHelp("The run: `last`, or its number.", valueName: "last|ID"))
    var run = "last"

    @Option(
        name: .long,
        help: ArgumentHelp("Report on this virtual service only, such as tcp/192.168.122.100:80.", valueName: "service")
    )
    var virtualService: VirtualServiceIdentity?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "What `ab` printed during the run, to hold against what the director saw; - is standard input.",
            valueName: "file|-"))
    var ab: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "An earlier run to compare with: what is better, the same, or worse. It changes no verdict.",
            valueName: "ID"))
    var baseline: String?

    @OptionGroup var thresholds: ThresholdOption

    @Option(name: .long, help: "How to print the report.")
    var format: ReportFormat = .text

    func run() async throws {
        let text = try await Failure.reporting {
            // Read first: whoever gave a wrong file should not wait for the database.
            let ab = try ab.map(Self.readAB)
            let store = try TraceStore.openReadOnly(
                path: database.path(environment: ProcessInfo.processInfo.environment))
            let report = try RunReport(
                store: store, run: run, virtualService: virtualService, thresholds: thresholds.threshold,
                baseline: baseline, ab: ab)
            return try format.render(report)
        }
        Output.print(text)
    }

    private static func readAB(_ path: String) throws -> ABOutput {
        let name = path == "-" ? "standard input" : path
        let data: Data
        do {
            data =
                try path == "-"
                ? FileHandle.standardInput.readToEnd() ?? Data() : Data(contentsOf: URL(fileURLWithPath: path))
        } catch {
            throw InputError(description: "--ab \(name): cannot be read; name a file with what `ab` printed")
        }
        do {
            return try ABOutput(parsing: String(decoding: data, as: UTF8.self))
        } catch {
            throw InputError(description: "--ab \(name): \(error)")
        }
    }
}
