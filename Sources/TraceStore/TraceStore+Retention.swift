internal import Foundation
internal import GRDB
package import IPVSModel
internal import Synchronization

extension TraceStore {
    /// Prepares for limits: a log in proportion to the size.
    package func apply(_ limits: RetentionLimits) throws(StoreError) {
        guard let logSize = limits.logSize else { return }
        do {
            try queue.writeWithoutTransaction { database in
                let page = try Int64.fetchOne(database, sql: "PRAGMA page_size") ?? 4_096
                // A checkpoint when the log is half as large as it may get: the other half is for the transaction.
                try database.execute(sql: "PRAGMA wal_autocheckpoint = \(max(logSize / 2 / page, 16))")
                try database.execute(sql: "PRAGMA journal_size_limit = \(logSize / 2)")
            }
        } catch {
            throw StoreError(error, path: path)
        }
    }

    /// Removes a few rows that are older than they may get, or for which there is no room, in a transaction of its own;
    /// gives space back to the file system, and forgets addresses nobody refers to.
    ///
    /// - Parameter run: Never removed.
    package func trim(to limits: RetentionLimits, keeping run: Int64, now: Timestamp) throws(StoreError)
        -> RetentionStep
    {
        let sweep = memory.withLock { $0.sweep }
        let (step, swept) = try transaction(surviving: .processEnd) { database, dictionaries in
            var (step, sweep) = (RetentionStep(), sweep)
            if let target = try Self.target(limits, keeping: run, now: now, in: database) {
                let count = try target.remove(database)
                step.removed[target.kind] = count
                step.isDone = false
                sweep.removed += target.kind == .connection ? count : 0
            }
            if let count = try sweep.step(in: database, &dictionaries) {
                if count > 0 { step.removed[.address] = count }
                step.isDone = false
            }
            return (step, sweep)
        }
        memory.withLock { $0.sweep = swept }
        try giveBack(limits)
        return step
    }

    /// Cuts free pages off the end of the file, some at a time, where it is larger than it may be.
    private func giveBack(_ limits: RetentionLimits) throws(StoreError) {
        do {
            try queue.writeWithoutTransaction { database in
                let pages = try Pages(database)
                // What is free is written to again; only what exceeds a tenth, or the limit, is worth moving pages for.
                let surplus = limits.pagesSize.map { pages.all - $0 / pages.size } ?? 0
                let spare = pages.free - pages.all / 10
                let count = min(max(surplus, spare, 0), pages.free, 512)
                if count > 0 { _ = try Row.fetchAll(database, sql: "PRAGMA incremental_vacuum(\(count))") }
            }
        } catch {
            throw StoreError(error, path: path)
        }
    }

    private struct Pages {
        let all: Int64
        let free: Int64
        /// - Unit: bytes.
        let size: Int64

        init(_ database: Database) throws {
            all = try Int64.fetchOne(database, sql: "PRAGMA page_count") ?? 0
            free = try Int64.fetchOne(database, sql: "PRAGMA freelist_count") ?? 0
            size = try Int64.fetchOne(database, sql: "PRAGMA page_size") ?? 4_096
        }
    }

    /// What is to go next; `nil` if nothing has to, or nothing is left that may.
    private static func target(
        _ limits: RetentionLimits, keeping run: Int64, now: Timestamp, in database: Database
    ) throws -> OldestRows? {
        let tiers = OldestRows.tiers(keeping: run)
        if let age = limits.age {
            for (tier, factor) in zip(tiers, [1, 10, 100, 100]) {
                let limit = now.advanced(by: .zero - age * factor).rawValue
                for rows in tier {
                    if let oldest = try rows.oldest(database), oldest < limit { return rows.before(limit) }
                }
            }
        }
        if let size = limits.pagesSize {
            let pages = try Pages(database)
            guard (pages.all - pages.free) * pages.size > size else { return nil }
            for tier in tiers {
                let found = try tier.compactMap { rows in try rows.oldest(database).map { (rows, $0) } }
                if let (rows, _) = found.min(by: { $0.1 < $1.1 }) { return rows }
            }
        }
        return nil
    }
}

