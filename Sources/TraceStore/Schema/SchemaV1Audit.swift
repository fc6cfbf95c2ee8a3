extension Migration {
    /// The view of version 1 that holds our counts against the kernel's.
    static let v1Audit = """
        CREATE VIEW audit AS
            -- What was captured beside what the kernel counted over the run: one row each counter of a real server, and of
            -- the virtual service itself, whose counters also hold what real servers had that left.
            WITH
                rows AS (
                    SELECT * FROM run_real_server JOIN real_server ON real_server.id = real_server_id
                ),
                counters AS (
                    SELECT run_id, virtual_service_id, endpoint, position, 1 AS counter, captured_conns AS captured,
                        kernel_conns AS kernel, uncertain_conns AS uncertain FROM rows
                    UNION ALL SELECT run_id, virtual_service_id, endpoint, position, 2, captured_in_packets,
                        kernel_in_packets, uncertain_in_packets FROM rows
                    UNION ALL SELECT run_id, virtual_service_id, endpoint, position, 3, captured_out_packets,
                        kernel_out_packets, uncertain_out_packets FROM rows
                    UNION ALL SELECT run_id, virtual_service_id, endpoint, position, 4, captured_in_bytes,
                        kernel_in_bytes, uncertain_in_bytes FROM rows
                    UNION ALL SELECT run_id, virtual_service_id, endpoint, position, 5, captured_out_bytes,
                        kernel_out_bytes, uncertain_out_bytes FROM rows
                ),
                totals AS (
                    SELECT run_id, virtual_service_id, counter, sum(captured) AS captured, sum(uncertain) AS uncertain
                    FROM counters GROUP BY run_id, virtual_service_id, counter
                ),
                compared AS (
                    SELECT * FROM counters
                    UNION ALL SELECT
                        run_id,
                        virtual_service_id,
                        '(all)',
                        1000000,
                        counter,
                        captured,
                        CASE counter
                            WHEN 1 THEN kernel_conns WHEN 2 THEN kernel_in_packets WHEN 3 THEN kernel_out_packets
                            WHEN 4 THEN kernel_in_bytes ELSE kernel_out_bytes END,
                        uncertain
                    FROM totals JOIN run_virtual_service USING (run_id, virtual_service_id)
                )
            SELECT
                run_id,                          -- run.id
                identity AS virtual_service,     -- tcp/192.168.122.100:80
                endpoint AS real_server,         -- (all): the virtual service itself
                -- connections, packets_in, packets_out, bytes_in or bytes_out
                CASE counter
                    WHEN 1 THEN 'connections' WHEN 2 THEN 'packets_in' WHEN 3 THEN 'packets_out'
                    WHEN 4 THEN 'bytes_in' ELSE 'bytes_out' END AS counter,
                captured,                        -- by us, where the kernel counts
                kernel,                          -- growth of its counter; NULL if not read, it fell, or the server left
                kernel - captured AS difference, -- NULL with kernel
                uncertain,                       -- what the kernel may or may not have counted
                -- of the difference; NULL with kernel, or if not every packet was meant to be captured (run_level)
                CASE WHEN counter = 1 OR run_id NOT IN (SELECT run_id FROM run_level WHERE level = 'handshake')
                    THEN max(abs(kernel - captured) - uncertain, 0) END AS unexplained
            FROM compared JOIN virtual_service ON virtual_service.id = virtual_service_id
            ORDER BY run_id, virtual_service_id, position, compared.counter;
        """
}
