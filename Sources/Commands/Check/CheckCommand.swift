import ArgumentParser
import Foundation
package import TraceStore

/// `ipvscope check`.
struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check what ipvscope reads.",
        subcommands: [CheckDatabaseCommand.self])
}

/// `ipvscope check database`.
struct CheckDatabaseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "database",
        abstract: "Look for damage in a database, and for what ipvscope does not write.",
        discussion: """
            Checks SQLite's own structures, references, the schema against this version's, and what holds for every row. \
            Each finding says what to do. Exit status 0 if there is none, else 65. The file is only read.
            """)

    @Argument(help: ArgumentHelp("The database (default: where ipvscope keeps it).", valueName: "file"))
    var file: String?

    func run() async throws {
        let check = try await Failure.reporting {
            try await Blocking.run { try DatabaseCheck.run(path: path) }
        }
        Output.print(CheckText.render(check, path: path))
        if !check.findings.isEmpty { throw ExitCode(Failure.dataError) }
    }

    private var path: String {
        var option = DatabaseOption()
        option.database = file
        return option.path(environment: ProcessInfo.processInfo.environment)
    }
}

/// What `check database` prints.
package enum CheckText {
    package static func render(_ check: DatabaseCheck, path: String) -> String {
        if check.findings.isEmpty {
            return "\(path): sound; schema version \(check.schemaVersion), \(check.runs) runs, "
                + "\(check.connections) connections\n"
        }
        let count = check.findings.count
        return "\(path): \(count) \(count == 1 ? "finding" : "findings")\n"
            + check.findings.map { "\n  \($0.problem)\n    \($0.remedy)\n" }.joined()
    }
}
