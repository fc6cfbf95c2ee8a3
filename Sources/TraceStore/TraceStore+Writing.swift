internal import Balance
internal import ConnectionTracing
internal import GRDB
internal import IPVSModel
internal import Synchronization

extension TraceStore {
    /// Writes a batch in one transaction: all of it or, if this throws, nothing.
    ///
    /// A batch of 10 000 connections, or of one second, is a good size.
    ///
    /// - Parameter durability: What the rows must survive from now on, and all that was written before with them. What
    ///   is needed to understand others (settings, levels, gaps) survives a power cut in any case.
    package func write(
        _ batch: StoreBatch, run: Int64, surviving durability: Durability = .processEnd
    ) throws(StoreError) {
        if batch.isEmpty { return }
        let isEssential = !batch.configurations.isEmpty || !batch.levels.isEmpty || !batch.gaps.isEmpty
        let known = memory.withLock { $0 }
        let learnt = try transaction(surviving: isEssential ? .powerCut : durability) { database, dictionaries in
            var memory = known
            for observed in batch.configurations {
                try Self.insert(observed, run: run, in: database, &dictionaries)
                memory.configurations[observed.virtualService] = observed
            }
            for gap in batch.gaps { try Self.insert(gap, run: run, in: database) }
            for change in batch.levels {
                try database.execute(
                    sql: "INSERT OR REPLACE INTO run_level VALUES (?, ?, ?, ?)",
                    arguments: [run, change.time.timestamp.rawValue, change.level.rawValue, change.cause.rawValue])
            }
            try Self.insert(batch.connections, run: run, in: database, &dictionaries)
            for event in batch.events {
                try Self.insert(event, run: run, in: database, &dictionaries)
            }
            for sample in batch.samples {
                try Self.insert(sample, .sample, run: run, in: database, &dictionaries)
                for (resolution, sum) in memory.rollups.add(sample) {
                    try Self.insert(sum, resolution, run: run, in: database, &dictionaries)
                }
            }
            try Self.insertEntries(of: batch, run: run, in: database, &dictionaries)
            return memory
        }
        memory.withLock { $0 = learnt }
    }

    static func insert(_ gap: StoreGap, run: Int64, in database: Database) throws {
        try database.execute(
            sql: "INSERT INTO gap (run_id, from_ns, to_ns, what, count, cause) VALUES (?, ?, ?, ?, ?, ?)",
            arguments: [
                run, gap.from.rawValue, gap.to.rawValue, gap.what, gap.count.map { Int64(clamping: $0) },
                gap.cause.rawValue,
            ])
    }

    private static func insert(
        _ connections: [ConnectionRecord], run: Int64, in database: Database, _ dictionaries: inout Dictionaries
    ) throws {
        let statement = try RawStatement(
            "INSERT OR REPLACE INTO connection VALUES (\(databaseQuestionMarks(count: 27)))", in: database)
        // In order of id: the table then grows at its end, and its pages are filled.
        let isSorted = zip(connections, connections.dropFirst()).allSatisfy { $0.id < $1.id }
        for record in isSorted ? connections : connections.sorted(by: { $0.id < $1.id }) {
            let row = ConnectionRow(record)
            let server = try dictionaries.id(of: record.realServer, of: record.virtualService, in: database)
            let client = try dictionaries.id(of: record.client.address, in: database)
            statement.bind(record.id, at: 1)
            statement.bind(run, at: 2)
            statement.bind(server, at: 3)
            statement.bind(row.transportProtocol, at: 4)
            statement.bind(client << 16 | Int64(record.client.port), at: 5)
            statement.bind(Int64(record.origin.rawValue), at: 6)
            statement.bind(Int64(record.outcome.rawValue), at: 7)
            statement.bind(try dictionaries.id(of: record.state, in: database), at: 8)
            statement.bind(
                try record.entry.map { try dictionaries.id(of: $0.state, in: database) }, at: 9)
            statement.bind(record.entry.map { Int64($0.expiresIn) }, at: 10)
            statement.bind(row.entryFirst, at: 11)
            statement.bind(row.entryLast, at: 12)
            statement.bind(Int64(record.vip.inPackets), at: 13)
            statement.bind(Int64(record.vip.outPackets), at: 14)
            statement.bind(Int64(clamping: record.vip.inBytes), at: 15)
            statement.bind(Int64(clamping: record.vip.outBytes), at: 16)
            statement.bind(row.unusual, at: 17)
            statement.bind(record.firstSeen.rawValue, at: 18)
            statement.bind(row.vipSYN, at: 19)
            for step in row.steps.indices {
                statement.bind(row.steps[step], at: 20 + Int32(step))
            }
            _ = try statement.step()
        }
    }

