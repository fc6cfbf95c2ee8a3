/// How long an interval of a time series is.
enum Resolution: CaseIterable {
    /// As samples come: every second, unless it was chosen otherwise.
    case sample
    case minute
    case hour

    /// What the names of its tables end with.
    var suffix: String {
        switch self {
        case .sample: ""
        case .minute: "_minute"
        case .hour: "_hour"
        }
    }

    /// - Unit: nanoseconds; `nil` if samples are kept as they come.
    var length: Int64? {
        switch self {
        case .sample: nil
        case .minute: 60_000_000_000
        case .hour: 3_600_000_000_000
        }
    }
}

extension Migration {
    /// The time series of version 1, and what is missing.
    static let v1Samples = """
        \(samples(.sample, of: "One interval", time: "when the kernel was read", gauge: ""))

        \(samples(.minute, of: "One minute", time: "its beginning, by the clock", gauge: ", the most of its samples"))

        \(samples(.hour, of: "One hour", time: "its beginning, by the clock", gauge: ", the most of its samples"))

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
                    \(latencySources.joined(separator: "\n            UNION ALL "))
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
        """

    /// The two tables of one resolution.
    private static func samples(_ resolution: Resolution, of interval: String, time: String, gauge: String) -> String {
        """
        CREATE TABLE sample_virtual_service\(resolution.suffix) (
            -- \(interval) of a virtual service. Counters are the kernel's, cumulative, at its end.
            run_id INTEGER NOT NULL REFERENCES run, -- the run it belongs to
            virtual_service_id INTEGER NOT NULL REFERENCES virtual_service, -- which virtual service
            time_ns INTEGER NOT NULL,            -- \(time)
            conns INTEGER NOT NULL,              -- connections scheduled
            in_packets INTEGER NOT NULL,         -- packets from clients
            out_packets INTEGER NOT NULL,        -- packets to clients
            in_bytes INTEGER NOT NULL,           -- bytes from clients, IP header included
            out_bytes INTEGER NOT NULL,          -- bytes to clients, IP header included
            fairness REAL,                       -- Jain's index of assignments over weight since the run began
            PRIMARY KEY (run_id, time_ns, virtual_service_id)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE sample_real_server\(resolution.suffix) (
            -- \(interval) of a real server. Counters are the kernel's, cumulative, at its end.
            run_id INTEGER NOT NULL REFERENCES run, -- the run it belongs to
            real_server_id INTEGER NOT NULL REFERENCES real_server, -- which real server
            time_ns INTEGER NOT NULL,            -- \(time)
            weight INTEGER NOT NULL,             -- the scheduler's weight
            active INTEGER NOT NULL,             -- the kernel's active connections\(gauge)
            inactive INTEGER NOT NULL,           -- its inactive ones\(gauge)
            conns INTEGER NOT NULL,              -- connections scheduled
            in_packets INTEGER NOT NULL,         -- packets from clients
            out_packets INTEGER NOT NULL,        -- packets to clients
            in_bytes INTEGER NOT NULL,           -- bytes from clients, IP header included
            out_bytes INTEGER NOT NULL,          -- bytes to clients, IP header included
            assignments INTEGER NOT NULL,        -- our own count since the run began
            share REAL,                          -- its part of all assignments since the run began, 0 to 1
            traced_active INTEGER NOT NULL,      -- active connections by the kernel's rules replayed on the packets\(gauge)
            traced_inactive INTEGER NOT NULL,    -- inactive ones\(gauge)
            real_server_connect TEXT,            -- of connections that ended in it: JSON, {"bucket": connections …};
            time_to_first_byte TEXT,             -- NULL without any. View latency_counts has the buckets' bounds
            duration TEXT,                       -- from the first packet to the last
            PRIMARY KEY (run_id, time_ns, real_server_id)
        ) STRICT;
        """
    }

    private static var latencySources: [String] {
        Resolution.allCases.flatMap { resolution in
            ["real_server_connect", "time_to_first_byte", "duration"].map { measure in
                """
                SELECT '\(resolution)' AS resolution, run_id, real_server_id, time_ns, '\(measure)' AS measure, \
                \(measure) AS histogram FROM sample_real_server\(resolution.suffix)
                """
            }
        }
    }
}
