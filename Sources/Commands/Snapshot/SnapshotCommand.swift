import ArgumentParser
import IPVSKernel

/// `ipvscope snapshot`.
struct SnapshotCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "snapshot",
        abstract: "Print the kernel's IPVS state as JSON, for replay.",
        discussion: """
            Services, real servers in the scheduler's order, counters, connection entries and settings, on one line: \
            appended to a file before and after a test (`>>`), they are what `replay --kernel` audits against.
            """)

    @Flag(name: .long, help: "Print many lines, for people.")
    var pretty = false

    func run() async throws {
        try await Failure.reporting {
            let state = try LiveKernel().read(includingConnections: true)
            Output.print(try KernelStateFile.encode(state, pretty: pretty))
        }
    }
}
