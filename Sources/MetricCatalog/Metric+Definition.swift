extension Metric {
    /// The metric's kind, help, unit, labels and source.
    package var definition: MetricDefinition {
        switch self {
        case .up:
            .gauge("Whether the last reading of the kernel's IPVS succeeded.", from: .netlink)
        case .info:
            .info(
                "The version of the kernel's IPVS and the size of its connection table in hash buckets.",
                ["version", "table_size"], from: .netlink)
        case .virtualServiceInfo:
            .info(
                "A virtual service's scheduler, flags and persistence, whose timeout is in seconds.",
                Labels.virtualService + [
                    "scheduler", "flags", "persistence_timeout", "persistence_prefix_length", "persistence_engine",
                ], from: .netlink)
        case .virtualServiceRealServers:
            .gauge(
                "Real servers of a virtual service, those of weight 0 included.", Labels.virtualService,
                from: .netlink)
        case .virtualServiceConnectionsTotal:
            .counter("Connections scheduled.", Labels.virtualService, from: .counters)
        case .virtualServiceIncomingPacketsTotal:
            .counter("Packets from clients.", Labels.virtualService, from: .counters)
        case .virtualServiceOutgoingPacketsTotal:
            .counter("Packets to clients.", Labels.virtualService, from: .counters)
        case .virtualServiceIncomingBytesTotal:
            .counter("Bytes from clients, IP header included.", .bytes, Labels.virtualService, from: .counters)
        case .virtualServiceOutgoingBytesTotal:
            .counter("Bytes to clients, IP header included.", .bytes, Labels.virtualService, from: .counters)
        case .realServerInfo:
            .info("A real server's forwarding method.", Labels.realServer + ["forwarding_method"], from: .netlink)
        case .realServerConnectionsTotal:
            .counter("Connections scheduled onto a real server.", Labels.realServer, from: .counters)
        case .realServerIncomingPacketsTotal:
            .counter("Packets from clients to a real server.", Labels.realServer, from: .counters)
        case .realServerOutgoingPacketsTotal:
            .counter("Packets from a real server to clients.", Labels.realServer, from: .counters)
        case .realServerIncomingBytesTotal:
            .counter(
                "Bytes from clients to a real server, IP header included.", .bytes, Labels.realServer, from: .counters)
        case .realServerOutgoingBytesTotal:
            .counter(
                "Bytes from a real server to clients, IP header included.", .bytes, Labels.realServer, from: .counters)
        case .realServerActiveConnections:
            .gauge("Connections the kernel counts as active.", Labels.realServer, from: .netlink)
        case .realServerInactiveConnections:
            .gauge("Connections the kernel counts as inactive.", Labels.realServer, from: .netlink)
        case .realServerPersistentConnections:
            .gauge("Persistence templates that point to a real server.", Labels.realServer, from: .netlink)
        case .realServerWeight:
            .gauge("A real server's weight; 0 takes no new connections.", Labels.realServer, from: .netlink)
        case .realServerUpperThreshold:
            .gauge(
                "Connections above which a real server counts as overloaded; 0 is no limit.", Labels.realServer,
                from: .netlink)
        case .realServerLowerThreshold:
            .gauge(
                "Connections below which an overloaded real server takes new ones again; 0 is the kernel's default.",
                Labels.realServer, from: .netlink)

        case .assignmentsTotal:
            .counter("Acts of scheduling seen in the captured packets.", Labels.realServer, from: .tracer)
        case .connectionsEndedTotal:
            .counter("Connections that ended, by how.", Labels.realServer + ["outcome"], from: .tracer)
        case .openConnections:
            .gauge("Connections that are open in the captured packets.", Labels.realServer, from: .tracer)
        case .tracedActiveConnections:
            .gauge(
                "Connections that count as active by the kernel's rules replayed on the packets.", Labels.realServer,
                from: .tracer)
        case .tracedInactiveConnections:
            .gauge(
                "Connections that count as inactive by the kernel's rules replayed on the packets.", Labels.realServer,
                from: .tracer)
        case .synRetransmissionsTotal:
            .counter(
                "SYNs that clients repeated, by which step before their answer is missing; without a real server where "
                    + "it was not known.", Labels.realServer + ["reason"], from: .tracer)
        case .connectionTroublesTotal:
            .counter(
                "What went wrong with connections, by kind, each as often as it is told as an event; without a real "
                    + "server where it was not known.", Labels.realServer + ["kind"], from: .tracer)
        case .realServerConnectSeconds:
            .histogram(
                "Time from a SYN sent to a real server to its SYN-ACK, as seen on the director.", .seconds,
                Labels.realServer, from: .tracer)
        case .unmatchedPacketsTotal:
            .counter(
                "Packets to or from a virtual service that belong to no connection.", Labels.virtualService,
                from: .tracer)

        case .assignmentShareRatio:
            .gauge(
                "A real server's part of the assignments to its virtual service's present real servers.", .ratio,
                Labels.realServer, from: .balance)
        case .assignmentExpectedShareRatio:
            .gauge(
                "The part of assignments that a real server's present weight promises it.", .ratio,
                Labels.realServer, from: .balance)
        case .assignmentShareErrorRatio:
            .gauge(
                "A real server's share of assignments minus the expected one.", .ratio, Labels.realServer,
                from: .balance)
        case .fairnessJainRatio:
            .gauge(
                "Jain's fairness index of assignments over weight since the collector began.", .ratio,
                Labels.virtualService, from: .balance)
        case .fairnessJainCeilingRatio:
            .gauge(
                "The highest Jain index that whole numbers of assignments allow.", .ratio, Labels.virtualService,
                from: .balance)

        case .verdict:
            .gauge(
                "Whether this is the verdict on the latest assignments: pass, fail or inconclusive.",
                Labels.virtualService + ["verdict"], from: .judge)
        case .verdictAssignments:
            .gauge(
                "Assignments that the latest verdict rests on, those of the last 5 minutes and 1000 at most.",
                Labels.virtualService, from: .judge)
        case .verdictViolations:
            .gauge(
                "Assignments among them that the scheduler could not have made.", Labels.virtualService, from: .judge)
        case .verdictChangesTotal:
            .counter("Changes of the verdict on the latest assignments.", Labels.virtualService, from: .judge)

        case .drainingOpenConnections:
            .gauge(
                "Open connections of a real server whose weight was set to 0 or that left its virtual service.",
                Labels.realServer, from: .tracer)
        case .drainingNewConnectionsTotal:
            .counter(
                "Connections that began on a real server while it drained, by why.", Labels.realServer + ["reason"],
                from: .tracer)

        case .auditKernelConnectionsTotal:
            .counter(
                "Connections by the kernel's counter since the collector began.", Labels.realServer, from: .audit)
        case .auditCapturedConnectionsTotal:
            .counter("Connections by captured packets since the collector began.", Labels.realServer, from: .audit)
        case .auditConnectionsDifference:
            .gauge(
                "Connections the kernel counted minus those captured; its counter lags by up to 2 s.",
                Labels.realServer, from: .audit)
        case .auditCausesTotal:
            .counter(
                "Events that may make packets, connection table and kernel counters differ, by reason.",
                Labels.virtualService + ["reason"], from: .tracer)
        case .connectionTableRows:
            .gauge("Rows of the kernel's connection table at the last reading.", from: .table)
        case .connectionTableRowsWithoutConnection:
            .gauge(
                "Rows of the kernel's connection table that no traced connection explains, by reason.", ["reason"],
                from: .table)
        case .connectionsWithoutTableRow:
            .gauge("Traced connections that should have had a row at the last reading and had none.", from: .table)

        case .buildInfo:
            .info("The version of ipvscope.", ["version"], from: .program)
        case .capturePacketsTotal:
            .counter("Packets captured.", Labels.capture, from: .capture)
        case .captureBytesTotal:
            .counter("Bytes of the captured packets on the wire.", .bytes, Labels.capture, from: .capture)
        case .captureDroppedPacketsTotal:
            .counter("Packets dropped because the capture ring was full.", Labels.capture, from: .capture)
        case .captureInterfaceDroppedPacketsTotal:
            .counter("Packets dropped by the interface or its driver.", Labels.capture, from: .capture)
        case .captureLevel:
            .gauge(
                "Whether this is what is captured: full, or handshake, which leaves out all TCP but SYN, FIN and RST.",
                Labels.capture + ["level"], from: .program)
        case .captureLevelChangesTotal:
            .counter("Changes of the capture level.", Labels.capture, from: .program)
        case .undecodablePacketsTotal:
            .counter("Packets that could not be decoded, by reason.", ["reason"], from: .tracer)
        case .foreignPacketsTotal:
            .counter("Packets that belong to no virtual service and no real server.", from: .tracer)
        case .trackedConnections:
            .gauge("Connections in the tracer's table.", from: .tracer)
        case .trackedConnectionsLimit:
            .gauge("Connections the tracer's table may hold.", from: .tracer)
        case .evictedConnectionsTotal:
            .counter("Connections dropped from the tracer's table because it was full.", from: .tracer)
        case .kernelReadDurationSeconds:
            .gauge("How long the last reading of virtual services and counters took.", .seconds, from: .program)
        case .tableReadDurationSeconds:
            .gauge("How long the last reading of the connection table took.", .seconds, from: .program)
        case .tableReadSecondsTotal:
            .counter(
                "Time spent reading the connection table; its rate is the part of the time, at most a tenth.", .seconds,
                from: .program)
        case .tableReadIntervalSeconds:
            .gauge("How long it is from one reading of the connection table to the next.", .seconds, from: .program)
        case .tableShortReadingsTotal:
            .counter(
                "Readings of the connection table that gave less than half of its entries and were repeated.",
                from: .program)
        case .tableAbandonedReadingsTotal:
            .counter(
                "Readings of the connection table that were given up, or at the end of a run not begun, because of their cost.",
                from: .program)
        case .tableRepeatedRowsTotal:
            .counter("Rows that a reading of the connection table repeated.", from: .table)
        case .tableMalformedRowsTotal:
            .counter("Rows of the connection table that could not be understood.", from: .table)
        case .storeUp:
            .gauge("Whether the last batch for the database was written.", from: .store)
        case .storeConnectionsWrittenTotal:
            .counter("Connections written to the database.", from: .store)
        case .storeDroppedRowsTotal:
            .counter("Rows lost on their way to the database, by kind.", ["kind"], from: .store)
        case .storeRemovedRowsTotal:
            .counter("Rows removed from the database by --retention-age or --retention-size.", ["kind"], from: .store)
        case .storeFailedWritesTotal:
            .counter("Transactions that the database refused; they are tried again.", from: .store)
        case .storeDamagedFilesTotal:
            .counter("Databases that were damaged, and set aside for a new one.", from: .store)
        case .storeQueuedRows:
            .gauge("Rows that wait to be written to the database.", from: .store)
        case .storeQueuedBytes:
            .gauge("Memory of the rows that wait to be written to the database.", .bytes, from: .store)
        case .storeSizeBytes:
            .gauge("Size of the database and its log.", .bytes, from: .store)
        case .collectorStartTimeSeconds:
            .gauge("When the collector began, in Unix time.", .seconds, from: .program)
        case .scrapeDurationSeconds:
            .gauge("How long it took to gather the metrics of this scrape.", .seconds, from: .program)

        case .processCPUSecondsTotal:
            .counter("User and system CPU time spent.", .seconds, from: .process)
        case .processResidentMemoryBytes:
            .gauge("Resident memory.", .bytes, from: .process)
        case .processVirtualMemoryBytes:
            .gauge("Virtual memory.", .bytes, from: .process)
        case .processOpenFDs:
            .gauge("Open file descriptors.", from: .process)
        case .processMaxFDs:
            .gauge("The most file descriptors that may be open.", from: .process)
        case .processStartTimeSeconds:
            .gauge("When the process started, in Unix time.", .seconds, from: .process)
        }
    }
}

