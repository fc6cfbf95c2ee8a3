import Balance
import ConnectionTracing
package import IPVSModel
package import TraceStore

/// Batches that wait to be written: bounded by rows and by bytes, and when it is full the least valuable rows go.
///
/// A value without clock or I/O. What was given up is remembered until somebody wrote it down as a gap.
package struct StoreQueue: Sendable {
    /// How much may wait, what is being written included.
    package struct Limits: Sendable, Hashable {
        package var rows: Int
        /// As rows take in memory.
        package var bytes: Int

        package init(rows: Int = 400_000, bytes: Int = 192 << 20) {
            self.rows = rows
            self.bytes = bytes
        }
    }

    /// A batch, and how much of each kind it has.
    private struct Item: Sendable {
        var batch: StoreBatch
        var rows: [StoreRowKind: Int] = [:]
        var bytes = 0

        init(_ batch: StoreBatch) {
            self.batch = batch
            count()
        }

        var total: Int { rows.values.reduce(0, +) }

        mutating func count() {
            rows = [:]
            var kinds = Array(repeating: 0, count: StoreRowKind.allCases.count)
            for record in batch.connections { kinds[StoreRowKind.number(of: record)] += 1 }
            for (kind, count) in zip(StoreRowKind.allCases, kinds) where count > 0 { rows[kind] = count }
            if !batch.samples.isEmpty { rows[.sample] = batch.samples.reduce(0) { $0 + 1 + $1.realServers.count } }
            if !batch.events.isEmpty { rows[.event] = batch.events.count }
            if batch.entryRows > 0 { rows[.entry] = batch.entryRows }
            let settings = batch.configurations.count + batch.levels.count
            if settings > 0 { rows[.setting] = settings }
            bytes =
                batch.connections.count * MemoryLayout<ConnectionRecord>.stride
                + batch.events.reduce(0) { $0 + MemoryLayout<TraceEvent>.stride + $1.detail.utf8.count }
                + (rows[.sample] ?? 0) * 1_024 + settings * 512 + batch.entryRows * MemoryLayout<EntryChange>.stride
        }
    }

    /// Rows that were given up.
    package struct Loss: Sendable, Hashable {
        package var count: UInt64
        package var from: Timestamp
        package var to: Timestamp

        package init(count: UInt64, from: Timestamp, to: Timestamp) {
            self.count = count
            self.from = from
            self.to = to
        }

        fileprivate mutating func add(_ other: Self) {
            count += other.count
            from = min(from, other.from)
            to = max(to, other.to)
        }
    }

    private let limits: Limits
    private var items: [Item] = []
    private var inFlight: Item?
    package private(set) var rows = 0
    package private(set) var bytes = 0
    /// What was given up, and is not yet written down.
    package private(set) var losses: [StoreRowKind: Loss] = [:]

    package init(limits: Limits = Limits()) { self.limits = limits }

    package var isEmpty: Bool { items.isEmpty && inFlight == nil }

    /// - Returns: How many rows of each kind had to be given up, of these or of older ones.
    package mutating func append(_ batch: StoreBatch) -> [StoreRowKind: UInt64] {
        for part in batch.parts { add(Item(part), atFront: false) }
        return shed()
    }

    /// Notes rows that were lost elsewhere.
    package mutating func note(_ loss: Loss, of kind: StoreRowKind) {
        if losses[kind]?.add(loss) == nil { losses[kind] = loss }
    }

    /// The oldest batches, together about as many rows as asked for; they stay counted until they are settled.
    package mutating func take(rows most: Int) -> StoreBatch? {
        guard var first = items.first else { return nil }
        var taken = 1
        var count = first.total
        while taken < items.count, count + items[taken].total <= most {
            count += items[taken].total
            taken += 1
        }
        if taken > 1 {
            for item in items[1..<taken] { first.batch.append(item.batch) }
            first.count()
        }
        items.removeFirst(taken)
        inFlight = first
        return first.batch
    }

    /// What was taken is written.
    package mutating func settle() {
        guard let item = inFlight else { return }
        inFlight = nil
        rows -= item.total
        bytes -= item.bytes
    }

    /// What was taken could not be written, and waits again.
    package mutating func putBack() {
        guard let item = inFlight else { return }
        settle()
        add(item, atFront: true)
    }

    /// Gives up everything.
    package mutating func giveUp() -> [StoreRowKind: UInt64] {
        putBack()
        return StoreRowKind.allCases.reduce(into: [:]) { lost, kind in
            for index in items.indices { drop(kind, at: index, &lost) }
            items.removeAll { $0.total == 0 }
        }
    }

    /// What was given up, as it is to be written down.
    package var gaps: [StoreGap] {
        StoreRowKind.allCases.compactMap { kind in
            losses[kind].map {
                StoreGap(from: $0.from, to: $0.to, what: kind.rawValue, count: $0.count, cause: .queueFull)
            }
        }
    }

    /// Losses are in the database now, as gaps; what was lost meanwhile is another one.
    package mutating func noteWritten(_ gaps: [StoreGap]) {
        for gap in gaps {
            guard let kind = StoreRowKind(rawValue: gap.what), let loss = losses[kind], let count = gap.count else {
                continue
            }
            losses[kind] = loss.count > count ? Loss(count: loss.count - count, from: gap.to, to: loss.to) : nil
        }
    }

    private mutating func add(_ item: Item, atFront: Bool) {
        rows += item.total
        bytes += item.bytes
        items.insert(item, at: atFront ? 0 : items.count)
    }

    /// Gives up the least valuable rows, of those the oldest, until the rest may wait.
    private mutating func shed() -> [StoreRowKind: UInt64] {
        var lost: [StoreRowKind: UInt64] = [:]
        for kind in StoreRowKind.allCases {
            var index = 0
            while rows > limits.rows || bytes > limits.bytes, index < items.count {
                drop(kind, at: index, &lost)
                if items[index].total == 0 { items.remove(at: index) } else { index += 1 }
            }
        }
        return lost
    }

    private mutating func drop(_ kind: StoreRowKind, at index: Int, _ lost: inout [StoreRowKind: UInt64]) {
        guard items[index].rows[kind] != nil else { return }
        rows -= items[index].total
        bytes -= items[index].bytes
        if let loss = items[index].batch.remove(kind) {
            note(loss, of: kind)
            lost[kind, default: 0] += loss.count
        }
        items[index].count()
        rows += items[index].total
        bytes += items[index].bytes
    }
}

