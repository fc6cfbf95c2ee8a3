import Balance
import ConnectionTracing
import Foundation
import Testing
import TraceStore

/// The store beside another process that uses the same file: the plain `sqlite3` tool.
struct TwoProcessTests {
    let folder: TemporaryFolder
    let path: String

    init() throws {
        folder = try TemporaryFolder()
        path = folder.path("shared.sqlite")
    }

    @Test func `another process reads while this one has the database open for writing`() throws {
        let store = try TraceStore.open(path: path)
        let run = try store.beginRun(name: "ab", started: .midnight)
        for id in 1...20 as ClosedRange<Int64> {
            try store.write([.http(id, at: .midnight, client: ExampleRun.client, to: .rs1)], run: run)
            #expect(try SQLiteTool.run("SELECT count(*) FROM connections", on: path) == ["\(id)"])
        }
        #expect(FileManager.default.fileExists(atPath: path + "-wal"))
    }

    @Test func `this process reads what is committed while another is in the middle of writing`() throws {
        let store = try TraceStore.open(path: path)
        try ExampleRun.write(to: store)
        try store.close()

        let writer = try OtherProcess(path)
        try writer.tell("BEGIN IMMEDIATE; DELETE FROM connection;")
        let reader = try TraceStore.openReadOnly(path: path)
        let run = try reader.resolveRun("last")
        #expect(try reader.evidence(run: run).virtualServices[0].assignments.count == 4)
        try writer.tell("COMMIT;")
        #expect(try reader.evidence(run: run).virtualServices[0].assignments.count == 0)
    }

    @Test func `a log left behind by a killed writer is read`() throws {
        let store = try TraceStore.open(path: path)
        try ExampleRun.write(to: store)
        // What is on disk while the writer lives is what is there once it was killed.
        let copy = folder.path("killed.sqlite")
        for suffix in ["", "-wal"] {
            try FileManager.default.copyItem(atPath: path + suffix, toPath: copy + suffix)
        }
        try store.close()
        let reader = try TraceStore.openReadOnly(path: copy)
        #expect(try reader.evidence(run: reader.resolveRun("last")).virtualServices[0].assignments.count == 4)
    }

    @Test func `a lock held by another process is reported, and writing goes on once it is gone`() throws {
        let store = try TraceStore.open(path: path)
        let run = try store.beginRun(name: "ab", started: .midnight)
        let record = ConnectionRecord.http(1, at: .midnight, client: ExampleRun.client, to: .rs1)
        let other = try OtherProcess(path)
        try other.tell("BEGIN IMMEDIATE;")
        let failure = try #require(#expect(throws: StoreError.self) { try store.write([record], run: run) })
        #expect(failure.code == .locked)
        try other.tell("COMMIT;")
        try store.write([record], run: run)
        #expect(try store.nextConnectionID() == 2)
    }
}

/// A `sqlite3` process that does what it is told, and ends with this value.
private final class OtherProcess {
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()

    init(_ path: String) throws {
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["sqlite3", "-batch", path]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
    }

    deinit {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    /// Returns when `sql` is done.
    func tell(_ sql: String) throws {
        try input.fileHandleForWriting.write(contentsOf: Data((sql + "\n.print done\n").utf8))
        #expect(String(decoding: output.fileHandleForReading.availableData, as: UTF8.self) == "done\n")
    }
}
