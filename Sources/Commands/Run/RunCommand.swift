import ArgumentParser
import Balance
import Collector
import Foundation
import TraceStore

/// `ipvscope run`.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Trace connections while a command runs, then judge.",
        usage: "ipvscope run [options] -- COMMAND [ARGUMENT ...]",
        discussion: """
            Collects for as long as the command lives and until connections and counters have settled, then prints the \
            verdict. When standard output is no terminal, what the command prints goes to standard error, so that only \
            the verdict is on the pipe. A failing command does not change the exit status, but is told.

            \(Threshold.help)
            """)

    @OptionGroup var arguments: CollectorArguments

    @Option(name: .long, help: ArgumentHelp("The run's name (default: the command's).", valueName: "name"))
    var name: String?

    @Option(name: .long, help: ArgumentHelp("A label to keep with the run; may be repeated.", valueName: "key=value"))
    var label: [String] = []

    @OptionGroup var thresholds: ThresholdOption

    @Option(name: .long, help: "How to print the verdict.")
    var format: VerdictFormat = .text

    @Option(
        name: .long,
        help: ArgumentHelp(
            "How long to wait, after the command, for connections and counters to settle.", valueName: "seconds"))
    var settle = 30

    @Argument(parsing: .postTerminator, help: "The command to run, after `--`.")
    var command: [String] = []

    func validate() throws {
        if command.isEmpty {
            throw ValidationError("no command: put it after `--`, as in `ipvscope run -- ab -n 1000 http://VIP/`")
        }
        if let wrong = label.first(where: { !$0.contains("=") || $0.hasPrefix("=") }) {
            throw ValidationError("--label \(wrong): expected key=value")
        }
        if arguments.listenAddress != nil {
            throw ValidationError("--web.listen-address: `run` serves no metrics; use `ipvscope collect`")
        }
    }

    func run() async throws {
        let report = try await Failure.reporting {
            try await Blocking.run { try collect() }
        }
        Output.print(try format.render(report))
        throw ExitCode(report.verdict.exitCode)
    }

    private func collect() throws -> VerdictReport {
        let child = try ChildProcess(command)
        var options = try arguments.resolve()
        options.tell = { Terminal.write("ipvscope: \($0)\n") }
        Terminal.tell(options.summary)
        let collector = try Collector(
            options, runName: name ?? URL(fileURLWithPath: command[0]).lastPathComponent, command: command,
            labels: labels)
        let progress = RunProgress(collector)
        let status = try child.run(outputToError: !Terminal.outputIsInteractive || format != .text)
        if status != 0 { Terminal.write("ipvscope: the command ended with status \(status)\n") }
        progress.note("waiting for connections and counters to settle")
        if !collector.waitUntilQuiet(limit: .seconds(settle)) {
            Terminal.write("ipvscope: traffic went on after the command; the audit may stay open\n")
        }
        let evidence = try collector.stop()
        progress.end()
        let report = Judge.verdict(on: evidence, thresholds: thresholds.threshold)
        try collector.save(report)
        return report
    }

    private var labels: [String: String] {
        Dictionary(
            label.map { text in
                let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                return (String(parts[0]), String(parts[1]))
            }, uniquingKeysWith: { $1 })
    }
}
