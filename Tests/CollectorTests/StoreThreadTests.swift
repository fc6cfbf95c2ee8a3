import Collector
import ConnectionTracing
import Foundation
import IPVSKernel
import IPVSModel
import Synchronization
import Testing
import TraceStore

/// The writer's thread beside what may happen to its database. Disks that fail are in `Tests/store/faults`.
final class StoreThreadTests {
    private let path: String
    private let folder: URL
    private let store: TraceStore
    private let run: Int64
    private let lines = Lines()

    private final class Lines: Sendable {
        let all = Mutex<[String]>([])
    }

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "StoreThreadTests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        path = folder.appending(path: "store.sqlite").path
        store = try TraceStore.open(path: path)
        run = try store.beginRun(name: "collect", started: .now())
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private func event(_ detail: String) -> StoreBatch {
        StoreBatch(events: [TraceEvent(time: .now(), kind: .refused, detail: detail)])
    }

    private func writer(_ options: StoreThread.Options = StoreThread.Options()) -> StoreThread {
        let writer = StoreThread(store: store, run: run, options: options) { [lines] line in
            lines.all.withLock { $0.append(line) }
        }
        writer.start()
        return writer
    }

    /// - Returns: Whether it came about within half a minute, which nothing here should need.
    private func wait(until condition: () -> Bool) -> Bool {
        for _ in 0..<3_000 {
            if condition() { return true }
            Thread.sleep(forTimeInterval: 0.01)
        }
        return false
    }

    private func sqlite(_ sql: String) throws -> [String] {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["sqlite3", "-batch", "-bail", path, sql]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return output.split(separator: "\n").map(String.init)
    }

    private func refuseEvents() throws {
        _ = try sqlite("CREATE TRIGGER refuse BEFORE INSERT ON event BEGIN SELECT raise(ABORT, 'refused'); END")
    }

    @Test func `rows that had to be given up are a gap as soon as the database takes rows again`() throws {
        try refuseEvents()
        var options = StoreThread.Options()
        options.queue.rows = 10
        let writer = writer(options)
        for number in 1...25 { writer.offer(event("\(number)")) }
        #expect(wait { writer.status.problem?.contains("refused") == true })
        #expect(writer.status.dropped == [.event: 15])
        #expect(writer.status.queuedRows == 10)
        #expect(writer.status.failedWrites > 0)
        #expect(try sqlite("DROP TRIGGER refuse") == [])
        #expect(wait { writer.status.problem == nil && writer.status.queuedRows == 0 })
        writer.stop()
        #expect(try sqlite("SELECT what, count, cause FROM gap") == ["event|15|queue_full"])
        // The newest, unless one was being written just then.
        let kept = try sqlite("SELECT detail FROM event WHERE kind = 'refused' ORDER BY CAST(detail AS INTEGER)")
        #expect(kept.count == 10)
        #expect(kept.suffix(7) == ["19", "20", "21", "22", "23", "24", "25"])
        #expect(
            try sqlite("SELECT detail FROM event WHERE kind = 'store_gap'") == ["15 rows (event) were not written"])
        let told = lines.all.withLock { $0 }
        #expect(told.count == 2)
        #expect(told.first?.hasSuffix("rows wait and are tried again") == true)
        #expect(told.last?.hasSuffix("s; 15 rows were lost") == true)
    }

    @Test func `a database that turns out to be damaged is set aside, and writing goes on`() throws {
        let writer = writer()
        // Enough that the tables have pages of their own.
        for number in 1...200 { writer.offer(event(String(repeating: "\(number) ", count: 100))) }
        #expect(wait { writer.status.queuedRows == 0 })
        // In a transaction, so that the writer does not rely on what it has in memory: a table is where nothing is.
        _ = try sqlite(
            """
            PRAGMA writable_schema = ON; UPDATE sqlite_schema SET rootpage = 99999999 WHERE name = 'event';
            PRAGMA schema_version = 999
            """)
        writer.offer(event("after"))
        #expect(wait { writer.status.damagedFiles == 1 && writer.status.queuedRows == 0 })
        writer.offer(event("last"))
        writer.stop()
        #expect(writer.status.problem == nil)
        #expect(try sqlite("PRAGMA integrity_check") == ["ok"])
        #expect(try sqlite("SELECT count(*) FROM event WHERE detail = 'last'") == ["1"])
        #expect(try sqlite("SELECT what, cause FROM gap") == ["everything|damaged"])
        #expect(try sqlite("SELECT count(*) FROM event WHERE kind = 'store_damaged'") == ["1"])
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).contains { $0.contains(".damaged-") })
    }

    @Test func `at the end what cannot be written is given up and counted, and the end comes`() throws {
        try refuseEvents()
        let writer = writer()
        writer.offer(event("never"))
        let gaps = writer.stop()
        #expect(writer.status.dropped == [.event: 1])
        #expect(gaps.map(\.what) == ["event"])
    }
}
