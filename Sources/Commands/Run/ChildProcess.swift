import Collector
import Foundation
import Glibc

/// The command that a run brackets.
enum ChildProcess {
    /// Runs a command to its end. Ctrl-C reaches it and not us, so that a run that is cut short is still judged.
    ///
    /// - Parameters:
    ///   - command: The program, found by `PATH`, and its arguments.
    ///   - outputToError: Whether its standard output goes to our standard error.
    /// - Returns: Its exit status; 128 more than the signal's number if a signal ended it.
    static func run(_ command: [String], outputToError: Bool) throws -> Int32 {
        guard let program = find(command[0]) else {
            throw CollectorError(
                code: .commandNotFound, description: "\(command[0]): command not found; check the name or give its path"
            )
        }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = Array(command.dropFirst())
        if outputToError { process.standardOutput = FileHandle.standardError }
        let sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { [process] in if process.isRunning { process.terminate() } }
            source.resume()
            return source
        }
        defer { for source in sources { source.cancel() } }
        do {
            try process.run()
        } catch {
            throw CollectorError(
                code: .commandNotFound, description: "\(program): cannot be run: \(error.localizedDescription)")
        }
        process.waitUntilExit()
        return process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus
    }

    /// The file that `PATH` means by `name`.
    private static func find(_ name: String) -> String? {
        if name.contains("/") { return FileManager.default.isExecutableFile(atPath: name) ? name : nil }
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        return path.split(separator: ":").map { "\($0)/\(name)" }.first {
            FileManager.default.isExecutableFile(atPath: $0)
        }
    }
}
