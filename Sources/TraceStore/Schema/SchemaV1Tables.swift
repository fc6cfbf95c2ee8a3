extension Migration {
    /// The tables of version 1. Comments stand inside the statements, so that `.schema` shows them.
    static let v1Tables = """
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
        """
}
