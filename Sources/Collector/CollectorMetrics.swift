import Balance
import ConnectionTracing
import IPVSModel
package import MetricCatalog
import TraceStore

extension CollectorSnapshot {
    /// Everything the collector knows as metrics; the program's own few are the web interface's to add.
    ///
    /// What comes from the kernel is the last reading's: a virtual service or real server that vanished from the kernel
    /// vanishes here, and so does all of it while the kernel cannot be read.
    package func metrics() -> MetricSnapshot {
        var metrics = MetricSnapshot()
        let readable = kernel.problem == nil ? kernel.state : nil
        metrics.append(.up, .integer(readable == nil ? 0 : 1))
        if let readable { metrics.append(readable) }
        metrics.append(trace)
        if let readable { metrics.append(sharesOf: readable.virtualServices, in: trace) }
        if readable != nil { metrics.append(verdicts) }
        metrics.append(drains)
        metrics.append(audits)
        metrics.append(captures)
        metrics.append(.kernelReadDurationSeconds, .number(kernel.duration / .seconds(1)))
        metrics.append(.tableReadDurationSeconds, .number(kernel.tableDuration / .seconds(1)))
        metrics.append(.tableReadSecondsTotal, .number(kernel.totalTableDuration / .seconds(1)))
        metrics.append(.tableReadIntervalSeconds, .number(kernel.tableInterval / .seconds(1)))
        metrics.append(.tableShortReadingsTotal, .integer(kernel.shortTableReadings))
        metrics.append(.tableAbandonedReadingsTotal, .integer(kernel.abandonedTableReadings))
        metrics.append(.tableRepeatedRowsTotal, .integer(kernel.repeatedTableRows))
        metrics.append(.tableMalformedRowsTotal, .integer(kernel.malformedTableRows))
        // A Double holds no nanoseconds of our time: milliseconds keep the text short and true.
        metrics.append(.collectorStartTimeSeconds, .number(Double(started.rawValue / 1_000_000) / 1_000))
        if let store {
            metrics.append(.storeUp, .integer(store.problem == nil ? 1 : 0))
            metrics.append(.storeConnectionsWrittenTotal, .integer(store.connectionsWritten))
            metrics.append(
                .storeDroppedRowsTotal, StoreRowKind.allCases.map { ([$0.rawValue], store.dropped[$0] ?? 0) }
            ) { $0 }
            metrics.append(
                .storeRemovedRowsTotal, RemovedRows.allCases.map { ([$0.rawValue], store.rowsRemoved[$0] ?? 0) }
            ) { $0 }
            metrics.append(.storeFailedWritesTotal, .integer(store.failedWrites))
            metrics.append(.storeDamagedFilesTotal, .integer(store.damagedFiles))
            metrics.append(.storeQueuedRows, .integer(store.queuedRows))
            metrics.append(.storeQueuedBytes, .integer(store.queuedBytes))
            metrics.append(.storeSizeBytes, .integer(store.size))
        }
        return metrics
    }
}

extension MetricSnapshot {
    /// What there is to say before the collector's first snapshot.
    package static var beforeFirstReading: Self {
        var metrics = Self()
        metrics.append(.up, .integer(0))
        return metrics
    }

    fileprivate typealias Row<Source> = (labels: [String], source: Source)

    /// Adds one sample per row.
    fileprivate mutating func append<Source>(
        _ metric: Metric, _ rows: [Row<Source>], _ value: (Source) -> UInt64
    ) {
        append(metric, rows.map { Sample(labels: $0.labels, value: .integer(value($0.source))) })
    }

    /// Adds a sample, if it has a value.
    fileprivate mutating func append(_ metric: Metric, _ labels: [String], _ value: Double?) {
        guard let value else { return }
        append(metric, CollectionOfOne(Sample(labels: labels, value: .number(value))))
    }

    /// Adds a sample of an info metric.
    fileprivate mutating func append(_ metric: Metric, info labels: [String]) {
        append(metric, CollectionOfOne(Sample(labels: labels, value: .integer(1))))
    }

