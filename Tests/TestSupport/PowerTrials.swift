import Foundation

/// Simulated runs that tell how much a verdict can be trusted.
///
/// `make power` asks for a thousand of each kind and keeps what became of them; the ordinary tests make do with a few.
package enum PowerTrials {
    /// How many runs of each kind: `POWER_RUNS`, else a few.
    package static let runs = ProcessInfo.processInfo.environment["POWER_RUNS"].flatMap(Int.init) ?? 25

    /// Adds a row to the file `POWER_RESULTS`, if there is to be one: what was simulated, and how many runs came out how.
    ///
    /// - Parameter place: The row's place in the table.
    package static func keep(_ place: Int, _ what: String, _ outcomes: [String: Int]) throws {
        guard let folder = ProcessInfo.processInfo.environment["POWER_RESULTS"] else { return }
        let counts = ["pass", "fail", "inconclusive"].map { "\(outcomes[$0] ?? 0)" }
        let row = "| \(what) | \(outcomes.values.reduce(0, +)) | \(counts.joined(separator: " | ")) |\n"
        try row.write(
            to: URL(filePath: folder).appending(path: String(1000 + place)), atomically: true, encoding: .utf8)
    }
}
