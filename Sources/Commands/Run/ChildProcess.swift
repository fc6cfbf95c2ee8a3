import Collector
import Foundation
import Glibc

/// The command that a run brackets.
struct ChildProcess {
    private let program: String
    private let arguments: [String]

    /// - Parameter command: The program, found by `PATH`, and its arguments.
    /// - Throws: `CollectorError` if there is no such program.
    init(_ command: [String]) throws(CollectorError) {
        guard let program = Self.find(command[0]) else {
            throw CollectorError(
                code: .commandNotFound,
                description: "\(command[0]): command not found; check the name or give its path")
        }
        self.program = program
        arguments = Array(command.dropFirst())
    }

    /// Runs the command to its end. Ctrl-C and SIGTERM end the command and not us, so that a run that is cut short is
    /// still judged.
    ///
    /// - Parameter outputToError: Whether its standard output goes to our standard error.
    /// - Returns: Its exit status; 128 more than the signal's number if a signal ended it.
    func run(outputToError: Bool) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        if outputToError { process.standardOutput = FileHandle.standardError }
        do {
            try Self.withoutBlockedSignals { try process.run() }
        } catch {
            throw CollectorError(
                code: .commandNotFound, description: "\(program): cannot be run: \(error.localizedDescription)")
        }
        // Only now: what we ignore before, the command would ignore as well.
        let sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { [process] in if process.isRunning { process.terminate() } }
            source.resume()
            return source
        }
        defer { for source in sources { source.cancel() } }
        process.waitUntilExit()
        return process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus
    }

    /// Runs `body` with no signal blocked. Threads of the runtime block them all, and a command would inherit that: a
    /// shell that never hears of its children's end waits for ever.
    ///
    /// The corresponding C function is `pthread_sigmask`.
    private static func withoutBlockedSignals(_ body: () throws -> Void) rethrows {
        var none = sigset_t()
        var previous = sigset_t()
        unsafe sigemptyset(&none)
        unsafe pthread_sigmask(SIG_SETMASK, &none, &previous)
        defer { unsafe pthread_sigmask(SIG_SETMASK, &previous, nil) }
        try body()
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