    fileprivate mutating func append(_ kernel: KernelState) {
        append(.info, info: [kernel.version, String(kernel.connectionTableSize)])
        let services: [Row<VirtualService>] = kernel.virtualServices.unique(by: \.identity).map {
            ($0.identity.labels, $0)
        }
        for (labels, service) in services { append(.virtualServiceInfo, info: labels + service.infoLabels) }
        append(.virtualServiceRealServers, services) { UInt64($0.realServers.count) }
        append(.virtualServiceConnectionsTotal, services) { $0.counters.connections }
        append(.virtualServiceIncomingPacketsTotal, services) { $0.counters.inPackets }
        append(.virtualServiceOutgoingPacketsTotal, services) { $0.counters.outPackets }
        append(.virtualServiceIncomingBytesTotal, services) { $0.counters.inBytes }
        append(.virtualServiceOutgoingBytesTotal, services) { $0.counters.outBytes }

        let servers: [Row<RealServer>] = services.flatMap { labels, service in
            service.realServers.unique(by: \.endpoint).map { (labels + $0.endpoint.labels, $0) }
        }
        for (labels, server) in servers {
            append(.realServerInfo, info: labels + [server.forwardingMethod.rawValue])
        }
        append(.realServerConnectionsTotal, servers) { $0.counters.connections }
        append(.realServerIncomingPacketsTotal, servers) { $0.counters.inPackets }
        append(.realServerOutgoingPacketsTotal, servers) { $0.counters.outPackets }
        append(.realServerIncomingBytesTotal, servers) { $0.counters.inBytes }
        append(.realServerOutgoingBytesTotal, servers) { $0.counters.outBytes }
        append(.realServerActiveConnections, servers) { UInt64($0.activeConnections) }
        append(.realServerInactiveConnections, servers) { UInt64($0.inactiveConnections) }
        append(.realServerPersistentConnections, servers) { UInt64($0.persistentConnections) }
        append(.realServerWeight, servers) { UInt64(clamping: $0.weight) }
        append(.realServerUpperThreshold, servers) { UInt64($0.upperThreshold) }
        append(.realServerLowerThreshold, servers) { UInt64($0.lowerThreshold) }
    }

    fileprivate mutating func append(_ trace: TraceSummary) {
        for service in trace.virtualServices.unique(by: \.identity) {
            let labels = service.identity.labels
            let servers: [Row<RealServerTrace>] = service.realServers.unique(by: \.endpoint).map {
                (labels + $0.endpoint.labels, $0)
            }
            append(.assignmentsTotal, servers) { $0.captured.connections }
            append(.openConnections, servers) { $0.openConnections }
            append(.tracedActiveConnections, servers) { $0.activeEntries }
            append(.tracedInactiveConnections, servers) { $0.inactiveEntries }
            let unknown = (labels: labels + ["", ""], source: service.troubles)
            let troubles = servers.map { (labels: $0.labels, source: $0.source.troubles) } + [unknown]
            for reason in SYNRetransmission.allCases {
                append(.synRetransmissionsTotal, troubles.map { ($0.labels + [reason.rawValue], $0.source) }) {
                    $0.synRetransmissions[reason] ?? 0
                }
            }
            for kind in TraceEvent.Kind.troubles {
                append(.connectionTroublesTotal, troubles.map { ($0.labels + [kind.rawValue], $0.source) }) {
                    $0.events[kind] ?? 0
                }
            }
            for outcome in ConnectionOutcome.allCases where outcome != .open {
                append(.connectionsEndedTotal, servers.map { ($0.labels + [outcome.name], $0.source) }) {
                    $0.count(of: outcome)
                }
            }
            append(
                .realServerConnectSeconds,
                servers.map { Sample(labels: $0.labels, value: .histogram($0.source.connectLatency.histogram)) })
            append(.unmatchedPacketsTotal, [(labels, service)]) { $0.unmatchedPackets }
            append(.auditCausesTotal, service.causes.rows(after: labels)) { $0.count }
        }
        append(.connectionTableRows, .integer(trace.tableRows))
        append(.connectionTableRowsWithoutConnection, trace.tableRowsWithoutConnection.rows()) { $0.count }
        append(.connectionsWithoutTableRow, .integer(trace.connectionsWithoutTableRow))
        append(.undecodablePacketsTotal, trace.undecodablePackets.unique(by: \.reason).map { ([$0.reason], $0) }) {
            $0.count
        }
        append(.foreignPacketsTotal, .integer(trace.foreignPackets))
        append(.trackedConnections, .integer(trace.trackedConnections))
        append(.trackedConnectionsLimit, .integer(trace.capacity))
        append(.evictedConnectionsTotal, .integer(trace.evictedConnections))
    }

    /// Adds who got what of the assignments, against what the present weights promise. Real servers that are no longer
    /// configured do not count.
    fileprivate mutating func append(sharesOf services: [VirtualService], in trace: TraceSummary) {
        let traces = Dictionary(
            trace.virtualServices.map { ($0.identity, $0) }, uniquingKeysWith: { first, _ in first })
        for service in services.unique(by: \.identity) {
            let traced = Dictionary(
                (traces[service.identity]?.realServers ?? []).map { ($0.endpoint, $0.captured.connections) },
                uniquingKeysWith: { first, _ in first })
            let servers = service.realServers.unique(by: \.endpoint)
            let counts = servers.map { Int(traced[$0.endpoint] ?? 0) }
            let total = Double(counts.reduce(0, +))
            let expected = service.scheduler.dueShares(weights: servers.map(\.weight))
            for (server, (count, expected)) in zip(servers, zip(counts, expected)) {
                let labels = service.identity.labels + server.endpoint.labels
                append(.assignmentExpectedShareRatio, labels, expected)
                guard total > 0 else { continue }
                append(.assignmentShareRatio, labels, Double(count) / total)
                append(.assignmentShareErrorRatio, labels, Double(count) / total - expected)
            }
            let fairness = FairnessMeasures(counts: counts, expected: expected.map { $0 * total })
            append(.fairnessJainRatio, service.identity.labels, fairness.jain)
            append(.fairnessJainCeilingRatio, service.identity.labels, fairness.jainCeiling)
        }
    }

