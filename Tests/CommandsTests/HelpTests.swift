import ArgumentParser
import Balance
import Commands
import Foundation
import Testing

/// What `--help` prints, and what the documentation says of the same names.
@Suite struct HelpTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()

    private func help(_ command: String) throws -> String {
        let type = try #require(
            RootCommand.configuration.subcommands.first { $0.configuration.commandName == command })
        return RootCommand.helpMessage(for: type, columns: 80) + "\n"
    }

    @Test(arguments: ["run", "verify", "replay", "report"])
    func `the help of a command that judges is as its golden file has it`(command: String) throws {
        let golden = Self.folder.appending(path: "Golden/help-\(command).txt")
        #expect(try help(command) == String(contentsOf: golden, encoding: .utf8))
    }

    @Test func `the documentation has the table of measures`() throws {
        let page = Self.folder.appending(path: "../../docs/verdict.md")
        #expect(try String(contentsOf: page, encoding: .utf8).contains("\n\n" + Threshold.markdownTable + "\n"))
    }

    @Test func `the documentation names every statistic, kind of traffic and comparison`() throws {
        let page = Self.folder.appending(path: "../../docs/verdict.md")
        let text = try String(contentsOf: page, encoding: .utf8)
        let names =
            ThresholdStatistic.allCases.map(\.rawValue) + TrafficKind.allCases.map(\.rawValue)
            + ThresholdComparison.allCases.map(\.rawValue)
        for name in names { #expect(text.contains("`\(name)`"), "\(name)") }
    }
}
