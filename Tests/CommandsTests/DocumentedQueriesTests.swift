import ArgumentParser
import Commands
import Foundation
import Testing
import TraceStore

/// Every call of `ipvscope query` in the documentation is one that works.
struct DocumentedQueriesTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..")

    /// The calls' arguments, in the order of the page.
    private static func calls(in page: String) throws -> [[String]] {
        let text = try String(contentsOf: root.appending(path: page), encoding: .utf8)
        return text.split(separator: "\n").compactMap { line in
            let call = line.hasPrefix("$ ") ? line.dropFirst(2) : line
            guard call.hasPrefix("ipvscope query ") || call.hasPrefix(".build/release/ipvscope query ") else {
                return nil
            }
            let words = call.split(separator: "#")[0].split(separator: "\"", omittingEmptySubsequences: false)
            // Every second part is what stands in quotes.
            return words.enumerated().flatMap { place, part in
                place.isMultiple(of: 2) ? part.split(separator: " ").map(String.init) : [String(part)]
            }.dropFirst().map(\.self)
        }
    }

    @Test(arguments: ["README.md", "docs/database.md", "docs/tutorial-ab.md"])
    func `a call in the documentation is understood, and its SQL is answered`(page: String) throws {
        let calls = try Self.calls(in: page)
        #expect(!calls.isEmpty)
        let folder = FileManager.default.temporaryDirectory.appending(path: "Documented-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let copy = folder.appending(path: "v1.sqlite")
        try FileManager.default.copyItem(
            at: Self.root.appending(path: "Tests/TraceStoreTests/Fixtures/v1.sqlite"), to: copy)
        let store = try TraceStore.openReadOnly(path: copy.path)
        for arguments in calls {
            _ = try RootCommand.parseAsRoot(arguments)
            guard let sql = arguments.first(where: { $0.hasPrefix("SELECT ") })
            else {
                continue
            }
            var count = 0
            try store.query(sql, with: ["run": .integer(1)]) { _ in count += 1 }
            #expect(count > 0, "\(sql)")
        }
    }
}