extension StoreRowKind {
    // Looked up once, and not for each row.
    private static let connectionNumber = Self.connection.number
    private static let assignmentNumber = Self.assignment.number
    private static let failedNumber = Self.failedConnection.number

    /// The kind of a connection's row.
    fileprivate static func number(of record: borrowing ConnectionRecord) -> Int {
        switch record.outcome {
        case .open, .closed, .expired: record.origin.isAssignment ? assignmentNumber : connectionNumber
        default: failedNumber
        }
    }

    fileprivate var number: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

extension StoreBatch {
    /// So many connections at most are kept or given up together.
    private static let part = 10_000

    /// The same in batches of few enough connections.
    fileprivate var parts: [StoreBatch] {
        guard connections.count > Self.part else { return [self] }
        var rest = self
        rest.connections = Array(connections.prefix(Self.part))
        return [rest]
            + stride(from: Self.part, to: connections.count, by: Self.part).map { start in
                StoreBatch(connections: Array(connections[start..<min(start + Self.part, connections.count)]))
            }
    }

    fileprivate mutating func append(_ later: StoreBatch) {
        connections += later.connections
        events += later.events
        samples += later.samples
        configurations += later.configurations
        levels += later.levels
        gaps += later.gaps
        entryChanges.merge(later.entryChanges, uniquingKeysWith: +)
        entryReadings.merge(later.entryReadings, uniquingKeysWith: +)
    }

    fileprivate var entryRows: Int {
        entryChanges.values.reduce(0) { $0 + $1.count } + entryReadings.values.reduce(0) { $0 + $1.count }
    }

    /// Takes all rows of a kind out.
    ///
    /// - Returns: How many, and of which time; `nil` if there were none.
    fileprivate mutating func remove(_ kind: StoreRowKind) -> StoreQueue.Loss? {
        switch kind {
        case .sample:
            let loss = Self.loss(samples.map { ($0.time, $0.time, 1 + $0.realServers.count) })
            samples = []
            return loss
        case .connection, .assignment, .failedConnection:
            let number = kind.number
            let gone = connections.filter { StoreRowKind.number(of: $0) == number }
            connections.removeAll { StoreRowKind.number(of: $0) == number }
            return Self.loss(gone.map { ($0.firstSeen, $0.lastSeen, 1) })
        case .entry:
            let loss = Self.loss(
                entryChanges.values.flatMap { $0 }.map { ($0.time, $0.latest, 1) }
                    + entryReadings.values.flatMap { $0 }.map { ($0.began, $0.ended, 1) })
            entryChanges = [:]
            entryReadings = [:]
            return loss
        case .event:
            let loss = Self.loss(events.map { ($0.time, $0.time, 1) })
            events = []
            return loss
        case .setting:
            let loss = Self.loss(
                configurations.map { ($0.configuration.seen, $0.configuration.seen, 1) }
                    + levels.map { ($0.time.timestamp, $0.time.timestamp, 1) })
            configurations = []
            levels = []
            return loss
        }
    }

    private static func loss(_ rows: [(from: Timestamp, to: Timestamp, count: Int)]) -> StoreQueue.Loss? {
        guard let first = rows.first else { return nil }
        return rows.dropFirst().reduce(
            into: StoreQueue.Loss(count: UInt64(first.count), from: first.from, to: first.to)
        ) { $0.add(StoreQueue.Loss(count: UInt64($1.count), from: $1.from, to: $1.to)) }
    }
}
