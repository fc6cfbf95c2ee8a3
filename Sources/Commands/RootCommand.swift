package import ArgumentParser

/// `ipvscope`.
package struct RootCommand: AsyncParsableCommand {
    /// This program's version.
    package static let version = "0.1.0"

    package static let configuration = CommandConfiguration(
        commandName: "ipvscope",
        abstract: "Know where every connection of a Linux Virtual Server went.",
        discussion: """
            Joins the packets on both sides of a director with the kernel's connection table and counters, and \
            judges whether the scheduler kept its promise.

            EXIT STATUS: 0 pass or done, 99 verdict fail, 98 verdict inconclusive, 64 usage, 65 bad input data, \
            69 something needed is unavailable, 77 not permitted.
            """,
        version: version,
        subcommands: [
            CollectCommand.self, RunCommand.self, ReplayCommand.self, VerifyCommand.self, ReportCommand.self,
            ObserveCommand.self,
            ConnectionsCommand.self, ServicesCommand.self, SnapshotCommand.self, MetricsCommand.self,
        ])

    package init() {}
}
