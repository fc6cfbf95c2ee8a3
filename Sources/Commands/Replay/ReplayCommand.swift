import ArgumentParser
import Balance
import Collector
import Foundation
import IPVSKernel
import IPVSModel
import TraceStore

/// `ipvscope replay`.
struct ReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Trace connections from capture files, then judge.",
        discussion: """
            Reads pcap or pcapng captures of both sides, and what `ipvscope snapshot` or `ipvscope run --record` saved of \
            the kernel. With two or more readings the audit compares their growth; a single one is taken to have counted \
            from zero. Without any, services are found at the beginning of the captures, and nothing can be audited.

            A capture may come through a pipe, such as /dev/stdin, if the kernel's state is named.

            With --database none nothing is stored: the same verdict, several times sooner.

            \(Threshold.help)
            """)

    @Option(name: .long, help: ArgumentHelp("The VIP side's capture.", valueName: "file"))
    var vip: String

    @Option(
        name: .long,
        help: ArgumentHelp("The DIP side's capture; the same file on a one-armed director.", valueName: "file"))
    var dip: String

    @Option(
        name: .long,
        help: ArgumentHelp("Readings of the kernel as JSON; may be repeated.", valueName: "file"))
    var kernel: [String] = []

    @Option(
        name: .long,
        help: "What was captured: everything (full), or of TCP only SYN, FIN and RST (handshake).")
    var level = CaptureLevel.full

    @OptionGroup var database: DatabaseOption

    @OptionGroup var tracked: TrackedConnectionsOption

    @Option(name: .long, help: ArgumentHelp("The run's name.", valueName: "name"))
    var name = "replay"

    @Option(
        name: .long,
        help: ArgumentHelp(
            "How many threads trace (default: one per core, 8 at most); the verdict does not depend on it.",
            valueName: "count"))
    var threads: Int?

    @OptionGroup var thresholds: ThresholdOption

    @Option(name: .long, help: "How to print the verdict.")
    var format: VerdictFormat = .text

    func validate() throws {
        if let threads { try ThreadCount.validate(threads) }
    }

    func run() async throws {
        let report = try await Failure.reporting {
            try await Blocking.run { try replay() }
        }
        Output.print(try format.render(report))
        throw ExitCode(report.verdict.exitCode)
    }

    private func replay() throws -> VerdictReport {
        let states = try kernel.flatMap { try KernelStateFile.read($0) }.sorted { $0.observedAt < $1.observedAt }
        var replay = Replay(vipPath: vip, dipPath: dip, kernelStates: states)
        replay.trackedConnections = tracked.trackedConnections
        replay.level = level
        replay.threads = threads ?? min(ProcessInfo.processInfo.activeProcessorCount, 8)
        let path = database.path(environment: ProcessInfo.processInfo.environment)
        if path == "none" {
            return Judge.verdict(on: try replay.run(name: name), thresholds: thresholds.threshold)
        }
        let store = try TraceStore.open(path: path)
        let evidence = try replay.run(into: store, name: name)
        let report = Judge.verdict(on: evidence, thresholds: thresholds.threshold)
        try store.save(
            verdict: report.verdict.rawValue, json: try VerdictJSON.render(report), run: evidence.run.id)
        try store.close()
        return report
    }
}