    fileprivate mutating func append(_ audits: [RealServerAudit]) {
        let rows: [Row<RealServerAudit>] = audits.map { ($0.virtualService.labels + $0.realServer.labels, $0) }
            .unique(by: \.labels)
        append(.auditCapturedConnectionsTotal, rows) { $0.captured.connections }
        for (labels, audit) in rows {
            guard let kernel = audit.kernel?.connections else { continue }
            append(.auditKernelConnectionsTotal, [(labels, kernel)]) { $0 }
            append(.auditConnectionsDifference, labels, Double(kernel) - Double(audit.captured.connections))
        }
    }

    fileprivate mutating func append(_ verdicts: [RollingVerdict]) {
        let rows: [Row<RollingVerdict>] = verdicts.unique(by: \.virtualService).map { ($0.virtualService.labels, $0) }
        for verdict in Verdict.allCases {
            append(.verdict, rows.map { ($0.labels + [verdict.rawValue], $0.source) }) {
                $0.verdict == verdict ? 1 : 0
            }
        }
        append(.verdictAssignments, rows) { UInt64($0.assignments) }
        append(.verdictViolations, rows) { UInt64($0.violations) }
        append(.verdictChangesTotal, rows) { $0.changes }
    }

    fileprivate mutating func append(_ drains: [DrainStatus]) {
        let rows: [Row<DrainStatus>] = drains.map { ($0.virtualService.labels + $0.realServer.labels, $0) }
            .unique(by: \.labels)
        append(.drainingOpenConnections, rows.filter { $0.source.openConnections != nil }) { $0.openConnections ?? 0 }
        for reason in DrainReason.allCases {
            append(.drainingNewConnectionsTotal, rows.map { ($0.labels + [reason.rawValue], $0.source) }) {
                $0.newConnections[reason] ?? 0
            }
        }
    }

    fileprivate mutating func append(_ captures: [CaptureStatus]) {
        let rows: [Row<CaptureStatus>] = captures.map { ([$0.name, $0.side], $0) }.unique(by: \.labels)
        append(.capturePacketsTotal, rows) { $0.packetsReceived }
        append(.captureBytesTotal, rows) { $0.bytesReceived }
        append(.captureDroppedPacketsTotal, rows) { $0.packetsDropped }
        append(.captureInterfaceDroppedPacketsTotal, rows) { $0.interfaceDropped }
        for level in CaptureLevel.allCases {
            append(.captureLevel, rows.map { ($0.labels + [level.rawValue], $0.source) }) { $0.level == level ? 1 : 0 }
        }
        append(.captureLevelChangesTotal, rows) { $0.levelChanges }
    }
}

extension VirtualService {
    /// `scheduler`, `flags`, `persistence_timeout`, `persistence_prefix_length`, `persistence_engine`.
    fileprivate var infoLabels: [String] {
        let names: [(Flags, String)] = [
            (.persistent, "persistent"), (.onePacket, "one_packet"), (.schedulerFlag1, "scheduler_flag_1"),
            (.schedulerFlag2, "scheduler_flag_2"), (.schedulerFlag3, "scheduler_flag_3"),
        ]
        let isPersistent = flags.contains(.persistent)
        return [
            scheduler.rawValue,
            names.filter { flags.contains($0.0) }.map(\.1).joined(separator: ","),
            isPersistent ? String(persistenceTimeout) : "",
            isPersistent ? String(persistencePrefixLength) : "",
            persistenceEngine ?? "",
        ]
    }
}

extension RealServerTrace {
    fileprivate func count(of outcome: ConnectionOutcome) -> UInt64 {
        let index = Int(outcome.rawValue)
        return outcomes.indices.contains(index) ? outcomes[index] : 0
    }
}

extension LatencyHistogram {
    fileprivate var histogram: MetricSnapshot.Histogram {
        MetricSnapshot.Histogram(
            bounds: Self.boundsInNanoseconds.map { Double($0) / 1e9 }, buckets: buckets, count: count,
            sum: Double(sumInNanoseconds) / 1e9)
    }
}

extension [TraceSummary.DifferenceCount] {
    /// One row per reason, with the reason as the last label.
    fileprivate func rows(after labels: [String] = []) -> [MetricSnapshot.Row<Element>] {
        unique(by: \.reason).map { (labels + [$0.reason], $0) }
    }
}

extension Array {
    /// The elements without those whose `key` an earlier one had: a series told twice spoils a whole scrape.
    fileprivate func unique<Key: Hashable>(by key: (Element) -> Key) -> Self {
        var seen = Set<Key>(minimumCapacity: count)
        return filter { seen.insert(key($0)).inserted }
    }
}