/// A table's oldest rows.
private struct OldestRows {
    let kind: RemovedRows
    private let table: String
    /// The columns by which the table is in order of time: one, or run and time.
    private let order: [String]
    private let time: String
    /// So many are removed at once: a few hundredths of a second's work.
    private let count: Int
    private let condition: String
    private var limit = Int64.max

    private init(
        _ kind: RemovedRows, _ table: String, order: [String], time: String, count: Int, condition: String = "1"
    ) {
        (self.kind, self.table, self.order, self.time) = (kind, table, order, time)
        (self.count, self.condition) = (count, condition)
    }

    /// The least valuable first; within one it goes by age.
    static func tiers(keeping run: Int64) -> [[Self]] {
        func samples(_ kind: RemovedRows, _ resolution: Resolution) -> [Self] {
            ["sample_real_server", "sample_virtual_service"].map {
                Self(kind, $0 + resolution.suffix, order: ["run_id", "time_ns"], time: "time_ns", count: 500)
            }
        }
        return [
            [
                Self(.connection, "connection", order: ["id"], time: "first_seen_ns", count: 4_000),
                Self(.event, "event", order: ["id"], time: "time_ns", count: 2_000),
                Self(.entry, "entry_change", order: ["rowid"], time: "time_ns", count: 4_000),
                Self(.entry, "entry_reading", order: ["rowid"], time: "began_ns", count: 2_000),
            ] + samples(.sample, .sample), samples(.minute, .minute), samples(.hour, .hour),
            [Self(.run, "run", order: ["id"], time: "started_ns", count: 1, condition: "id <> \(run)")],
        ]
    }

    /// The same, but none that is not older than this.
    func before(_ limit: Int64) -> Self {
        var rows = self
        rows.limit = limit
        return rows
    }

    private var key: String { order.joined(separator: ", ") }

    func oldest(_ database: Database) throws -> Int64? {
        try Int64.fetchOne(
            database.cachedStatement(
                sql: "SELECT \(time) FROM \(table) WHERE \(condition) ORDER BY \(key) LIMIT 1"))
    }

    /// - Returns: How many.
    func remove(_ database: Database) throws -> UInt64 {
        if kind == .run { return try removeRun(database) }
        let last = try Row.fetchOne(
            database,
            sql: """
                SELECT \(key) FROM (SELECT \(key), \(time) AS at FROM \(table) ORDER BY \(key) LIMIT \(count))
                WHERE at < ? ORDER BY \(order.map { "\($0) DESC" }.joined(separator: ", ")) LIMIT 1
                """, arguments: [limit])
        guard let last else { return 0 }
        try database.execute(
            sql:
                "DELETE FROM \(table) WHERE (\(key)) <= (\(databaseQuestionMarks(count: order.count))) AND \(time) < ?",
            arguments: StatementArguments(order.map { last[$0] as Int64 } + [limit]))
        return UInt64(database.changesCount)
    }

    /// A run goes with all that belongs to it.
    private func removeRun(_ database: Database) throws -> UInt64 {
        guard let run = try Int64.fetchOne(database, sql: "SELECT min(id) FROM run WHERE \(condition)") else {
            return 0
        }
        try database.execute(
            sql: """
                DELETE FROM configuration_real_server WHERE configuration_id IN
                    (SELECT id FROM configuration WHERE run_id = ?)
                """, arguments: [run])
        let tables = try String.fetchAll(
            database,
            sql: """
                SELECT m.name FROM sqlite_schema AS m JOIN pragma_table_info(m.name) AS c
                WHERE m.type = 'table' AND c.name = 'run_id'
                """)
        for table in tables { try database.execute(sql: "DELETE FROM \(table) WHERE run_id = ?", arguments: [run]) }
        try database.execute(sql: "DELETE FROM run WHERE id = ?", arguments: [run])
        return 1
    }
}

/// A walk over all rows that refer to an address, a part of them at a time, and then over the addresses, of which those
/// go that no row refers to.
///
/// Nothing in a row tells who else refers to its address, and an index that did would cost every connection written.
/// So a walk begins when a quarter of the connections have gone since the last.
struct AddressSweep: Sendable {
    /// Connections removed since the last walk began.
    var removed: UInt64 = 0
    private var walk: Walk?

