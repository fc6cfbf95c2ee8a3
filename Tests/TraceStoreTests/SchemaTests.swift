import Balance
import ConnectionTracing
import Foundation
import Testing
import TraceStore

struct SchemaTests {
    private static let tests = URL(filePath: #filePath).deletingLastPathComponent()
    private static let shipped: ClosedRange<Int32> = 1...1

    let folder: TemporaryFolder
    /// A new, empty database.
    let path: String

    init() throws {
        folder = try TemporaryFolder()
        path = folder.path("schema.sqlite")
        try TraceStore.open(path: path).close()
    }

    @Test func `migrations are numbered from 1 without gaps`() {
        #expect(Migration.all.map(\.version) == Array(1...Migration.latest))
    }

    @Test(arguments: shipped)
    func `a shipped migration is, byte for byte, what Schemas holds`(version: Int32) throws {
        let text = try String(contentsOf: Self.tests.appending(path: "Schemas/v\(version).sql"), encoding: .utf8)
        #expect(Migration.all[Int(version) - 1].sql == text)
    }

    @Test(arguments: shipped)
    func `a stored database of every shipped version opens with all its rows`(version: Int32) throws {
        let stored = folder.path("stored.sqlite")
        try FileManager.default.copyItem(
            at: Self.tests.appending(path: "Fixtures/v\(version).sqlite"), to: URL(filePath: stored))
        let store = try TraceStore.open(path: stored)
        let run = try store.resolveRun("last")
        let evidence = try store.evidence(run: run)
        #expect(evidence.run == ExampleRun.description(id: run))
        #expect(evidence.levels == ExampleRun.levels)
        #expect(evidence.virtualServices.map(\.identity) == [.web])
        #expect(evidence.virtualServices[0].assignments == ExampleRun.assignments)
        #expect(evidence.virtualServices[0].realServers == ExampleRun.realServers)
        #expect(evidence.virtualServices[0].configurations == [ExampleRun.configuration])
        #expect(try store.runs().map(\.verdict) == ["fail"])
        try store.close()
        let schema = "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name"
        #expect(try SQLiteTool.run(schema, on: stored) == SQLiteTool.run(schema, on: path))
    }

    @Test func `every table is strict`() throws {
        #expect(
            try SQLiteTool.run("SELECT name FROM pragma_table_list WHERE NOT strict AND type = 'table'", on: path)
                .filter { !$0.hasPrefix("sqlite_") } == [])
    }

    @Test func `every column of every table has a comment in the schema`() throws {
        let lines = try SQLiteTool.run("SELECT sql FROM sqlite_schema WHERE type = 'table'", on: path)
        let columns = lines.filter { $0.wholeMatch(of: /\ {4}[a-z_]+ (INTEGER|TEXT|REAL)\b.*/) != nil }
        #expect(columns.count > 100)
        #expect(columns.filter { !$0.contains("-- ") } == [])
    }

    @Test func `names of outcomes, origins and states in the database are the program's`() throws {
        #expect(
            try SQLiteTool.run("SELECT id, name FROM connection_outcome ORDER BY id", on: path)
                == ConnectionOutcome.allCases.map { "\($0.rawValue)|\($0.name)" })
        #expect(
            try SQLiteTool.run("SELECT id, is_assignment, is_scheduled FROM connection_origin ORDER BY id", on: path)
                == ConnectionOrigin.allCases.map {
                    "\($0.rawValue)|\($0.isAssignment ? 1 : 0)|\($0.isScheduled.map { $0 ? "1" : "0" } ?? "-")"
                })
    }
}