    static func insert(
        _ observed: StoreBatch.ObservedConfiguration, run: Int64, in database: Database,
        _ dictionaries: inout Dictionaries
    ) throws {
        let configuration = observed.configuration
        try database.execute(
            sql: """
                INSERT INTO configuration
                    (run_id, virtual_service_id, not_before_ns, seen_ns, scheduler, flags, persistence_s, persistence_prefix)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                run, try dictionaries.id(of: observed.virtualService, in: database), configuration.notBefore.rawValue,
                configuration.seen.rawValue, configuration.scheduler.rawValue, Int64(configuration.flags.rawValue),
                Int64(configuration.persistenceTimeout), Int64(configuration.persistencePrefixLength),
            ])
        let id = database.lastInsertedRowID
        for (position, server) in configuration.realServers.enumerated() {
            try database.execute(
                sql: "INSERT INTO configuration_real_server VALUES (?, ?, ?, ?, ?, ?, ?)",
                arguments: [
                    id, position, try dictionaries.id(of: server.endpoint, of: observed.virtualService, in: database),
                    Int64(server.weight), server.forwardingMethod.rawValue, Int64(server.upperThreshold),
                    Int64(server.lowerThreshold),
                ])
        }
    }

    static func insert(
        _ event: TraceEvent, run: Int64, in database: Database, _ dictionaries: inout Dictionaries
    ) throws {
        let service = try event.virtualService.map { try dictionaries.id(of: $0, in: database) }
        let address = try event.realServer.map { try dictionaries.id(of: $0.address, in: database) }
        try database.cachedStatement(
            sql: """
                INSERT INTO event
                    (run_id, time_ns, kind, virtual_service_id, address_id, port, connection_id, detail)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """
        ).execute(arguments: [
            run, event.time.rawValue, event.kind.rawValue, service, address,
            event.realServer.map { Int64($0.port) }, event.connection, event.detail,
        ])
    }

    private static func insert(
        _ sample: TrafficSample, _ resolution: Resolution, run: Int64, in database: Database,
        _ dictionaries: inout Dictionaries
    ) throws {
        let service: [(any DatabaseValueConvertible)?] =
            [run, try dictionaries.id(of: sample.virtualService, in: database), sample.time.rawValue]
            + columns(sample.counters) + [sample.fairness]
        try database.cachedStatement(
            sql: """
                INSERT OR REPLACE INTO sample_virtual_service\(resolution.suffix)
                VALUES (\(databaseQuestionMarks(count: service.count)))
                """
        ).execute(arguments: StatementArguments(service))
        for server in sample.realServers {
            let id = try dictionaries.id(of: server.endpoint, of: sample.virtualService, in: database)
            let values: [(any DatabaseValueConvertible)?] =
                [
                    run, id, sample.time.rawValue, Int64(server.weight), Int64(server.activeConnections),
                    Int64(server.inactiveConnections),
                ] + columns(server.counters) + [
                    Int64(clamping: server.assignments), server.share, Int64(clamping: server.tracedActive),
                    Int64(clamping: server.tracedInactive), json(server.latencies.connect),
                    json(server.latencies.firstByte), json(server.latencies.duration),
                ]
            try database.cachedStatement(
                sql: """
                    INSERT OR REPLACE INTO sample_real_server\(resolution.suffix)
                    VALUES (\(databaseQuestionMarks(count: values.count)))
                    """
            ).execute(arguments: StatementArguments(values))
        }
    }

    private static func json(_ latencies: LatencyBuckets) -> String? { latencies.isEmpty ? nil : latencies.json }
}
