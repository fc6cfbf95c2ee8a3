import IPVSModel

/// A service's captured counts beside the kernel's.
struct ServiceAudit {
    let connections: CounterComparison
    let inPackets: CounterComparison
    let outPackets: CounterComparison
    let inBytes: CounterComparison
    let outBytes: CounterComparison
    /// Whether any of the kernel's counters could be read.
    let isKernelKnown: Bool
    /// Servers whose counters went backwards or could not be read, where the virtual service's do not stand in for them.
    let unreadServers: [Endpoint]
    let packetsDropped: UInt64
    let level: RunLevel
    /// The kernel's connection table at its last reading, if it was read.
    let table: TableEvidence?
    /// Of each real server that the last reading showed.
    let entries: [EntryEvidence]

    /// Whether packets and bytes are compared.
    let arePacketsAudited: Bool

    private let causes: [DifferenceCause: UInt64]
    private let mostMissing: Int?
    private let unseenChoices: Int

    /// The largest packet without payload that asks for a connection: IPv4 and TCP header with all options.
    private static let largestSYN = 120

    /// - Parameter comparesPackets: Whether they could be compared, if every one was meant to be captured.
    init(
        _ evidence: VirtualServiceEvidence, _ sequence: ServiceSequence, packetsDropped: UInt64, level: RunLevel,
        comparesPackets: Bool
    ) {
        var rows = Array(repeating: RealServerEvidence?.none, count: sequence.servers.count)
        for row in evidence.realServers {
            if let number = sequence.number(of: row.endpoint) { rows[number] = row }
        }
        let total = evidence.kernel
        isKernelKnown = total != nil || rows.contains { $0?.kernel != nil }
        unreadServers = sequence.servers.indices.filter { total == nil && rows[$0]?.kernel == nil }
            .map { sequence.servers[$0] }
        self.packetsDropped = packetsDropped
        self.level = level
        arePacketsAudited = level.showsEveryPacket && comparesPackets
        mostMissing = evidence.mostMissing.map { Int(clamping: $0) }
        causes = evidence.causes
        table = evidence.table
        entries = evidence.realServers.compactMap(\.entries)
        unseenChoices = sequence.unseen

        let excusesMissing = packetsDropped == 0
        let compare = { (unseenAllowance: Int, counter: (TrafficCounters) -> UInt64) in
            CounterComparison(
                rows.map { row in
                    (
                        Int(clamping: row.map { counter($0.captured) } ?? 0),
                        row?.kernel.map { Int(clamping: counter($0)) },
                        Int(clamping: row.map { counter($0.uncertain) } ?? 0)
                    )
                }, total: total.map { Int(clamping: counter($0)) }, unseenAllowance: unseenAllowance,
                excusesMissing: excusesMissing)
        }
        // An assignment is counted where it was made, and not where its packets were added up.
        connections = CounterComparison(
            rows.indices.map { number in
                let row = rows[number]
                return (
                    sequence.counts[number], row?.kernel.map { Int(clamping: $0.connections) },
                    Int(clamping: row?.uncertain.connections ?? 0)
                )
            }, total: total.map { Int(clamping: $0.connections) }, unseenAllowance: sequence.unseen,
            excusesMissing: excusesMissing)
        // What never left on the DIP side was a SYN, perhaps repeated, counted on a server we cannot tell.
        let repeated = sequence.unseen > 0 ? Int(clamping: evidence.causes[.retransmission] ?? 0) : 0
        let unseenPackets = sequence.unseen + repeated
        inPackets = compare(unseenPackets) { $0.inPackets }
        inBytes = compare(unseenPackets * Self.largestSYN) { $0.inBytes }
        outPackets = compare(0) { $0.outPackets }
        outBytes = compare(0) { $0.outBytes }
    }

    /// Whether a counter went backwards, or the virtual service left.
    var wasReset: Bool { causes[.counterReset, default: 0] > 0 }

    private var comparisons: [CounterComparison] {
        arePacketsAudited ? [connections, inPackets, outPackets, inBytes, outBytes] : [connections]
    }

    /// Whether every difference is explained. Where packets are not compared, nobody knows what a dropped one was.
    var isClosed: Bool {
        isKernelKnown && comparisons.allSatisfy { $0.unexplained == 0 }
            && (packetsDropped == 0 || unreadServers.isEmpty && arePacketsAudited)
    }

    /// Whether the captures tell another story than the kernel, rather than a shorter one.
    var isContradictory: Bool { connections.isContradictory && shortPackets == 0 }

    /// Packets the kernel counted and nobody captured, where all should have been.
    var shortPackets: Int { arePacketsAudited ? inPackets.shortage + outPackets.shortage : 0 }

    /// Those, and the packets known to have been dropped.
    var missingPackets: Int { shortPackets + Int(clamping: packetsDropped) }

    /// Connections the kernel may have scheduled without our seeing it.
    var missingConnections: Int {
        min(connections.shortage + connections.lagAllowance, mostMissing ?? .max)
    }

    /// How many unseen assignments the missing evidence could hold, or could look like; `nil` if there is no telling.
    ///
    /// A missing connection is one unseen assignment. A missing packet may, besides, move a connection to another place
    /// in the order (the capture begins with a repeated SYN), which looks like one full cycle of them at most.
    ///
    /// - Parameter cycle: How many assignments one way round takes.
    func possiblyUnseen(cycle: Int) -> Int? {
        guard isKernelKnown, unreadServers.isEmpty else { return nil }
        let (byPackets, overflow) = missingPackets.multipliedReportingOverflow(by: max(1, cycle))
        return overflow ? nil : missingConnections + byPackets
    }

    /// What explains differences, of the connection table's number of rows too, by the stable names of the causes.
    var explained: [String: Int] {
        var explained: [String: Int] = [:]
        for (cause, count) in causes where count > 0 { explained[cause.rawValue] = Int(clamping: count) }
        let set = { (cause: DifferenceCause, count: Int) in
            if count > 0 { explained[cause.rawValue] = count }
        }
        set(.counterLag, connections.lag)
        set(.notTransmitted, unseenChoices)
        if isKernelKnown { set(.counterReset, connections.uncounted) }
        if arePacketsAudited { set(.destinationGone, inPackets.gone + outPackets.gone) }
        return explained
    }
}
