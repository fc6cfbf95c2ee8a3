CREATE TABLE address (
    -- Every IP address, once.
    id INTEGER PRIMARY KEY,              -- what client, address_id and the like refer to
    text TEXT NOT NULL UNIQUE            -- dotted decimal, or IPv6 as in RFC 5952
) STRICT;

CREATE TABLE virtual_service (
    -- Every virtual service ever seen.
    id INTEGER PRIMARY KEY,              -- what virtual_service_id refers to
    identity TEXT NOT NULL UNIQUE,       -- tcp/192.168.122.100:80, udp/[fd00::1]:53, fwmark/7, fwmark/7/ipv6
    protocol INTEGER,                    -- IP protocol number; NULL with a firewall mark
    address_id INTEGER REFERENCES address, -- the virtual IP; NULL with a firewall mark
    port INTEGER,                        -- NULL with a firewall mark
    firewall_mark INTEGER                -- NULL without one
) STRICT;

CREATE TABLE real_server (
    -- Every real server of every virtual service.
    id INTEGER PRIMARY KEY,              -- what real_server_id refers to
    virtual_service_id INTEGER NOT NULL REFERENCES virtual_service, -- the one it is in
    endpoint TEXT,                       -- 10.10.10.10:80, [fd00::10]:80; NULL: "it was not seen which one"
    address_id INTEGER REFERENCES address, -- NULL with endpoint
    port INTEGER,                        -- NULL with endpoint
    UNIQUE (virtual_service_id, endpoint)
) STRICT;

CREATE UNIQUE INDEX real_server_unseen ON real_server (
    virtual_service_id                   -- UNIQUE takes NULLs for different: this allows one such row each
) WHERE endpoint IS NULL;

CREATE TABLE run (
    -- A bracketed period, usually around a load test.
    id INTEGER PRIMARY KEY,              -- what run_id refers to, and --run takes
    name TEXT NOT NULL,                  -- what --name said, else the command's own name
    command TEXT NOT NULL,               -- JSON array: the command and its arguments; [] when nothing was run
    labels TEXT NOT NULL,                -- JSON object of texts
    state TEXT NOT NULL,                 -- running, finished, or interrupted (its collector went away)
    started_ns INTEGER NOT NULL,         -- nanoseconds since the epoch, as in every column ending in _ns
    ended_ns INTEGER,                    -- NULL unless finished
    packets_dropped INTEGER              -- by the kernel or our queues, before the tracer; NULL unless finished
) STRICT;

CREATE TABLE run_level (
    -- From when on a run's capture showed how much.
    run_id INTEGER NOT NULL REFERENCES run, -- the run it belongs to
    time_ns INTEGER NOT NULL,            -- when the level came into force
    level TEXT NOT NULL,                 -- full, or handshake: of TCP only SYN, FIN and RST
    cause TEXT NOT NULL,                 -- began, sustained_loss or recovered
    PRIMARY KEY (run_id, time_ns)
) STRICT, WITHOUT ROWID;

CREATE TABLE configuration (
    -- What a virtual service looked like, from one change to the next.
    id INTEGER PRIMARY KEY,              -- grows with time
    run_id INTEGER NOT NULL REFERENCES run, -- the run it belongs to
    virtual_service_id INTEGER NOT NULL REFERENCES virtual_service, -- which virtual service
    not_before_ns INTEGER NOT NULL,      -- the old settings were last seen then
    seen_ns INTEGER NOT NULL,            -- these were first seen then
    scheduler TEXT NOT NULL,             -- as ipvsadm -s takes it: rr, wrr, wlc
    flags INTEGER NOT NULL,              -- IP_VS_SVC_F_… of <linux/ip_vs.h>
    persistence_s INTEGER NOT NULL,      -- persistence timeout in seconds; 0 without persistence
    persistence_prefix INTEGER NOT NULL  -- how many leading bits of the client's address persistence looks at
) STRICT;

CREATE INDEX configuration_by_run ON configuration (run_id, virtual_service_id);

