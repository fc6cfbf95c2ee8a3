import Foundation
import Testing

/// Prometheus' own judge of expositions and configurations, of Debian's package `prometheus`.
enum Promtool {
    /// Runs promtool and expects it to find nothing wrong. A machine without it fails the test.
    static func check(_ arguments: [String], standardInput file: URL? = nil) throws {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/promtool")
        process.arguments = arguments
        process.standardInput = try file.map { try FileHandle(forReadingFrom: $0) } ?? FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "promtool \(arguments.joined(separator: " ")): \(text)")
    }
}
