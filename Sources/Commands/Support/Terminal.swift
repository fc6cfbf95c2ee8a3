import Foundation
import Glibc

/// Standard error, where everything goes that is not the result.
enum Terminal {
    static var isInteractive: Bool { isatty(STDERR_FILENO) == 1 }
    static var outputIsInteractive: Bool { isatty(STDOUT_FILENO) == 1 }

    static func write(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }

    /// Says something to a person who watches, and nothing to a pipe.
    static func tell(_ text: String) {
        if isInteractive { write(text + "\n") }
    }

    /// Replaces the line that the last call wrote.
    static func update(_ line: String) {
        if isInteractive { write("\r\u{1B}[K" + line) }
    }
}

/// Standard output: the result, and nothing else.
enum Output {
    static func print(_ text: String) {
        try? FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
    }

    /// A value as JSON with sorted keys and a line end.
    static func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
    }
}
