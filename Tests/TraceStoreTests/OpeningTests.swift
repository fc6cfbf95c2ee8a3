import Balance
import Foundation
import Testing
import TraceStore

struct OpeningTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private enum Access: CaseIterable {
        case writing
        case reading

        func open(_ path: String) throws -> TraceStore {
            switch self {
            case .writing: try TraceStore.open(path: path)
            case .reading: try TraceStore.openReadOnly(path: path)
            }
        }
    }

    private func error(_ body: () throws -> Void) throws -> StoreError {
        try #require(#expect(throws: StoreError.self) { try body() })
    }

    @Test func `a new database is made, marked as ours, and left as one file when closed`() throws {
        let path = folder.path("new.sqlite")
        let store = try TraceStore.open(path: path)
        #expect(try store.nextConnectionID() == 1)
        try store.close()
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["new.sqlite"])
        #expect(
            try SQLiteTool.run("PRAGMA application_id; PRAGMA user_version; PRAGMA journal_mode", on: path)
                == ["\(0x4950_5653)", "\(Migration.latest)", "wal"])
    }

    @Test func `a database opened again keeps its rows`() throws {
        let path = folder.path("again.sqlite")
        let first = try TraceStore.open(path: path)
        let run = try first.beginRun(name: "ab", started: .midnight)
        try first.write([.http(41, at: .midnight, client: .rs1, to: .rs2)], run: run)
        try first.close()
        let second = try TraceStore.open(path: path)
        #expect(try second.nextConnectionID() == 42)
        #expect(try second.resolveRun("last") == run)
    }

    @Test func `an empty file becomes a database when opened for writing, and is refused for reading`() throws {
        let path = folder.path("empty.sqlite")
        try Data().write(to: URL(filePath: path))
        let refusal = try error { _ = try TraceStore.openReadOnly(path: path) }
        #expect(refusal.code == .notADatabase)
        let store = try TraceStore.open(path: path)
        #expect(try store.runs().isEmpty)
    }

    @Test func `a missing file is refused for reading and not made`() throws {
        let path = folder.path("missing.sqlite")
        let refusal = try error { _ = try TraceStore.openReadOnly(path: path) }
        #expect(refusal.code == .missing)
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func `a folder is refused, for writing and for reading`() throws {
        for access in Access.allCases {
            let refusal = try error { _ = try access.open(folder.url.path) }
            #expect(refusal.code == .cannotOpen)
            #expect(refusal.detail.hasPrefix("is a folder"))
        }
    }

    @Test func `a folder that does not exist is refused`() throws {
        let path = folder.path("nowhere/new.sqlite")
        let refusal = try error { _ = try TraceStore.open(path: path) }
        #expect(refusal.code == .cannotOpen)
        #expect(refusal.resultCode & 0xff == 14)
    }

    /// Shorter than a header, longer than a page, and one that begins like a database.
    @Test(arguments: [("short", 1), ("a line of a log file. ", 1_000), ("SQLite format 3\u{0}something else", 300)])
    func `a file that is not a database is refused and left as it was`(text: String, times: Int) throws {
        let path = folder.path("other.txt")
        let content = Data(String(repeating: text, count: times).utf8)
        try content.write(to: URL(filePath: path))
        for access in Access.allCases {
            let refusal = try error { _ = try access.open(path) }
            #expect(refusal.code == .notADatabase)
            #expect(refusal.path == path)
            #expect(!refusal.description.contains("\n"))
        }
        #expect(try Data(contentsOf: URL(filePath: path)) == content)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["other.txt"])
    }

    @Test(arguments: [
        "CREATE TABLE contact (name TEXT)", "PRAGMA application_id = 252006675", "PRAGMA user_version = 1",
    ])
    func `another program's database is refused and left as it was`(sql: String) throws {
        let path = folder.path("contacts.sqlite")
        try SQLiteTool.run(sql, on: path)
        let before = try Data(contentsOf: URL(filePath: path))
        for access in Access.allCases {
            let refusal = try error { _ = try access.open(path) }
            #expect(refusal.code == .foreignDatabase)
        }
        #expect(try Data(contentsOf: URL(filePath: path)) == before)
    }

    @Test func `a newer schema is refused by its number, for writing and for reading`() throws {
        let path = folder.path("newer.sqlite")
        try TraceStore.open(path: path).close()
        try SQLiteTool.run("PRAGMA user_version = 7", on: path)
        for access in Access.allCases {
            let refusal = try error { _ = try access.open(path) }
            #expect(refusal.code == .newerSchema)
            #expect(refusal.description.contains("schema version 7"))
            #expect(refusal.description.contains(path))
        }
    }

    @Test func `a schema too old to read asks to be opened for writing`() throws {
        let path = folder.path("older.sqlite")
        try SQLiteTool.run(
            "PRAGMA application_id = \(Migration.applicationID); CREATE TABLE something (id INTEGER)", on: path)
        #expect(try error { _ = try TraceStore.openReadOnly(path: path) }.code == .olderSchema)
        let store = try TraceStore.open(path: path)
        #expect(try store.runs().isEmpty)
    }

    @Test func `a second writer is refused until the first has closed`() throws {
        let path = folder.path("shared.sqlite")
        let first = try TraceStore.open(path: path)
        #expect(try error { _ = try TraceStore.open(path: path) }.code == .writerPresent)
        try first.close()
        let second = try TraceStore.open(path: path)
        #expect(second.isWritable)
    }

    @Test func `a run left unfinished is interrupted once another writer opens the database`() throws {
        let path = folder.path("killed.sqlite")
        let first = try TraceStore.open(path: path)
        let finished = try first.beginRun(name: "first", started: .midnight)
        try first.finish(run: finished, RunSummary(ended: .midnight))
        _ = try first.beginRun(name: "second", started: .midnight)
        #expect(try first.runs().map(\.state) == [.finished, .running])
        try first.close()
        let second = try TraceStore.open(path: path)
        #expect(try second.runs().map(\.state) == [.finished, .interrupted])
        #expect(try second.runs()[1].description.ended == nil)
    }

    @Test func `writing to a store opened for reading is refused`() throws {
        let path = folder.path("read.sqlite")
        try TraceStore.open(path: path).close()
        let store = try TraceStore.openReadOnly(path: path)
        #expect(try error { _ = try store.beginRun(name: "ab", started: .midnight) }.code == .readOnly)
    }
}