    fileprivate struct Walk {
        /// Ids that are referred to.
        var used: Set<Int64> = []
        /// How far each part has come: the last id seen.
        var connection: Int64 = 0
        var event: Int64 = 0
        var address: Int64 = 0
        var isMarked = false
    }

    private static let atOnce = 10_000

    /// Does a part of the work, if there is any.
    ///
    /// - Returns: How many addresses went; `nil` if there was nothing to do.
    mutating func step(in database: Database, _ dictionaries: inout Dictionaries) throws -> UInt64? {
        // A transaction failed, and what it used is not known.
        if walk != nil, !dictionaries.isNotingAddresses { walk = try begin(in: database, &dictionaries, anyway: true) }
        guard var walk = try walk ?? begin(in: database, &dictionaries, anyway: false) else { return nil }
        if !walk.isMarked {
            // Whoever is given an id from now on refers to it, though the walk may have passed.
            try walk.mark(in: database, atOnce: Self.atOnce)
            self.walk = walk
            return 0
        }
        walk.used.formUnion(dictionaries.takeAddressesUsed())
        let removed = try walk.remove(in: database, atOnce: Self.atOnce, &dictionaries)
        if removed == nil { dictionaries.stopNotingAddresses() }
        self.walk = removed == nil ? nil : walk
        return removed
    }

    private mutating func begin(
        in database: Database, _ dictionaries: inout Dictionaries, anyway: Bool
    ) throws -> Walk? {
        guard anyway || removed >= 10_000 else { return nil }
        let range = try Row.fetchOne(database, sql: "SELECT min(id) AS first, max(id) AS last FROM connection")
        let left = range.map { (($0["last"] as Int64?) ?? 0) - (($0["first"] as Int64?) ?? 0) } ?? 0
        guard anyway || removed > UInt64(max(left, 0)) / 4 else { return nil }
        removed = 0
        dictionaries.noteAddresses()
        var walk = Walk()
        walk.used = try Set(
            Int64.fetchAll(
                database,
                sql: """
                    SELECT address_id FROM virtual_service WHERE address_id IS NOT NULL
                    UNION SELECT address_id FROM real_server WHERE address_id IS NOT NULL
                    """))
        return walk
    }
}

extension AddressSweep.Walk {
    fileprivate mutating func mark(in database: Database, atOnce: Int) throws {
        let rows = try RawStatement(
            "SELECT id, client >> 16 FROM connection WHERE id > ? ORDER BY id LIMIT ?", in: database)
        defer { rows.reset() }
        rows.bind(connection, at: 1)
        rows.bind(Int64(atOnce), at: 2)
        var seen = 0
        while try rows.step() {
            connection = rows.integer(0)
            used.insert(rows.integer(1))
            seen += 1
        }
        let events = try RawStatement(
            "SELECT id, address_id FROM event WHERE id > ? ORDER BY id LIMIT ?", in: database)
        defer { events.reset() }
        events.bind(event, at: 1)
        events.bind(Int64(atOnce), at: 2)
        while try events.step() {
            event = events.integer(0)
            if let address = events.optionalInteger(1) { used.insert(address) }
            seen += 1
        }
        isMarked = seen == 0
    }

    /// - Returns: How many went; `nil` after the last.
    fileprivate mutating func remove(
        in database: Database, atOnce: Int, _ dictionaries: inout Dictionaries
    ) throws -> UInt64? {
        let ids = try Int64.fetchAll(
            database, sql: "SELECT id FROM address WHERE id > ? ORDER BY id LIMIT ?", arguments: [address, atOnce])
        guard let last = ids.last else { return nil }
        address = last
        let gone = ids.filter { !used.contains($0) }
        let statement = try database.cachedStatement(sql: "DELETE FROM address WHERE id = ?")
        for id in gone { try statement.execute(arguments: [id]) }
        if !gone.isEmpty { dictionaries.forgetAddresses() }
        return UInt64(gone.count)
    }
}
