import Foundation
import Testing
import TraceStore

struct DatabaseCheckTests {
    private let folder: TemporaryFolder
    private let path: String

    init() throws {
        folder = try TemporaryFolder()
        path = folder.path("check.sqlite")
        let store = try TraceStore.open(path: path)
        try QuestionsRun.write(to: store)
        try store.close()
    }

    @Test func `a database as ipvscope writes it is sound`() throws {
        let check = try DatabaseCheck.run(path: path)
        #expect(check.findings == [])
        #expect((check.schemaVersion, check.runs, check.connections) == (Migration.latest, 2, 16))
    }

    /// What is done to the database, and a part of what is found.
    @Test(arguments: [
        ("UPDATE run SET ended_ns = NULL WHERE id = 1", "1 row of run are finished without an end (the first: 1)"),
        ("UPDATE run SET state = 'running'", "2 rows of run have an end without being finished"),
        ("UPDATE run SET ended_ns = started_ns - 1", "ended before they began"),
        ("UPDATE run SET labels = '[]' WHERE id = 1", "labels that are no JSON object"),
        ("UPDATE run SET command = 'ab'", "no JSON array"),
        (
            "UPDATE connection SET last = -1000000 WHERE id = 13",
            "1 row of connection end before they begin (the first: 13)"
        ),
        ("UPDATE connection SET vip_in_bytes = -1 WHERE id = 14", "count packets or bytes below zero"),
        ("UPDATE connection SET client = client + (1 << 40) WHERE id = 12", "whose address is not there"),
        ("UPDATE connection SET outcome = 99 WHERE id = 12", "an origin, outcome or state without a name"),
        ("UPDATE connection SET unusual = '{' WHERE id = 12", "no JSON"),
        ("UPDATE connection SET real_server_id = 99 WHERE id = 12", "rows of connection refer to rows of real_server"),
        ("UPDATE connection SET real_server_id = 99 WHERE id = 12", "do not add up to the connections of their run"),
        ("UPDATE connection_outcome SET name = 'fine' WHERE id = 0", "not as this version knows them"),
        ("UPDATE verdict SET value = 'pass' WHERE id = 3", "the JSON of another verdict"),
        ("UPDATE verdict SET value = 'perhaps'", "none of pass, fail and inconclusive"),
        ("UPDATE address SET text = '010.10.10.10' WHERE text = '10.10.10.10'", "address.text of row"),
        (
            "UPDATE real_server SET port = 81 WHERE endpoint = '10.10.10.10:80'",
            "another address or port than endpoint says"
        ),
        ("UPDATE virtual_service SET identity = 'web'", "virtual_service.identity of row 1 is \"web\""),
        ("UPDATE configuration SET seen_ns = not_before_ns - 1 WHERE id = 1", "seen before they can have been"),
        ("UPDATE configuration_real_server SET weight = -1", "a weight below zero"),
        ("UPDATE sample_real_server SET share = 1.5", "a share that is not from 0 to 1"),
        ("UPDATE sample_real_server SET active = -1", "count below zero"),
        ("UPDATE run_real_server SET captured_conns = -1", "count below zero"),
        ("UPDATE run_level SET level = 'half'", "neither full nor handshake"),
        ("DROP VIEW distribution_per_second", "the view distribution_per_second is missing"),
        (
            "DROP INDEX event_by_run; CREATE INDEX event_by_run ON event (kind)",
            "the index event_by_run is not as this version"
        ),
        ("CREATE TABLE notes (text)", "the table notes is none of ipvscope's"),
    ])
    func `what ipvscope does not write is found`(sql: String, problem: String) throws {
        try SQLiteTool.run(sql, on: path)
        let findings = try DatabaseCheck.run(path: path).findings
        #expect(findings.contains { $0.problem.contains(problem) }, "\(findings)")
        for finding in findings { #expect(!finding.remedy.isEmpty && !finding.problem.contains("\n")) }
    }

    @Test func `a damaged page is found, and the rows are not looked at`() throws {
        // Every page but the first, which says what kind of file it is: some hold rows, others indexes.
        let size = try #require(try Int(SQLiteTool.run("PRAGMA page_size", on: path)[0]))
        let root = try #require(
            try Int(SQLiteTool.run("SELECT rootpage FROM sqlite_schema WHERE name = 'connection'", on: path)[0]))
        var bytes = try Data(contentsOf: URL(filePath: path))
        bytes.replaceSubrange(((root - 1) * size)..<(root * size), with: Data(repeating: 0x5A, count: size))
        try bytes.write(to: URL(filePath: path))
        let findings = try DatabaseCheck.run(path: path).findings
        #expect(findings.isEmpty == false)
        for finding in findings {
            #expect(finding.problem.hasPrefix("damaged: "))
            #expect(finding.remedy.contains(".recover"))
        }
    }

    @Test func `a file cut short is refused as damaged`() throws {
        let bytes = try Data(contentsOf: URL(filePath: path))
        try bytes.prefix(bytes.count / 2).write(to: URL(filePath: path))
        do {
            #expect(try DatabaseCheck.run(path: path).findings.isEmpty == false)
        } catch let error as StoreError {
            #expect(error.code == .corrupt)
        }
    }

    @Test func `what is no database of ours is refused by name`() throws {
        let other = folder.path("other.sqlite")
        try SQLiteTool.run("CREATE TABLE contact (name TEXT)", on: other)
        #expect(throws: StoreError.self) { try DatabaseCheck.run(path: other) }
        #expect(throws: StoreError.self) { try DatabaseCheck.run(path: folder.path("missing.sqlite")) }
    }
}
