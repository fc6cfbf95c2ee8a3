import IPVSModel
import Testing
import TraceStore

/// What the plain `sqlite3` tool shows of `ExampleRun`, checked by hand.
struct ViewTests {
    let folder: TemporaryFolder
    let path: String

    init() throws {
        folder = try TemporaryFolder()
        path = folder.path("example.sqlite")
        let store = try TraceStore.open(path: path)
        try ExampleRun.write(to: store)
        try store.close()
    }

    private func rows(_ sql: String) throws -> [String] { try SQLiteTool.run(sql, on: path) }

    @Test func `distribution gives assignments, shares and expectations by weight`() throws {
        // Four assignments; the weights 3, 1 and 0 make 3, 1 and 0 of them.
        #expect(
            try rows(
                """
                SELECT real_server, weight, assignments, expected, share, share_error, connections
                FROM distribution ORDER BY real_server IS NULL, real_server
                """) == [
                    "10.10.10.10:80|3|3|3.0|0.75|0.0|3",
                    "10.10.10.20:80|1|0|1.0|0.0|-0.25|1",
                    "10.10.10.30:80|0|0|0.0|0.0|0.0|0",
                    "-|-|1|-|0.25|-|1",
                ])
    }

    @Test func `distribution counts traffic where the kernel counts it, beside the kernel's numbers`() throws {
        // rs1: 6 + 6 + 7 packets in on the VIP side, 3 times 5 out on the DIP side.
        #expect(
            try rows(
                """
                SELECT virtual_service, real_server, packets_in, packets_out, bytes_in, bytes_out, kernel_conns,
                    kernel_packets_in, kernel_packets_out, kernel_bytes_in, kernel_bytes_out
                FROM distribution WHERE real_server < '10.10.10.30' ORDER BY real_server
                """) == [
                    "tcp/192.168.122.100:80|10.10.10.10:80|19|15|1900|1500|4|20|15|2000|1500",
                    "tcp/192.168.122.100:80|10.10.10.20:80|6|5|600|500|-|-|-|-|-",
                ])
    }

    @Test func `assignment_sequence puts each assignment beside the one before it`() throws {
        #expect(
            try rows(
                """
                SELECT number, time, client_address, client_port, real_server, previous_real_server,
                    seconds_since_previous, connection_id
                FROM assignment_sequence ORDER BY number
                """) == [
                    "1|2025-11-23T00:00:00.000000000Z|192.168.122.1|1001|10.10.10.10:80|-|-|1",
                    "2|2025-11-23T00:00:00.100000000Z|192.168.122.1|1002|10.10.10.10:80|10.10.10.10:80|0.1|2",
                    "3|2025-11-23T00:00:00.300000000Z|192.168.122.1|1001|10.10.10.10:80|10.10.10.10:80|0.2|4",
                    "4|2025-11-23T00:00:00.400000000Z|192.168.122.1|1004|-|10.10.10.10:80|0.1|5",
                ])
    }

    @Test func `connections gives names, addresses and latencies in seconds`() throws {
        #expect(
            try rows(
                """
                SELECT virtual_service, protocol, client_address, client_port, real_server, origin, outcome,
                    first_seen, duration, forwarding_delay_in, forwarding_delay_out, real_server_connect,
                    client_handshake, time_to_first_byte, state, entry_state, entry_expires
                FROM connections WHERE id IN (2, 5) ORDER BY id
                """) == [
                    "tcp/192.168.122.100:80|6|192.168.122.1|1002|10.10.10.10:80|assigned|reset_by_client"
                        + "|2025-11-23T00:00:00.100000000Z|0.045|2.0e-05|2.0e-05|0.0005|0.001|0.0384|TIME_WAIT"
                        + "|TIME_WAIT|119",
                    "tcp/192.168.122.100:80|6|192.168.122.1|1004|-|assigned|not_forwarded"
                        + "|2025-11-23T00:00:00.400000000Z|0.045|-|-|-|-|-|SYN_RECV|-|-",
                ])
    }

    @Test func `connections gives both sides' packets and bytes, whether equal or not`() throws {
        #expect(
            try rows(
                """
                SELECT id, vip_in_packets, vip_out_packets, vip_in_bytes, vip_out_bytes, dip_in_packets,
                    dip_out_packets, dip_in_bytes, dip_out_bytes, vip_in_repeated, vip_out_repeated,
                    dip_in_repeated, dip_out_repeated
                FROM connections WHERE id >= 3 ORDER BY id
                """) == [
                    "3|6|5|600|500|6|5|600|500|0|0|0|0", "4|7|5|700|500|6|5|600|500|1|0|0|0",
                    "5|3|0|300|0|0|0|0|0|2|0|0|0",
                ])
    }

    @Test func `samples, events and causes are stored as given`() throws {
        #expect(
            try rows("SELECT * FROM sample_virtual_service")
                == ["1|1|\(ExampleRun.time(1_000).rawValue)|4|28|20|2800|2000|0.75"])
        #expect(
            try rows(
                """
                SELECT time_ns, weight, active, inactive, conns, assignments, share, traced_active, traced_inactive
                FROM sample_real_server
                """) == ["\(ExampleRun.time(1_000).rawValue)|3|1|2|3|3|0.75|1|3"])
        #expect(
            try rows("SELECT kind, virtual_service_id, port, connection_id, detail FROM event ORDER BY id")
                == ["configuration_changed|-|-|-|weight 1 → 3", "port_reused|1|80|4|"])
        #expect(
            try rows("SELECT of_rows, cause, count FROM run_cause")
                == ["0|port_reuse|1", "0|retransmission|3", "1|began_before_capture|1", "1|template|2"])
        #expect(
            try rows("SELECT virtual_service_id, value, json FROM verdict ORDER BY 1")
                == ["-|fail|\(ExampleRun.verdictJSON)", "1|pass|{}"])
    }

    @Test func `every reference points at a row`() throws {
        #expect(try rows("PRAGMA foreign_key_check") == [])
        #expect(try rows("PRAGMA integrity_check") == ["ok"])
    }
}
