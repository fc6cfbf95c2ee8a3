import FoundationEssentials
import Testing

/// Files captured from a real director, beside this one: a folder per kernel version and per ipvsadm version.
enum Fixture {
    static func path(_ name: String, file: StaticString = #filePath) -> String {
        "\(file)".split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
            + "/Fixtures/\(name)"
    }

    static func text(_ name: String) throws -> String {
        try String(contentsOfFile: path(name), encoding: .utf8)
    }

    /// The messages of a `.nlmsg` file, one per line: perhaps the number of a service, then attributes in hexadecimal.
    static func messages(_ name: String) throws -> [(service: Int, attributes: [UInt8])] {
        try text(name).split(separator: "\n").map { line in
            let fields = line.split(separator: " ")
            let digits = Array(try #require(fields.last))
            let bytes = try stride(from: 0, to: digits.count, by: 2).map {
                try #require(UInt8(String(digits[$0..<($0 + 2)]), radix: 16))
            }
            return (service: fields.count > 1 ? try #require(Int(fields[0])) : 0, attributes: bytes)
        }
    }
}

/// Writes `contents` to a file for as long as `body` runs.
func withFile(_ contents: some Sequence<UInt8>, _ body: (String) throws -> Void) throws {
    let path = FileManager.default.temporaryDirectory.path + "/ipvscope-test-\(UInt64.random(in: 0...UInt64.max))"
    try Data(contents).write(to: URL(filePath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    try body(path)
}
