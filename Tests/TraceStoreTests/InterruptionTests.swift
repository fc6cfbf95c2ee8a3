import Balance
import ConnectionTracing
import Foundation
import IPVSModel
import Testing
import TraceStore

/// A writer that went away, and files that are damaged.
struct InterruptionTests {
    private let folder: TemporaryFolder
    private let path: String

    init() throws {
        folder = try TemporaryFolder()
        path = folder.path("store.sqlite")
    }

    @Test func `an interrupted run has a gap from its last row to the next start, and an event that says so`() throws {
        let first = try TraceStore.open(path: path)
        let run = try first.beginRun(name: "collect", started: .midnight)
        try first.write(
            [.http(1, at: ExampleRun.time(700), client: ExampleRun.client, to: .rs1)], run: run)
        try first.write(
            StoreBatch(events: [TraceEvent(time: ExampleRun.time(400), kind: .captureLoss)]), run: run)
        try first.close()

        let second = try TraceStore.open(path: path, now: ExampleRun.time(5_000))
        #expect(
            second.findings.interruptions.map { [$0.run, $0.lastRow.rawValue] }
                == [[run, ExampleRun.time(700).rawValue]])
        #expect(
            try SQLiteTool.run("SELECT run_id, from_ns, to_ns, what, count, cause FROM gap", on: path)
                == [
                    "\(run)|\(ExampleRun.time(700).rawValue)|\(ExampleRun.time(5_000).rawValue)|everything|-|interrupted"
                ])
        #expect(
            try SQLiteTool.run("SELECT run_id, detail FROM event WHERE kind = 'interrupted'", on: path)
                == [
                    "\(run)|run \(run) (collect) was interrupted: its collector went away, and nothing is known of it "
                        + "after \(UTCTime(ExampleRun.time(700)))"
                ])
        try second.close()

        // Once is enough.
        let third = try TraceStore.open(path: path)
        #expect(third.findings.interruptions == [])
        #expect(try SQLiteTool.run("SELECT count(*) FROM gap", on: path) == ["1"])
    }

    /// Overwrites a part of the file with noise.
    private func damage(from offset: Int, count: Int) throws {
        let file = try #require(FileHandle(forUpdatingAtPath: path))
        try file.seek(toOffset: UInt64(offset))
        try file.write(contentsOf: Data((0..<count).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ 13) }))
        try file.close()
    }

    private func files() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.url.path).sorted()
    }

    @Test func `a damaged database is refused unless it may be set aside, and then kept under another name`() throws {
        let store = try TraceStore.open(path: path)
        try ExampleRun.write(to: store)
        try store.close()
        // The first page is the schema; its first hundred bytes say whose it is.
        try damage(from: 100, count: 3_996)
        let before = try Data(contentsOf: URL(filePath: path))
        let refusal = try #require(#expect(throws: StoreError.self) { _ = try TraceStore.open(path: path) })
        #expect(refusal.code == .corrupt)
        #expect(try Data(contentsOf: URL(filePath: path)) == before)

        let anew = try TraceStore.open(path: path, settingAsideDamaged: true, now: .midnight)
        let name = try #require(anew.findings.setAside)
        #expect(name == path + ".damaged-20251123T000000Z")
        #expect(try Data(contentsOf: URL(filePath: name)) == before)
        #expect(try anew.runs().isEmpty)
        try anew.close()
        #expect(try files() == ["store.sqlite", "store.sqlite.damaged-20251123T000000Z"])
    }

    @Test func `damage behind the schema is found when the database is opened`() throws {
        let store = try TraceStore.open(path: path)
        try ExampleRun.write(to: store)
        try store.close()
        let size = try Data(contentsOf: URL(filePath: path)).count
        try damage(from: 8_192, count: size - 8_192)
        let anew = try TraceStore.open(path: path, settingAsideDamaged: true)
        #expect(anew.findings.setAside != nil)
        #expect(try anew.runs().isEmpty)
    }

    @Test func `a file that is not ours is never set aside`() throws {
        try Data(String(repeating: "not a database. ", count: 300).utf8).write(to: URL(filePath: path))
        #expect(throws: StoreError.self) { _ = try TraceStore.open(path: path, settingAsideDamaged: true) }
        #expect(try files() == ["store.sqlite"])
    }

    @Test func `a database found damaged while it is written is set aside, and the run goes on in a new one`() throws {
        let store = try TraceStore.open(path: path)
        let run = try store.beginRun(name: "collect", labels: ["a": "b"], started: .midnight)
        try store.write(ExampleRun.configuration, of: .web, run: run)
        let name = try store.beginAnew(now: ExampleRun.time(1_000))
        try store.write([.http(9, at: ExampleRun.time(2_000), client: ExampleRun.client, to: .rs1)], run: run)
        let evidence = try store.evidence(run: run)
        #expect(evidence.run.labels == ["a": "b"])
        #expect(evidence.virtualServices.map(\.configurations) == [[ExampleRun.configuration]])
        #expect(evidence.virtualServices.first?.assignments.count == 1)
        #expect(
            try SQLiteTool.run("SELECT run_id, from_ns, to_ns, what, cause FROM gap", on: path)
                == [
                    "\(run)|\(Timestamp.midnight.rawValue)|\(ExampleRun.time(1_000).rawValue)|everything|damaged"
                ])
        try store.finish(run: run, RunSummary(ended: ExampleRun.time(3_000)))
        try store.close()
        #expect(FileManager.default.fileExists(atPath: name))
    }
}
