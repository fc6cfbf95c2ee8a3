import ArgumentParser
import Balance
import Foundation
import IPVSKernel
import IPVSModel
import TraceStore

/// `ipvscope verify`.
struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Judge a run again, or a saved listing of connection entries.",
        discussion: """
            The verdict is computed anew from the database. With --entries a listing of `ipvsadm -Lnc` is judged alone, as \
            far as one can: it names no scheduler and has no counters, so the verdict is inconclusive, but what its order \
            says is told.

            \(Threshold.help)
            """)

    @OptionGroup var database: DatabaseOption

    @Option(name: .long, help: ArgumentHelp("The run: `last`, or its number.", valueName: "last|ID"))
    var run = "last"

    @Option(
        name: .long,
        help: ArgumentHelp("Judge this virtual service only, such as tcp/192.168.122.100:80.", valueName: "service"))
    var virtualService: VirtualServiceIdentity?

    @Option(
        name: .long, help: ArgumentHelp("A saved `ipvsadm -Lnc` listing; - is standard input.", valueName: "file|-"))
    var entries: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "An earlier run to compare with: what is better, the same, or worse. It changes no verdict.",
            valueName: "ID"))
    var baseline: String?

    @Flag(
        name: .long,
        help: "Also tell how other schedulers would have spread the same arrivals; not in JUnit's XML.")
    var whatIf = false

    @OptionGroup var thresholds: ThresholdOption

    @Option(name: .long, help: "How to print the verdict.")
    var format: VerdictFormat = .text

    func validate() throws {
        guard entries != nil else { return }
        for (name, isGiven) in [
            ("threshold", !thresholds.threshold.isEmpty), ("baseline", baseline != nil), ("what-if", whatIf),
        ] where isGiven {
            throw ValidationError("--\(name): a listing holds nothing to measure; use it on a run, without --entries")
        }
    }

    func run() async throws {
        let (text, status) = try await Failure.reporting {
            try entries.map(judgeListing) ?? judgeRun()
        }
        Output.print(text)
        throw ExitCode(status)
    }

    private func judgeRun() throws -> (String, Int32) {
        let store = try TraceStore.openReadOnly(
            path: database.path(environment: ProcessInfo.processInfo.environment))
        let id = try store.resolveRun(run)
        let evidence = try store.evidence(run: id).narrowed(to: virtualService)
        let earlier = try baseline.map { name in try store.baseline(name, of: id) }
        let report = Judge.verdict(on: evidence, thresholds: thresholds.threshold, baseline: earlier, whatIf: whatIf)
        return (try format.render(report), report.verdict.exitCode)
    }

    private func judgeListing(_ path: String) throws -> (String, Int32) {
        let report = EntriesJudge.verdict(on: try IPVSAdmListing.read(path: path))
        return (try format.render(report), report.verdict.exitCode)
    }
}
