package import ConnectionTracing
package import IPVSModel
package import TraceStore

/// The running whole at one moment: the only thing exporters and pages see.
package struct CollectorSnapshot: Sendable {
    package var time: Timestamp
    package var started: Timestamp
    package var kernel: KernelReading
    package var captures: [CaptureStatus]
    /// Why reading packets failed, for people; `nil` while it works.
    package var captureProblem: String?
    package var trace: TraceSummary
    package var audits: [RealServerAudit]
    /// On the latest assignments of each virtual service; empty if nobody wants them.
    package var verdicts: [RollingVerdict]
    package var drains: [DrainStatus]
    package var store: StoreStatus?

    package init(
        time: Timestamp, started: Timestamp, kernel: KernelReading, captures: [CaptureStatus],
        captureProblem: String? = nil, trace: TraceSummary,
        audits: [RealServerAudit] = [], verdicts: [RollingVerdict] = [], drains: [DrainStatus] = [],
        store: StoreStatus? = nil
    ) {
        self.time = time
        self.started = started
        self.kernel = kernel
        self.captures = captures
        self.captureProblem = captureProblem
        self.trace = trace
        self.audits = audits
        self.verdicts = verdicts
        self.drains = drains
        self.store = store
    }

    /// Whether capture runs and the kernel answers: what `/-/ready` says.
    package var isReady: Bool {
        !captures.isEmpty && captureProblem == nil && kernel.problem == nil && kernel.state != nil
    }
}

/// The last reading of the kernel.
package struct KernelReading: Sendable {
    /// `nil` until the kernel was read for the first time.
    package var state: KernelState?
    /// Why the last reading failed, for people; `nil` if it did not.
    package var problem: String?
    /// How long the last reading of services and counters took.
    package var duration: Duration
    /// How long the last reading of the connection table took.
    package var tableDuration: Duration
    /// How long all readings of the connection table took, cumulative.
    package var totalTableDuration: Duration
    /// How long it is from one reading of the connection table to the next.
    package var tableInterval: Duration
    /// Readings of the table that came out too short, cumulative.
    package var shortTableReadings: UInt64
    /// Readings of the table that were given up or not begun because of their cost, cumulative.
    package var abandonedTableReadings: UInt64
    /// Rows that a reading of the table repeated, cumulative.
    package var repeatedTableRows: UInt64
    /// Rows that could not be understood, cumulative.
    package var malformedTableRows: UInt64

    package init(
        state: KernelState? = nil, problem: String? = nil, duration: Duration = .zero, tableDuration: Duration = .zero,
        totalTableDuration: Duration = .zero, tableInterval: Duration = .zero, shortTableReadings: UInt64 = 0,
        abandonedTableReadings: UInt64 = 0, repeatedTableRows: UInt64 = 0, malformedTableRows: UInt64 = 0
    ) {
        self.state = state
        self.problem = problem
        self.duration = duration
        self.tableDuration = tableDuration
        self.totalTableDuration = totalTableDuration
        self.tableInterval = tableInterval
        self.shortTableReadings = shortTableReadings
        self.abandonedTableReadings = abandonedTableReadings
        self.repeatedTableRows = repeatedTableRows
        self.malformedTableRows = malformedTableRows
    }
}

/// One capture's state.
package struct CaptureStatus: Sendable, Hashable {
    /// The interface's name, or a capture file's path.
    package var name: String
    /// `vip`, `dip`, or `both` on a one-armed director.
    package var side: String
    /// Packets that passed the kernel filter and reached us, cumulative.
    package var packetsReceived: UInt64
    /// Bytes of those packets on the wire, cumulative.
    package var bytesReceived: UInt64
    /// Packets the kernel dropped because its ring was full, cumulative.
    package var packetsDropped: UInt64
    /// Packets the interface dropped, cumulative.
    package var interfaceDropped: UInt64
    package var level: CaptureLevel
    /// How often the level changed, cumulative.
    package var levelChanges: UInt64

    package init(
        name: String, side: String, packetsReceived: UInt64 = 0, bytesReceived: UInt64 = 0,
        packetsDropped: UInt64 = 0, interfaceDropped: UInt64 = 0, level: CaptureLevel = .full, levelChanges: UInt64 = 0
    ) {
        self.name = name
        self.side = side
        self.packetsReceived = packetsReceived
        self.bytesReceived = bytesReceived
        self.packetsDropped = packetsDropped
        self.interfaceDropped = interfaceDropped
        self.level = level
        self.levelChanges = levelChanges
    }
}

/// The kernel's growth since the collector began, beside what was captured.
package struct RealServerAudit: Sendable, Hashable {
    package var virtualService: VirtualServiceIdentity
    package var realServer: Endpoint
    /// `nil` after a counter went backwards.
    package var kernel: TrafficCounters?
    package var captured: TrafficCounters

    package init(
        virtualService: VirtualServiceIdentity, realServer: Endpoint, kernel: TrafficCounters?,
        captured: TrafficCounters
    ) {
        self.virtualService = virtualService
        self.realServer = realServer
        self.kernel = kernel
        self.captured = captured
    }
}

/// The store's writer. Counts are cumulative.
package struct StoreStatus: Sendable, Hashable {
    package var connectionsWritten: UInt64
    /// Rows that were given up, because the database took none and no more could wait.
    package var dropped: [StoreRowKind: UInt64]
    /// Rows that were removed, because they were too old or there was no room.
    package var rowsRemoved: [RemovedRows: UInt64]
    /// Transactions that failed, and were tried again.
    package var failedWrites: UInt64
    /// Databases that were damaged, and set aside.
    package var damagedFiles: UInt64
    package var queuedRows: UInt64
    package var queuedBytes: UInt64
    /// Of the database and its log, in bytes.
    package var size: UInt64
    /// The last error, for people; `nil` if the last batch was written.
    package var problem: String?

    package init(
        connectionsWritten: UInt64 = 0, dropped: [StoreRowKind: UInt64] = [:],
        rowsRemoved: [RemovedRows: UInt64] = [:], failedWrites: UInt64 = 0, damagedFiles: UInt64 = 0,
        queuedRows: UInt64 = 0, queuedBytes: UInt64 = 0, size: UInt64 = 0, problem: String? = nil
    ) {
        self.connectionsWritten = connectionsWritten
        self.dropped = dropped
        self.rowsRemoved = rowsRemoved
        self.failedWrites = failedWrites
        self.damagedFiles = damagedFiles
        self.queuedRows = queuedRows
        self.queuedBytes = queuedBytes
        self.size = size
        self.problem = problem
    }

    /// Of all kinds.
    package var rowsDropped: UInt64 { dropped.values.reduce(0, +) }
}