/// Label sets that several metrics share. The names are node_exporter's, so that its series join with ours.
private enum Labels {
    static let virtualService = ["local_address", "local_port", "proto", "local_mark"]
    static let realServer = virtualService + ["remote_address", "remote_port"]
    static let capture = ["interface", "side"]
}

/// Where values come from, in the words of `docs/metrics.md`.
private enum Source: String {
    case netlink = "kernel, generic netlink"
    case counters = "kernel, generic netlink, `STATS64` (lags by up to 2 s)"
    case table = "kernel, `/proc/net/ip_vs_conn`"
    case capture = "libpcap"
    case tracer = "captured packets"
    case balance = "captured packets and kernel weights"
    case audit = "kernel counters and captured packets"
    case judge = "scheduler models on captured packets, kernel counters and weights"
    case store = "the database's writer"
    case process = "`/proc/self`"
    case program = "ipvscope"
}

extension MetricDefinition {
    fileprivate static func counter(
        _ help: String, _ unit: Unit = .none, _ labels: [String] = [], from source: Source
    ) -> Self {
        Self(kind: .counter, help: help, unit: unit, labels: labels, source: source.rawValue)
    }

    fileprivate static func counter(_ help: String, _ labels: [String], from source: Source) -> Self {
        counter(help, .none, labels, from: source)
    }

    fileprivate static func gauge(
        _ help: String, _ unit: Unit = .none, _ labels: [String] = [], from source: Source
    ) -> Self {
        Self(kind: .gauge, help: help, unit: unit, labels: labels, source: source.rawValue)
    }

    fileprivate static func gauge(_ help: String, _ labels: [String], from source: Source) -> Self {
        gauge(help, .none, labels, from: source)
    }

    fileprivate static func histogram(_ help: String, _ unit: Unit, _ labels: [String], from source: Source) -> Self {
        Self(kind: .histogram, help: help, unit: unit, labels: labels, source: source.rawValue)
    }

    fileprivate static func info(_ help: String, _ labels: [String], from source: Source) -> Self {
        Self(kind: .info, help: help, unit: .none, labels: labels, source: source.rawValue)
    }
}
