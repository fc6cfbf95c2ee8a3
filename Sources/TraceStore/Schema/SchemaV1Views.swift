extension Migration {
    /// The views of version 1, for people and for the plain `sqlite3` tool: names, text addresses, seconds.
    static let v1Views = """
        CREATE VIEW connections AS
            -- One row a connection. Durations are in seconds, NULL if a packet that bounds them was not seen.
            SELECT
                connection.id AS id,             -- connection.id
                run_id,                          -- run.id
                virtual_service.identity AS virtual_service, -- tcp/192.168.122.100:80
                coalesce(connection.protocol, virtual_service.protocol) AS protocol, -- IP protocol number: 6 is TCP
                address.text AS client_address,  -- who asked
                client & 65535 AS client_port,   -- from which port
                real_server.endpoint AS real_server, -- 10.10.10.10:80; NULL if it was not seen which one
                connection_origin.name AS origin, -- how it came to be: assigned, same_entry, began_before …
                is_assignment,                   -- 1 if the kernel chose a real server for it, and counted it
                connection_outcome.name AS outcome, -- how it ended: open, closed, reset_by_client, refused …
                strftime('%Y-%m-%dT%H:%M:%S', first_seen_ns / 1000000000, 'unixepoch')
                    || printf('.%09dZ', first_seen_ns % 1000000000) AS first_seen, -- in UTC
                -- from the first packet to the last
                (coalesce(vip_syn_ns / 100, 0) + coalesce(dip_syn, 0) + coalesce(dip_syn_ack, 0)
                    + coalesce(vip_syn_ack, 0) + coalesce(ack, 0) + coalesce(request, 0) + coalesce(response, 0)
                    + coalesce(ended, 0) + last) / 1e7 AS duration,
                -- the SYN: in on the VIP side, out on the DIP side
                CASE WHEN vip_syn_ns IS NOT NULL THEN dip_syn / 1e7 END AS forwarding_delay_in,
                -- the SYN-ACK: in on the DIP side, out on the VIP side
                CASE WHEN dip_syn_ack IS NOT NULL THEN vip_syn_ack / 1e7 END AS forwarding_delay_out,
                -- on the DIP side: SYN out, SYN-ACK in
                CASE WHEN dip_syn IS NOT NULL THEN dip_syn_ack / 1e7 END AS real_server_connect,
                -- on the VIP side: SYN-ACK out, ACK in
                CASE WHEN vip_syn_ack IS NOT NULL THEN ack / 1e7 END AS client_handshake,
                -- first payload in, first payload out; below 0 where the real server speaks first, as in FTP
                CASE WHEN request IS NOT NULL THEN response / 1e7 END AS time_to_first_byte,
                vip_in_packets,                  -- VIP side, towards the real server, as captured (see run_level)
                vip_out_packets,                 -- VIP side, towards the client
                vip_in_bytes,                    -- of vip_in_packets, IP header included
                vip_out_bytes,                   -- of vip_out_packets, IP header included
                coalesce(unusual ->> '$.dip[0]', vip_in_packets) AS dip_in_packets, -- DIP side, towards the real server
                coalesce(unusual ->> '$.dip[1]', vip_out_packets) AS dip_out_packets, -- DIP side, towards the client
                coalesce(unusual ->> '$.dip[2]', vip_in_bytes) AS dip_in_bytes, -- of dip_in_packets, IP header included
                coalesce(unusual ->> '$.dip[3]', vip_out_bytes) AS dip_out_bytes, -- of dip_out_packets, IP header included
                -- segments of vip_in_packets with nothing new: sent again, or late
                coalesce(unusual ->> '$.repeated[0]', 0) AS vip_in_repeated,
                coalesce(unusual ->> '$.repeated[1]', 0) AS vip_out_repeated, -- of vip_out_packets likewise
                coalesce(unusual ->> '$.repeated[2]', 0) AS dip_in_repeated, -- of dip_in_packets likewise
                coalesce(unusual ->> '$.repeated[3]', 0) AS dip_out_repeated, -- of dip_out_packets likewise
                state.name AS state,             -- by our replay of the kernel's rules
                entry_state.name AS entry_state, -- in the kernel's table when last read
                entry_expires                    -- the kernel's timer then, in seconds
            FROM connection
                JOIN real_server ON real_server.id = real_server_id
                JOIN virtual_service ON virtual_service.id = virtual_service_id
                JOIN address ON address.id = client >> 16
                JOIN connection_origin ON connection_origin.id = origin
                JOIN connection_outcome ON connection_outcome.id = outcome
                JOIN connection_state AS state ON state.id = connection.state
                LEFT JOIN connection_state AS entry_state ON entry_state.id = connection.entry_state;

        CREATE VIEW assignments AS
            -- What the kernel decided: one row each time it chose a real server, by ids. By names in assignment_sequence.
            SELECT
                connection.id AS connection_id,  -- connection.id
                run_id,                          -- run.id
                virtual_service_id,              -- virtual_service.id
                real_server_id,                  -- real_server.id
                -- the SYN on the VIP side; on the DIP side if it was only seen there; else the first packet
                first_seen_ns + coalesce(vip_syn_ns, dip_syn * 100, 0) AS assigned_ns,
                client >> 16 AS client_address_id, -- address.id
                client & 65535 AS client_port,   -- from which port
                -- on the DIP side: SYN out, SYN-ACK in
                CASE WHEN dip_syn IS NOT NULL THEN dip_syn_ack * 100 END AS real_server_connect_ns,
                -- from assigned_ns to the second FIN, or an RST; NULL if neither was seen
                CASE WHEN ended IS NOT NULL THEN
                    (coalesce(vip_syn_ns / 100, 0) + coalesce(dip_syn, 0) + coalesce(dip_syn_ack, 0)
                        + coalesce(vip_syn_ack, 0) + coalesce(ack, 0) + coalesce(request, 0) + coalesce(response, 0)
                        + ended) * 100 - coalesce(vip_syn_ns, dip_syn * 100, 0)
                END AS duration_ns,
                -- 0 if a persistence template decided, NULL if perhaps
                CASE origin WHEN 4 THEN 0 WHEN 6 THEN NULL ELSE 1 END AS is_scheduled
            FROM connection JOIN real_server ON real_server.id = real_server_id
            WHERE origin IN (0, 1, 4, 6);

        CREATE VIEW assignment_sequence AS
            -- Each assignment beside the one before it, per run and virtual service.
            WITH
                numbered AS (
                    -- By ids first: sorting names would take longer.
                    SELECT
                        run_id,
                        virtual_service_id,
                        row_number() OVER sequence AS number,
                        assigned_ns,
                        lag(assigned_ns) OVER sequence AS previous_ns,
                        client_address_id,
                        client_port,
                        real_server_id,
                        lag(real_server_id) OVER sequence AS previous_id,
                        connection_id,
                        is_scheduled
                    FROM assignments
                    WINDOW sequence AS (PARTITION BY run_id, virtual_service_id ORDER BY assigned_ns, connection_id)
                ),
                spaced AS (
                    SELECT
                        *,
                        number - lag(number) OVER own AS number_gap,
                        assigned_ns - lag(assigned_ns) OVER own AS gap_ns
                    FROM numbered
                    WINDOW own AS (PARTITION BY run_id, virtual_service_id, real_server_id ORDER BY number)
                )
            SELECT
                run_id,                          -- run.id
                virtual_service.identity AS virtual_service, -- tcp/192.168.122.100:80
                number,                          -- from 1
                strftime('%Y-%m-%dT%H:%M:%S', assigned_ns / 1000000000, 'unixepoch')
                    || printf('.%09dZ', assigned_ns % 1000000000) AS time, -- of the SYN, in UTC
                client.text AS client_address,   -- who asked
                client_port,                     -- from which port
                chosen.endpoint AS real_server,  -- NULL if it was not seen which one
                previous.endpoint AS previous_real_server, -- the assignment's before
                (assigned_ns - previous_ns) / 1e9 AS seconds_since_previous, -- NULL for the first
                number_gap AS assignments_since_same, -- since this real server's last one: 3 if three take turns
                gap_ns / 1e9 AS seconds_since_same, -- since this real server's last one
                connection_id,                   -- connections.id
                is_scheduled                     -- 0 if a persistence template decided, NULL if perhaps
            FROM spaced
                JOIN virtual_service ON virtual_service.id = spaced.virtual_service_id
                JOIN real_server AS chosen ON chosen.id = real_server_id
                LEFT JOIN real_server AS previous ON previous.id = previous_id
                JOIN address AS client ON client.id = client_address_id;

        CREATE VIEW distribution AS
            -- How the connections of a run were spread over the real servers. Weights are the last of the run.
            WITH
                counted AS (
                    SELECT
                        run_id,
                        real_server_id,
                        count(*) AS connections,
                        sum(origin IN (0, 1, 4, 6)) AS assignments,
                        sum(vip_in_packets) AS packets_in,
                        sum(coalesce(unusual ->> '$.dip[1]', vip_out_packets)) AS packets_out,
                        sum(vip_in_bytes) AS bytes_in,
                        sum(coalesce(unusual ->> '$.dip[3]', vip_out_bytes)) AS bytes_out
                    FROM connection
                    GROUP BY +run_id, real_server_id -- the plus: one pass over the table beats the index
                ),
                configured AS (
                    -- What counts of a weight: for rr and lc that it is not 0, for fo that it is the first of the greatest.
                    SELECT
                        run_id,
                        real_server_id,
                        weight,
                        CASE scheduler
                            WHEN 'rr' THEN weight > 0
                            WHEN 'lc' THEN weight > 0
                            WHEN 'fo' THEN weight > 0 AND position = first_value(position) OVER (
                                PARTITION BY configuration_id ORDER BY weight DESC, position)
                            ELSE weight END AS due
                    FROM configuration_real_server JOIN configuration ON configuration.id = configuration_id
                    WHERE configuration_id IN (SELECT max(id) FROM configuration GROUP BY run_id, virtual_service_id)
                ),
                listed AS (
                    SELECT run_id, real_server_id FROM counted
                    UNION SELECT run_id, real_server_id FROM configured
                    UNION SELECT run_id, real_server_id FROM run_real_server
                ),
                joined AS (
                    SELECT
                        run_id,
                        identity AS virtual_service,
                        endpoint AS real_server,
                        weight,
                        coalesce(connections, 0) AS connections,
                        coalesce(assignments, 0) AS assignments,
                        coalesce(packets_in, 0) AS packets_in,
                        coalesce(packets_out, 0) AS packets_out,
                        coalesce(bytes_in, 0) AS bytes_in,
                        coalesce(bytes_out, 0) AS bytes_out,
                        kernel_conns,
                        kernel_in_packets,
                        kernel_out_packets,
                        kernel_in_bytes,
                        kernel_out_bytes,
                        sum(assignments) OVER service AS all_assignments,
                        due,
                        nullif(sum(due) OVER service, 0) AS all_dues
                    FROM listed
                        JOIN real_server ON real_server.id = real_server_id
                        JOIN virtual_service ON virtual_service.id = virtual_service_id
                        LEFT JOIN counted USING (run_id, real_server_id)
                        LEFT JOIN configured USING (run_id, real_server_id)
                        LEFT JOIN run_real_server USING (run_id, real_server_id)
                    WINDOW service AS (PARTITION BY run_id, virtual_service_id)
                )
            SELECT
                run_id,                          -- run.id
                virtual_service,                 -- tcp/192.168.122.100:80
                real_server,                     -- NULL: it was not seen which one
                weight,                          -- NULL: not configured at the end of the run
                assignments,                     -- connections that the kernel chose it for
                1.0 * all_assignments * due / all_dues AS expected, -- assignments by weight and scheduler; NULL with weight
                1.0 * assignments / all_assignments AS share,      -- 0 to 1; NULL without assignments
                -- share less the expected one; NULL with either
                1.0 * assignments / all_assignments - 1.0 * due / all_dues AS share_error,
                connections,                     -- assignments and connections that were none
                packets_in,                      -- as captured on the VIP side, where the kernel counts them; see run_level
                packets_out,                     -- as captured on the DIP side, where the kernel counts them
                bytes_in,                        -- as packets_in, IP header included
                bytes_out,                       -- as packets_out, IP header included
                kernel_conns,                    -- kernel_…: the growth of the kernel's counters over the run
                kernel_in_packets AS kernel_packets_in, -- packets from clients
                kernel_out_packets AS kernel_packets_out, -- packets to clients
                kernel_in_bytes AS kernel_bytes_in, -- bytes from clients, IP header included
                kernel_out_bytes AS kernel_bytes_out -- bytes to clients, IP header included
            FROM joined;

        CREATE VIEW anomalies AS
            -- What went wrong with connections: one row each event that is not a connection's ordinary life.
            SELECT
                event.run_id AS run_id,          -- run.id
                strftime('%Y-%m-%dT%H:%M:%S', time_ns / 1000000000, 'unixepoch')
                    || printf('.%09dZ', time_ns % 1000000000) AS time, -- in UTC
                kind,                            -- as in the metric ipvs_connection_troubles_total
                connection_id,                   -- NULL if it belongs to none
                client_address.text AS client_address, -- NULL if there is no row of the connection (any more)
                client & 65535 AS client_port,   -- NULL with client_address
                virtual_service.identity AS virtual_service, -- NULL if it belongs to none
                CASE WHEN real_server_address.text LIKE '%:%'
                    THEN '[' || real_server_address.text || ']' ELSE real_server_address.text
                    END || ':' || event.port AS real_server, -- NULL if it was not known
                detail                           -- in a few words
            FROM event
                LEFT JOIN connection ON connection.id = connection_id
                LEFT JOIN address AS client_address ON client_address.id = client >> 16
                LEFT JOIN virtual_service ON virtual_service.id = virtual_service_id
                LEFT JOIN address AS real_server_address ON real_server_address.id = event.address_id
            WHERE kind IN (
                'refused', 'reset_by_client', 'reset_by_real_server', 'unanswered', 'not_forwarded',
                'syn_retransmitted', 'not_transmitted', 'no_real_server', 'stalled', 'reset_without_entry',
                'reply_bypassed', 'shared_client_port');
        """
}
