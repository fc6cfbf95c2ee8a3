import Balance
import ConnectionTracing
import Foundation
import IPVSModel
import Testing
import TraceStore

struct WritingTests {
    let folder: TemporaryFolder
    let path: String
    let store: TraceStore

    init() throws {
        folder = try TemporaryFolder()
        path = folder.path("writing.sqlite")
        store = try TraceStore.open(path: path)
    }

    @Test func `a connection written again replaces its row`() throws {
        let run = try store.beginRun(name: "ab", started: .midnight)
        let client = ExampleRun.client
        let open = ConnectionRecord.http(1, at: .midnight, client: client, to: nil, outcome: .open)
        try store.write([open, .http(2, at: .midnight, client: client, to: .rs2)], run: run)
        try store.write([.http(1, at: .midnight, client: client, to: .rs1, outcome: .closed)], run: run)
        #expect(
            try SQLiteTool.run("SELECT id, real_server, outcome FROM connections ORDER BY id", on: path)
                == ["1|10.10.10.10:80|closed", "2|10.10.10.20:80|closed"])
        #expect(try store.nextConnectionID() == 3)
    }

    @Test func `an address is stored once`() throws {
        let run = try store.beginRun(name: "ab", started: .midnight)
        for id in 1...5 as ClosedRange<Int64> {
            try store.write([.http(id, at: .midnight, client: ExampleRun.client, to: .rs1)], run: run)
        }
        #expect(
            try SQLiteTool.run("SELECT text FROM address ORDER BY text", on: path)
                == ["10.10.10.10", "192.168.122.1", "192.168.122.100"])
        #expect(try SQLiteTool.run("SELECT count(*) FROM real_server", on: path) == ["1"])
    }

    @Test func `IPv6, firewall marks, other protocols and their states are kept`() throws {
        let run = try store.beginRun(name: "mark", started: .midnight)
        var record = ConnectionRecord.http(
            1, at: .midnight, client: Endpoint("[2001:db8::1]:65535")!, to: .rs6, of: .marked)
        record.transportProtocol = .udp
        record.state = .sctpCookieEchoed
        record.entry?.state = .sctpRejected
        try store.write([record], run: run)
        #expect(
            try SQLiteTool.run(
                """
                SELECT virtual_service, protocol, client_address, client_port, real_server, state, entry_state
                FROM connections
                """, on: path) == ["fwmark/7/ipv6|17|2001:db8::1|65535|[fd00::10]:8080|C-ECHOED|REJECTED"])
    }

    @Test func `where the VIP side saw nothing the DIP side tells the times`() throws {
        let run = try store.beginRun(name: "dip", started: .midnight)
        var record = ConnectionRecord.http(1, at: .midnight, client: ExampleRun.client, to: .rs1)
        record.vip = SideRecord()
        try store.write([record], run: run)
        #expect(
            try SQLiteTool.run(
                """
                SELECT real_server_connect, forwarding_delay_in, forwarding_delay_out, client_handshake,
                    time_to_first_byte, duration, vip_in_packets, dip_in_packets
                FROM connections
                """, on: path) == ["0.0005|-|-|-|0.03836|0.045|0|6"])
    }

    @Test func `a batch that fails leaves nothing behind, and the next one succeeds`() throws {
        let run = try store.beginRun(name: "ab", started: .midnight)
        try SQLiteTool.run(
            "CREATE TRIGGER refuse BEFORE INSERT ON event BEGIN SELECT raise(ABORT, 'refused'); END", on: path)
        let batch = StoreBatch(
            connections: [.http(1, at: .midnight, client: ExampleRun.client, to: .rs1)],
            events: [TraceEvent(time: .midnight, kind: .captureLoss)])
        let failure = try #require(#expect(throws: StoreError.self) { try store.write(batch, run: run) })
        #expect(failure.code == .other)
        #expect(failure.description.contains("refused"))
        #expect(try SQLiteTool.run("SELECT count(*) FROM connection", on: path) == ["0"])
        try SQLiteTool.run("DROP TRIGGER refuse", on: path)
        try store.write(batch, run: run)
        #expect(
            try SQLiteTool.run("SELECT client_address, real_server FROM connections", on: path)
                == ["192.168.122.1|10.10.10.10:80"])
        #expect(try SQLiteTool.run("PRAGMA foreign_key_check", on: path) == [])
    }
}