CREATE TABLE configuration_real_server (
    -- The real servers of a configuration.
    configuration_id INTEGER NOT NULL REFERENCES configuration, -- the configuration it belongs to
    position INTEGER NOT NULL,           -- in the kernel's list, from 0
    real_server_id INTEGER NOT NULL REFERENCES real_server, -- which real server
    weight INTEGER NOT NULL,             -- the scheduler's weight; 0 takes no new connections
    forwarding TEXT NOT NULL,            -- Masq, Local, Tunnel, Route or Bypass
    upper_threshold INTEGER NOT NULL,    -- connections; 0 is no limit
    lower_threshold INTEGER NOT NULL,    -- connections; 0 is three quarters of the upper one
    PRIMARY KEY (configuration_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE connection_origin (
    -- How a connection came to be.
    id INTEGER PRIMARY KEY,              -- what connection.origin refers to
    name TEXT NOT NULL,                  -- snake case
    is_assignment INTEGER NOT NULL,      -- 1 if the kernel chose a real server for it, and counted it
    is_scheduled INTEGER                 -- 1 if it asked the scheduler to; NULL if nobody can tell
) STRICT;
INSERT INTO connection_origin VALUES
    (0, 'assigned', 1, 1), (1, 'assigned_on_reused_port', 1, 1), (2, 'same_entry', 0, 0),
    (3, 'began_before', 0, 0), (4, 'follows_template', 1, 0), (5, 'rejected', 0, 0),
    (6, 'perhaps_follows_template', 1, NULL), (7, 'ftp_data', 0, 0);

CREATE TABLE connection_outcome (
    -- How a connection ended.
    id INTEGER PRIMARY KEY,              -- what connection.outcome refers to
    name TEXT NOT NULL                   -- snake case
) STRICT;
INSERT INTO connection_outcome VALUES
    (0, 'open'), (1, 'closed'), (2, 'reset_by_client'), (3, 'reset_by_real_server'), (4, 'refused'),
    (5, 'unanswered'), (6, 'not_forwarded'), (7, 'expired'), (8, 'evicted'), (9, 'rejected'),
    (10, 'reset_by_director');

CREATE TABLE connection_state (
    -- The kernel's names of a connection's state. 0 and 1 take no room in a row, so the commonest come first.
    id INTEGER PRIMARY KEY,              -- what state and entry_state refer to
    name TEXT NOT NULL UNIQUE            -- as ipvsadm -Lnc prints it
) STRICT;
INSERT INTO connection_state VALUES
    (0, 'ESTABLISHED'), (1, 'TIME_WAIT'), (2, 'SYN_RECV'), (3, 'FIN_WAIT'), (4, 'CLOSE'), (5, 'CLOSE_WAIT'),
    (6, 'LAST_ACK'), (7, 'UDP'), (8, 'NONE');

CREATE TABLE connection (
    -- One row a connection, packed: view connections gives names, text addresses and seconds.
    --
    -- Steps from dip_syn to last are in units of 100 ns after the latest earlier step that was seen, in the
    -- order of the columns, the first from first_seen_ns; NULL if the step was not seen. So most are a latency.
    id INTEGER PRIMARY KEY,              -- grows with the time the connection was first seen
    run_id INTEGER NOT NULL REFERENCES run, -- the run it belongs to
    real_server_id INTEGER NOT NULL REFERENCES real_server, -- tells the virtual service too
    protocol INTEGER,                    -- IP protocol number; NULL if it is the virtual service's own
    client INTEGER NOT NULL,             -- address.id * 65536 + port
    origin INTEGER NOT NULL,             -- connection_origin.id
    outcome INTEGER NOT NULL,            -- connection_outcome.id
    state INTEGER NOT NULL,              -- connection_state.id: the kernel's state, by our replay of its rules
    entry_state INTEGER,                 -- connection_state.id in the kernel's table; NULL if never read there
    entry_expires INTEGER,               -- the kernel's timer when last read there, in seconds
    entry_first INTEGER,                 -- first read there: tenths of a second after first_seen_ns
    entry_last INTEGER,                  -- last read there: tenths of a second after entry_first
    vip_in_packets INTEGER NOT NULL,     -- VIP side, towards the real server; as captured, so at level
                                         -- handshake only SYN, FIN and RST count
    vip_out_packets INTEGER NOT NULL,    -- VIP side, towards the client
    vip_in_bytes INTEGER NOT NULL,       -- IP header included
    vip_out_bytes INTEGER NOT NULL,      -- IP header included
    unusual TEXT,                        -- JSON, NULL if empty. "dip": [in packets, out packets, in bytes, out
                                         -- bytes] where the DIP side differs from the VIP side; "repeated":
                                         -- segments with nothing new, [VIP in, VIP out, DIP in, DIP out]
    first_seen_ns INTEGER NOT NULL,      -- the first packet on either side, since the epoch
    vip_syn_ns INTEGER,                  -- the client's SYN (UDP: first datagram), ns after first_seen_ns
    dip_syn INTEGER,                     -- that SYN sent on: forwarding delay
    dip_syn_ack INTEGER,                 -- the real server's SYN-ACK (UDP: first datagram back)
    vip_syn_ack INTEGER,                 -- that SYN-ACK sent on: forwarding delay
    ack INTEGER,                         -- the client's ACK completes the handshake (this and what follows:
                                         -- on the VIP side; on the DIP side if the other saw nothing)
    request INTEGER,                     -- first payload towards the real server
    response INTEGER,                    -- first payload towards the client
    ended INTEGER,                       -- the second FIN, or an RST
    last INTEGER NOT NULL                -- the last packet on either side
) STRICT;

CREATE INDEX connection_by_run ON connection (
    -- The only one, since each costs writing speed: a run's rows without reading those of other runs. Ids grow
    -- with time, so it grows at its end, and gives a run's rows nearly in the order of assignment.
    run_id
);

CREATE TABLE entry_change (
    -- How a real server's entries in the kernel's table change without an assignment, which counts as one more
    -- active entry. Kept for virtual services whose scheduler asks for them: lc, wlc, sed, nq, ovf, lblc, lblcr.
    run_id INTEGER NOT NULL REFERENCES run, -- the run it belongs to
    real_server_id INTEGER NOT NULL REFERENCES real_server, -- which real server
    time_ns INTEGER NOT NULL,            -- no earlier than this
    slack_ns INTEGER NOT NULL,           -- and this much later at most: the kernel's timers run late
    active INTEGER NOT NULL,             -- how many more active entries
    inactive INTEGER NOT NULL            -- how many more inactive ones
) STRICT;

CREATE INDEX entry_change_by_run ON entry_change (run_id);

CREATE TABLE entry_reading (
    -- The entries of a real server as the kernel told them, for the same virtual services.
    run_id INTEGER NOT NULL REFERENCES run, -- the run it belongs to
    real_server_id INTEGER NOT NULL REFERENCES real_server, -- which real server
    began_ns INTEGER NOT NULL,           -- the reading began then
    slack_ns INTEGER NOT NULL,           -- and took this long
    active INTEGER NOT NULL,             -- ActiveConn of ipvsadm -Ln
    inactive INTEGER NOT NULL,           -- InActConn
    UNIQUE (run_id, real_server_id, began_ns)
) STRICT;

CREATE TABLE event (
    -- Something worth telling that is not a connection's ordinary life.
    id INTEGER PRIMARY KEY,              -- in order of writing
    run_id INTEGER NOT NULL REFERENCES run, -- the run it belongs to
    time_ns INTEGER NOT NULL,            -- when it happened
    kind TEXT NOT NULL,                  -- configuration_changed, capture_loss, refused, port_reused …
    virtual_service_id INTEGER REFERENCES virtual_service, -- the virtual service it is about, if any
    address_id INTEGER REFERENCES address, -- the real server it is about
    port INTEGER,                        -- of that real server
    connection_id INTEGER,               -- connection.id; the row may be missing if it was lost or removed
    detail TEXT NOT NULL                 -- a few words for people
) STRICT;

CREATE INDEX event_by_run ON event (run_id, time_ns);

CREATE TABLE run_virtual_service (
    -- What a run found of a virtual service, written when it ended.
    run_id INTEGER NOT NULL REFERENCES run, -- the run it belongs to
    virtual_service_id INTEGER NOT NULL REFERENCES virtual_service, -- which virtual service
    unmatched_packets INTEGER NOT NULL,  -- packets that could not be tied to a connection
    table_rows INTEGER,                  -- rows of the kernel's connection table at its last reading; NULL: not read
    table_matched INTEGER,               -- those of them that a connection was tied to
    kernel_conns INTEGER,                -- kernel_…: growth of its own counters, NULL like a real server's; they
    kernel_in_packets INTEGER,           -- also hold what real servers had that left
    kernel_out_packets INTEGER,          -- packets to clients
    kernel_in_bytes INTEGER,             -- bytes from clients, IP header included
    kernel_out_bytes INTEGER,            -- bytes to clients, IP header included
    PRIMARY KEY (run_id, virtual_service_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE run_real_server (
    -- A run's own counts of a real server beside the growth of the kernel's, written when it ended.
    run_id INTEGER NOT NULL REFERENCES run, -- the run it belongs to
    real_server_id INTEGER NOT NULL REFERENCES real_server, -- which real server
    position INTEGER NOT NULL,           -- order of listing, from 0
    captured_conns INTEGER NOT NULL,     -- assignments
    captured_in_packets INTEGER NOT NULL, -- on the VIP side, where the kernel counts them; see run_level
    captured_out_packets INTEGER NOT NULL, -- on the DIP side, where the kernel counts them
    captured_in_bytes INTEGER NOT NULL,  -- on the VIP side, IP header included
    captured_out_bytes INTEGER NOT NULL, -- on the DIP side, IP header included
    kernel_conns INTEGER,                -- kernel_… is NULL if not read, a counter fell, or the server left
    kernel_in_packets INTEGER,           -- packets from clients
    kernel_out_packets INTEGER,          -- packets to clients
    kernel_in_bytes INTEGER,             -- bytes from clients, IP header included
    kernel_out_bytes INTEGER,            -- bytes to clients, IP header included
    uncertain_conns INTEGER NOT NULL,    -- uncertain_…: what the kernel may or may not have counted
    uncertain_in_packets INTEGER NOT NULL, -- packets from clients
    uncertain_out_packets INTEGER NOT NULL, -- packets to clients
    uncertain_in_bytes INTEGER NOT NULL, -- bytes from clients, IP header included
    uncertain_out_bytes INTEGER NOT NULL, -- bytes to clients, IP header included
    kernel_active INTEGER,               -- its entries at the last reading; NULL if that did not show it
    kernel_inactive INTEGER,             -- those whose state does not count as active
    traced_active INTEGER,               -- the same by the kernel's rules replayed on the packets
    traced_inactive INTEGER,             -- those whose state does not count as active
    PRIMARY KEY (run_id, real_server_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE run_cause (
    -- Why packets, connection table and counters may tell different numbers, and how often that was seen.
    run_id INTEGER NOT NULL REFERENCES run, -- the run it belongs to
    virtual_service_id INTEGER NOT NULL REFERENCES virtual_service, -- which virtual service
    of_rows INTEGER NOT NULL,            -- 1: rows of the kernel's connection table without a connection
    cause TEXT NOT NULL,                 -- port_reuse, retransmission, began_before_capture …
    count INTEGER NOT NULL,              -- how often
    PRIMARY KEY (run_id, virtual_service_id, of_rows, cause)
) STRICT, WITHOUT ROWID;

CREATE TABLE verdict (
    -- The judgement of a run, as a whole and for each virtual service.
    id INTEGER PRIMARY KEY,              -- in order of saving
    run_id INTEGER NOT NULL REFERENCES run, -- the run judged
    virtual_service_id INTEGER REFERENCES virtual_service, -- NULL: the whole run
    value TEXT NOT NULL,                 -- pass, fail or inconclusive
    json TEXT NOT NULL                   -- as verify --format json prints it
) STRICT;

CREATE UNIQUE INDEX verdict_by_run ON verdict (run_id, coalesce(virtual_service_id, 0));

CREATE TABLE sample_virtual_service (
    -- One interval of a virtual service. Counters are the kernel's, cumulative, at its end.
    run_id INTEGER NOT NULL REFERENCES run, -- the run it belongs to
    virtual_service_id INTEGER NOT NULL REFERENCES virtual_service, -- which virtual service
    time_ns INTEGER NOT NULL,            -- when the kernel was read
    conns INTEGER NOT NULL,              -- connections scheduled
    in_packets INTEGER NOT NULL,         -- packets from clients
    out_packets INTEGER NOT NULL,        -- packets to clients
    in_bytes INTEGER NOT NULL,           -- bytes from clients, IP header included
    out_bytes INTEGER NOT NULL,          -- bytes to clients, IP header included
    fairness REAL,                       -- Jain's index of assignments over weight since the run began
    PRIMARY KEY (run_id, time_ns, virtual_service_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE sample_real_server (
    -- One interval of a real server. Counters are the kernel's, cumulative, at its end.
    run_id INTEGER NOT NULL REFERENCES run, -- the run it belongs to
    real_server_id INTEGER NOT NULL REFERENCES real_server, -- which real server
    time_ns INTEGER NOT NULL,            -- when the kernel was read
    weight INTEGER NOT NULL,             -- the scheduler's weight
    active INTEGER NOT NULL,             -- the kernel's active connections
    inactive INTEGER NOT NULL,           -- its inactive ones
    conns INTEGER NOT NULL,              -- connections scheduled
    in_packets INTEGER NOT NULL,         -- packets from clients
    out_packets INTEGER NOT NULL,        -- packets to clients
    in_bytes INTEGER NOT NULL,           -- bytes from clients, IP header included
    out_bytes INTEGER NOT NULL,          -- bytes to clients, IP header included
    assignments INTEGER NOT NULL,        -- our own count since the run began
    share REAL,                          -- its part of all assignments since the run began, 0 to 1
    traced_active INTEGER NOT NULL,      -- active connections by the kernel's rules replayed on the packets
    traced_inactive INTEGER NOT NULL,    -- inactive ones
    real_server_connect TEXT,            -- of connections that ended in it: JSON, {"bucket": connections …};
    time_to_first_byte TEXT,             -- NULL without any. View latency_counts has the buckets' bounds
    duration TEXT,                       -- from the first packet to the last
    PRIMARY KEY (run_id, time_ns, real_server_id)
) STRICT;

CREATE TABLE sample_virtual_service_minute (
    -- One minute of a virtual service. Counters are the kernel's, cumulative, at its end.
    run_id INTEGER NOT NULL REFERENCES run, -- the run it belongs to
    virtual_service_id INTEGER NOT NULL REFERENCES virtual_service, -- which virtual service
    time_ns INTEGER NOT NULL,            -- its beginning, by the clock
    conns INTEGER NOT NULL,              -- connections scheduled
    in_packets INTEGER NOT NULL,         -- packets from clients
    out_packets INTEGER NOT NULL,        -- packets to clients
    in_bytes INTEGER NOT NULL,           -- bytes from clients, IP header included
    out_bytes INTEGER NOT NULL,          -- bytes to clients, IP header included
    fairness REAL,                       -- Jain's index of assignments over weight since the run began
    PRIMARY KEY (run_id, time_ns, virtual_service_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE sample_real_server_minute (
    -- One minute of a real server. Counters are the kernel's, cumulative, at its end.
    run_id INTEGER NOT NULL REFERENCES run, -- the run it belongs to
    real_server_id INTEGER NOT NULL REFERENCES real_server, -- which real server
    time_ns INTEGER NOT NULL,            -- its beginning, by the clock
    weight INTEGER NOT NULL,             -- the scheduler's weight
    active INTEGER NOT NULL,             -- the kernel's active connections, the most of its samples
    inactive INTEGER NOT NULL,           -- its inactive ones, the most of its samples
    conns INTEGER NOT NULL,              -- connections scheduled
    in_packets INTEGER NOT NULL,         -- packets from clients
    out_packets INTEGER NOT NULL,        -- packets to clients
    in_bytes INTEGER NOT NULL,           -- bytes from clients, IP header included
    out_bytes INTEGER NOT NULL,          -- bytes to clients, IP header included
    assignments INTEGER NOT NULL,        -- our own count since the run began
    share REAL,                          -- its part of all assignments since the run began, 0 to 1
    traced_active INTEGER NOT NULL,      -- active connections by the kernel's rules replayed on the packets, the most of its samples
    traced_inactive INTEGER NOT NULL,    -- inactive ones, the most of its samples
    real_server_connect TEXT,            -- of connections that ended in it: JSON, {"bucket": connections …};
    time_to_first_byte TEXT,             -- NULL without any. View latency_counts has the buckets' bounds
    duration TEXT,                       -- from the first packet to the last
    PRIMARY KEY (run_id, time_ns, real_server_id)
) STRICT;

CREATE TABLE sample_virtual_service_hour (
    -- One hour of a virtual service. Counters are the kernel's, cumulative, at its end.
    run_id INTEGER NOT NULL REFERENCES run, -- the run it belongs to
    virtual_service_id INTEGER NOT NULL REFERENCES virtual_service, -- which virtual service
    time_ns INTEGER NOT NULL,            -- its beginning, by the clock
    conns INTEGER NOT NULL,              -- connections scheduled
    in_packets INTEGER NOT NULL,         -- packets from clients
    out_packets INTEGER NOT NULL,        -- packets to clients
    in_bytes INTEGER NOT NULL,           -- bytes from clients, IP header included
    out_bytes INTEGER NOT NULL,          -- bytes to clients, IP header included
    fairness REAL,                       -- Jain's index of assignments over weight since the run began
    PRIMARY KEY (run_id, time_ns, virtual_service_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE sample_real_server_hour (
    -- One hour of a real server. Counters are the kernel's, cumulative, at its end.
    run_id INTEGER NOT NULL REFERENCES run, -- the run it belongs to
    real_server_id INTEGER NOT NULL REFERENCES real_server, -- which real server
    time_ns INTEGER NOT NULL,            -- its beginning, by the clock
    weight INTEGER NOT NULL,             -- the scheduler's weight
    active INTEGER NOT NULL,             -- the kernel's active connections, the most of its samples
    inactive INTEGER NOT NULL,           -- its inactive ones, the most of its samples
    conns INTEGER NOT NULL,              -- connections scheduled
    in_packets INTEGER NOT NULL,         -- packets from clients
    out_packets INTEGER NOT NULL,        -- packets to clients
    in_bytes INTEGER NOT NULL,           -- bytes from clients, IP header included
    out_bytes INTEGER NOT NULL,          -- bytes to clients, IP header included
    assignments INTEGER NOT NULL,        -- our own count since the run began
    share REAL,                          -- its part of all assignments since the run began, 0 to 1
    traced_active INTEGER NOT NULL,      -- active connections by the kernel's rules replayed on the packets, the most of its samples
    traced_inactive INTEGER NOT NULL,    -- inactive ones, the most of its samples
    real_server_connect TEXT,            -- of connections that ended in it: JSON, {"bucket": connections …};
    time_to_first_byte TEXT,             -- NULL without any. View latency_counts has the buckets' bounds
    duration TEXT,                       -- from the first packet to the last
    PRIMARY KEY (run_id, time_ns, real_server_id)
) STRICT;

CREATE VIEW latency_counts AS
    -- The histograms of all time series, a row a bucket: add up "count" over any span, real servers and runs.
    -- Take one resolution: a latency is counted in each.
    SELECT
        resolution,                      -- sample, minute or hour
        run_id,                          -- run.id
        virtual_service_id,              -- virtual_service.id
        real_server_id,                  -- real_server.id
        time_ns,                         -- of a sample the end of its interval, else the beginning
        measure,                         -- real_server_connect, time_to_first_byte or duration
        bucket,                          -- grows with the latency
        -- above this, in seconds: buckets of 100 ns each up to 1.6 µs, then 16 to each doubling
        CASE WHEN bucket < 16 THEN bucket ELSE (16 + bucket % 16) << (bucket / 16 - 1) END / 1e7 AS lower,
        -- up to this, in seconds
        CASE WHEN bucket < 15 THEN bucket + 1
            ELSE (16 + (bucket + 1) % 16) << ((bucket + 1) / 16 - 1) END / 1e7 AS upper,
        count                            -- connections that ended then
    FROM (
        SELECT *, CAST(key AS INTEGER) AS bucket, value AS count
        FROM (
            SELECT 'sample' AS resolution, run_id, real_server_id, time_ns, 'real_server_connect' AS measure, real_server_connect AS histogram FROM sample_real_server
            UNION ALL SELECT 'sample' AS resolution, run_id, real_server_id, time_ns, 'time_to_first_byte' AS measure, time_to_first_byte AS histogram FROM sample_real_server
            UNION ALL SELECT 'sample' AS resolution, run_id, real_server_id, time_ns, 'duration' AS measure, duration AS histogram FROM sample_real_server
            UNION ALL SELECT 'minute' AS resolution, run_id, real_server_id, time_ns, 'real_server_connect' AS measure, real_server_connect AS histogram FROM sample_real_server_minute
            UNION ALL SELECT 'minute' AS resolution, run_id, real_server_id, time_ns, 'time_to_first_byte' AS measure, time_to_first_byte AS histogram FROM sample_real_server_minute
            UNION ALL SELECT 'minute' AS resolution, run_id, real_server_id, time_ns, 'duration' AS measure, duration AS histogram FROM sample_real_server_minute
            UNION ALL SELECT 'hour' AS resolution, run_id, real_server_id, time_ns, 'real_server_connect' AS measure, real_server_connect AS histogram FROM sample_real_server_hour
            UNION ALL SELECT 'hour' AS resolution, run_id, real_server_id, time_ns, 'time_to_first_byte' AS measure, time_to_first_byte AS histogram FROM sample_real_server_hour
            UNION ALL SELECT 'hour' AS resolution, run_id, real_server_id, time_ns, 'duration' AS measure, duration AS histogram FROM sample_real_server_hour
        ), json_each(histogram)
    ) JOIN real_server ON real_server.id = real_server_id;

CREATE TABLE gap (
    -- What is missing, so that nobody takes silence for quiet.
    id INTEGER PRIMARY KEY,              -- in order of writing
    run_id INTEGER NOT NULL REFERENCES run, -- the run it belongs to
    from_ns INTEGER NOT NULL,            -- the first row that is missing; of an interrupted run the last row that is there
    to_ns INTEGER NOT NULL,              -- the last row that is missing; of an interrupted run when that was found
    what TEXT NOT NULL,                  -- sample, connection, entry, assignment, failed_connection, event, setting; or everything
    count INTEGER,                       -- how many rows; NULL: nobody knows
    cause TEXT NOT NULL                  -- queue_full, interrupted (the collector went away) or damaged (the file)
) STRICT;

CREATE INDEX gap_by_run ON gap (run_id, from_ns);

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

CREATE VIEW distribution_per_second AS
    -- Who got how many assignments in each second, and in the run so far. Seconds without any have no rows.
    WITH
        counted AS (
            SELECT
                run_id,
                virtual_service_id,
                assigned_ns / 1000000000 AS second,
                real_server_id,
                count(*) AS assignments
            FROM assignments
            GROUP BY run_id, virtual_service_id, second, real_server_id
        ),
        -- A real server that got none in a second has a row of it too, if it got any in the run or was configured.
        listed AS (
            SELECT run_id, virtual_service_id, real_server_id FROM counted
            UNION SELECT run_id, virtual_service_id, real_server_id
            FROM configuration_real_server JOIN configuration ON configuration.id = configuration_id
        ),
        filled AS (
            SELECT run_id, virtual_service_id, second, real_server_id, coalesce(assignments, 0) AS assignments
            FROM (SELECT DISTINCT run_id, virtual_service_id, second FROM counted)
                JOIN listed USING (run_id, virtual_service_id)
                LEFT JOIN counted USING (run_id, virtual_service_id, second, real_server_id)
        )
    SELECT
        run_id,                          -- run.id
        strftime('%Y-%m-%dT%H:%M:%SZ', second, 'unixepoch') AS time, -- the second's beginning, in UTC
        identity AS virtual_service,     -- tcp/192.168.122.100:80
        endpoint AS real_server,         -- NULL: it was not seen which one
        assignments,                     -- in this second
        1.0 * assignments / sum(assignments) OVER of_second AS share, -- of this second's, 0 to 1
        sum(assignments) OVER so_far AS assignments_so_far, -- of this run, this second's included
        1.0 * sum(assignments) OVER so_far / sum(assignments) OVER all_so_far AS share_so_far -- 0 to 1
    FROM filled
        JOIN real_server ON real_server.id = real_server_id
        JOIN virtual_service ON virtual_service.id = filled.virtual_service_id
    WINDOW
        of_second AS (PARTITION BY run_id, filled.virtual_service_id, second),
        so_far AS (PARTITION BY run_id, filled.virtual_service_id, real_server_id ORDER BY second),
        all_so_far AS (PARTITION BY run_id, filled.virtual_service_id ORDER BY second);

CREATE VIEW configuration_changes AS
    -- What a virtual service's settings were at first, and what changed since, in words.
    WITH
        pairs AS (
            SELECT id, lag(id) OVER (PARTITION BY run_id, virtual_service_id ORDER BY id) AS previous_id
            FROM configuration
        ),
        services AS (
            SELECT now.*, previous_id, old.scheduler AS old_scheduler, old.flags AS old_flags,
                old.persistence_s AS old_persistence_s, old.persistence_prefix AS old_persistence_prefix
            FROM pairs
                JOIN configuration AS now USING (id)
                LEFT JOIN configuration AS old ON old.id = previous_id
        ),
        servers AS (
            SELECT pairs.id AS id, previous_id, now.position, endpoint, now.weight, now.forwarding,
                now.upper_threshold, now.lower_threshold, old.weight AS old_weight,
                old.forwarding AS old_forwarding, old.upper_threshold AS old_upper, old.lower_threshold AS old_lower
            FROM pairs
                JOIN configuration_real_server AS now ON now.configuration_id = pairs.id
                JOIN real_server ON real_server.id = now.real_server_id
                LEFT JOIN configuration_real_server AS old
                    ON old.configuration_id = previous_id AND old.real_server_id = now.real_server_id
        ),
        -- In the order of the sentence: by place, then by part.
        words AS (
            SELECT id, -5 AS place, 0 AS part, scheduler AS text FROM services WHERE previous_id IS NULL
            UNION ALL SELECT id, -4, 0, 'persistence ' || persistence_s || ' s'
            FROM services WHERE previous_id IS NULL AND persistence_s > 0
            UNION ALL SELECT id, position, 0, endpoint || ' weight ' || weight
            FROM servers WHERE previous_id IS NULL
            UNION ALL SELECT id, -5, 0, 'scheduler ' || old_scheduler || ' → ' || scheduler
            FROM services WHERE scheduler <> old_scheduler
            UNION ALL SELECT id, -4, 0, 'flags ' || old_flags || ' → ' || flags
            FROM services WHERE flags <> old_flags
            UNION ALL SELECT id, -3, 0, 'persistence ' || old_persistence_s || ' s → ' || persistence_s || ' s'
            FROM services WHERE persistence_s <> old_persistence_s
            UNION ALL SELECT
                id, -2, 0, 'persistence of /' || old_persistence_prefix || ' → /' || persistence_prefix
            FROM services WHERE persistence_prefix <> old_persistence_prefix
            UNION ALL SELECT id, position, 0, endpoint || ' added with weight ' || weight
            FROM servers WHERE previous_id IS NOT NULL AND old_weight IS NULL
            UNION ALL SELECT id, position, 1, endpoint || ' weight ' || old_weight || ' → ' || weight
            FROM servers WHERE weight <> old_weight
            UNION ALL SELECT
                id,
                position,
                2,
                endpoint || ' thresholds ' || old_upper || '/' || old_lower || ' → ' || upper_threshold || '/'
                    || lower_threshold
            FROM servers WHERE upper_threshold <> old_upper OR lower_threshold <> old_lower
            UNION ALL SELECT id, position, 3, endpoint || ' ' || old_forwarding || ' → ' || forwarding
            FROM servers WHERE forwarding <> old_forwarding
            UNION ALL SELECT pairs.id, 1000000 + old.position, 0, endpoint || ' removed'
            FROM pairs
                JOIN configuration_real_server AS old ON old.configuration_id = previous_id
                JOIN real_server ON real_server.id = old.real_server_id
                LEFT JOIN configuration_real_server AS now
                    ON now.configuration_id = pairs.id AND now.real_server_id = old.real_server_id
            WHERE now.real_server_id IS NULL
        ),
        sentences AS (
            SELECT DISTINCT id, group_concat(text, ', ') OVER (
                PARTITION BY id ORDER BY place, part ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS text
            FROM words
        )
    SELECT
        run_id,                          -- run.id
        strftime('%Y-%m-%dT%H:%M:%S', seen_ns / 1000000000, 'unixepoch')
            || printf('.%09dZ', seen_ns % 1000000000) AS time, -- first seen so, in UTC
        nullif((seen_ns - not_before_ns) / 1e9, 0) AS uncertainty, -- it was so at most this many seconds earlier
        identity AS virtual_service,     -- tcp/192.168.122.100:80
        previous_id IS NOT NULL AS is_change, -- 0: as the run found it
        coalesce(sentences.text, 'order of the real servers') AS change -- the first settings, or what is new
    FROM services
        JOIN virtual_service ON virtual_service.id = virtual_service_id
        LEFT JOIN sentences ON sentences.id = services.id
    ORDER BY services.id;

CREATE VIEW timeline AS
    -- All that happened in order of time: runs, settings and their changes, and every event. Of events that say no
    -- more than that settings changed, what changed is told instead.
    SELECT
        run_id,                          -- run.id
        time,                            -- in UTC
        kind,                            -- run_began, configuration, configuration_changed, run_ended, or event.kind
        virtual_service,                 -- NULL: none in particular
        real_server,                     -- NULL: none in particular
        connection_id,                   -- connections.id; NULL: none in particular
        detail                           -- in words
    FROM (
        SELECT
            id AS run_id,
            strftime('%Y-%m-%dT%H:%M:%S', started_ns / 1000000000, 'unixepoch')
                || printf('.%09dZ', started_ns % 1000000000) AS time,
            0 AS place,
            'run_began' AS kind,
            NULL AS virtual_service,
            NULL AS real_server,
            NULL AS connection_id,
            name AS detail
        FROM run
        UNION ALL SELECT
            run_id, time, 1, iif(is_change, 'configuration_changed', 'configuration'), virtual_service, NULL, NULL,
            change
        FROM configuration_changes
        UNION ALL SELECT
            event.run_id,
            strftime('%Y-%m-%dT%H:%M:%S', time_ns / 1000000000, 'unixepoch')
                || printf('.%09dZ', time_ns % 1000000000),
            2,
            kind,
            identity,
            CASE WHEN address.text LIKE '%:%' THEN '[' || address.text || ']' ELSE address.text END
                || ':' || event.port,
            connection_id,
            detail
        FROM event
            LEFT JOIN virtual_service ON virtual_service.id = virtual_service_id
            LEFT JOIN address ON address.id = event.address_id
        WHERE kind <> 'configuration_changed' OR NOT EXISTS (
            SELECT * FROM configuration
            WHERE configuration.run_id = event.run_id
                AND configuration.virtual_service_id = event.virtual_service_id
                AND time_ns BETWEEN not_before_ns AND seen_ns)
        UNION ALL SELECT
            run.id,
            strftime('%Y-%m-%dT%H:%M:%S', ended_ns / 1000000000, 'unixepoch')
                || printf('.%09dZ', ended_ns % 1000000000),
            3,
            'run_ended',
            NULL,
            NULL,
            NULL,
            CASE WHEN value IS NULL THEN 'without a verdict' ELSE 'verdict ' || value END
        FROM run LEFT JOIN verdict ON verdict.run_id = run.id AND verdict.virtual_service_id IS NULL
        WHERE ended_ns IS NOT NULL
    )
    ORDER BY run_id, time, place;

CREATE VIEW latency AS
    -- Percentiles by nearest rank, in seconds, of each real server.
    WITH
        measured AS (
            SELECT run_id, real_server_id, 0 AS measure, dip_syn_ack AS ticks
            FROM connection WHERE dip_syn IS NOT NULL AND dip_syn_ack IS NOT NULL
            UNION ALL SELECT run_id, real_server_id, 1, response
            FROM connection WHERE request IS NOT NULL AND response IS NOT NULL
            UNION ALL SELECT
                run_id,
                real_server_id,
                2,
                coalesce(vip_syn_ns / 100, 0) + coalesce(dip_syn, 0) + coalesce(dip_syn_ack, 0)
                    + coalesce(vip_syn_ack, 0) + coalesce(ack, 0) + coalesce(request, 0)
                    + coalesce(response, 0) + coalesce(ended, 0) + last
            FROM connection
        ),
        ranked AS (
            SELECT
                run_id,
                real_server_id,
                measure,
                ticks,
                row_number() OVER (PARTITION BY run_id, real_server_id, measure ORDER BY ticks) AS rank,
                count(*) OVER (PARTITION BY run_id, real_server_id, measure) AS count
            FROM measured
        )
    SELECT
        run_id,                          -- run.id
        identity AS virtual_service,     -- tcp/192.168.122.100:80
        endpoint AS real_server,         -- NULL: it was not seen which one
        -- as in view connections: real_server_connect, time_to_first_byte or duration
        CASE measure
            WHEN 0 THEN 'real_server_connect' WHEN 1 THEN 'time_to_first_byte' ELSE 'duration'
            END AS measure,
        count,                           -- connections in which both ends of it were seen
        max(CASE WHEN rank = (count * 50 + 99) / 100 THEN ticks END) / 1e7 AS p50, -- half took no longer
        max(CASE WHEN rank = (count * 90 + 99) / 100 THEN ticks END) / 1e7 AS p90, -- nine of ten took no longer
        max(CASE WHEN rank = (count * 99 + 99) / 100 THEN ticks END) / 1e7 AS p99, -- 99 of 100 took no longer
        max(ticks) / 1e7 AS max          -- the longest
    FROM ranked
        JOIN real_server ON real_server.id = real_server_id
        JOIN virtual_service ON virtual_service.id = virtual_service_id
    WHERE rank IN ((count * 50 + 99) / 100, (count * 90 + 99) / 100, (count * 99 + 99) / 100, count)
    GROUP BY run_id, real_server_id, measure;

CREATE VIEW stalls AS
    -- Where connections had to wait: one row each step of a connection that took 0.9 s or more (the first repeated
    -- SYN comes after one) or that never came.
    WITH waits AS (
        SELECT id, 1 AS step, vip_syn_ns AS after_ns, dip_syn AS ticks
        FROM connection WHERE vip_syn_ns IS NOT NULL AND (dip_syn >= 9000000 OR outcome = 6 AND dip_syn IS NULL)
        UNION ALL SELECT id, 2, coalesce(vip_syn_ns, 0) + dip_syn * 100, dip_syn_ack
        FROM connection
        WHERE dip_syn IS NOT NULL AND (dip_syn_ack >= 9000000 OR outcome = 5 AND dip_syn_ack IS NULL)
        UNION ALL SELECT id, 3, coalesce(vip_syn_ns, 0) + (coalesce(dip_syn, 0) + dip_syn_ack) * 100, vip_syn_ack
        FROM connection WHERE dip_syn_ack IS NOT NULL AND vip_syn_ack >= 9000000
        UNION ALL SELECT
            id, 4, coalesce(vip_syn_ns, 0) + (coalesce(dip_syn, 0) + coalesce(dip_syn_ack, 0) + vip_syn_ack) * 100,
            ack
        FROM connection WHERE vip_syn_ack IS NOT NULL AND ack >= 9000000
        UNION ALL SELECT
            id,
            5,
            coalesce(vip_syn_ns, 0) + (coalesce(dip_syn, 0) + coalesce(dip_syn_ack, 0) + coalesce(vip_syn_ack, 0)
                + coalesce(ack, 0) + request) * 100,
            response
        FROM connection WHERE request IS NOT NULL AND response >= 9000000
    )
    SELECT
        run_id,                          -- run.id
        connection.id AS connection_id,  -- connections.id
        strftime('%Y-%m-%dT%H:%M:%S', (first_seen_ns + after_ns) / 1000000000, 'unixepoch')
            || printf('.%09dZ', (first_seen_ns + after_ns) % 1000000000) AS time, -- since when, in UTC
        identity AS virtual_service,     -- tcp/192.168.122.100:80
        address.text AS client_address,  -- the client's
        client & 65535 AS client_port,   -- the client's
        endpoint AS real_server,         -- NULL if it was not seen which one
        -- the column of view connections that tells how long
        CASE step
            WHEN 1 THEN 'forwarding_delay_in' WHEN 2 THEN 'real_server_connect' WHEN 3 THEN 'forwarding_delay_out'
            WHEN 4 THEN 'client_handshake' ELSE 'time_to_first_byte'
            END AS step,
        -- director, real server or client
        CASE step WHEN 1 THEN 'director' WHEN 3 THEN 'director' WHEN 4 THEN 'client' ELSE 'real server' END
            AS waiting_for,
        ticks / 1e7 AS seconds,          -- how long; NULL: it never came
        coalesce(unusual ->> '$.repeated[0]', 0) + coalesce(unusual ->> '$.repeated[1]', 0)
            AS repeated,                 -- segments sent again, both ways on the VIP side
        connection_outcome.name AS outcome -- how the connection ended
    FROM waits
        JOIN connection ON connection.id = waits.id
        JOIN real_server ON real_server.id = real_server_id
        JOIN virtual_service ON virtual_service.id = virtual_service_id
        JOIN address ON address.id = client >> 16
        JOIN connection_outcome ON connection_outcome.id = outcome;

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
