internal import Foundation
internal import GRDB
package import IPVSModel
internal import Synchronization

/// The database a run leaves behind.
///
/// Confinement: every call blocks until SQLite is done, and calls exclude one another, so use it from one task or
/// thread of its own, never from the packet path. One store in one process may be open for writing; any number may
/// read at the same time (write-ahead log).
///
/// Durability: `beginRun`, `finish` and `save` return when their rows survive a power cut (`synchronous` FULL), and
/// with them all that was written before. `write` returns when its rows survive the end of this process; a power cut
/// may take those of the last moments (NORMAL) unless the caller asks for more, but leaves the database whole.
package final class TraceStore: Sendable {
    /// The database file.
    package let path: String
    /// What was found when the database was opened for writing.
    package let findings: OpeningFindings
    private let current: Mutex<DatabaseQueue>
    /// What the writer remembers. Used only inside write transactions, which exclude one another anyway: the lock
    /// proves it to the compiler, and is never waited for.
    let dictionaries = Mutex(Dictionaries())
    /// What the writer remembers from one transaction to the next, as of the last that was committed.
    let memory = Mutex(WriterMemory())
    /// Whether this store was opened for writing.
    package let isWritable: Bool
    /// Held while the database is open for writing.
    private let lock: Mutex<WriterLock?>

    init(path: String, queue: DatabaseQueue, lock: WriterLock?, findings: OpeningFindings = OpeningFindings()) {
        self.path = path
        self.findings = findings
        current = Mutex(queue)
        isWritable = lock != nil
        self.lock = Mutex(lock)
    }

    var queue: DatabaseQueue { current.withLock { $0 } }

    /// Goes on with another file of the same name.
    func replaceQueue(with queue: DatabaseQueue) {
        current.withLock { $0 = queue }
        dictionaries.withLock { $0.forget() }
    }

    /// Closes the file, after which every other call throws. A writer leaves no log beside the database.
    package func close() throws(StoreError) {
        do {
            try queue.close()
        } catch {
            throw StoreError(error, path: path)
        }
        lock.withLock { $0 = nil }
    }

    /// The id after the greatest one stored: a collector counts on from here.
    package func nextConnectionID() throws(StoreError) -> Int64 {
        try read { try Int64.fetchOne($0, sql: "SELECT coalesce(max(id), 0) + 1 FROM connection") ?? 1 }
    }

    /// What a transaction must survive.
    package enum Durability: Sendable {
        case processEnd
        case powerCut
    }

    func read<Value>(_ body: (Database) throws -> Value) throws(StoreError) -> Value {
        do {
            return try queue.read(body)
        } catch {
            throw StoreError(error, path: path)
        }
    }

    /// Runs `body` in one transaction, or leaves the database as it was.
    func transaction<Value: Sendable>(
        surviving durability: Durability, _ body: (Database, inout Dictionaries) throws -> Value
    ) throws(StoreError) -> Value {
        guard isWritable else {
            throw StoreError(.readOnly, path: path, "was opened only for reading; open it for writing")
        }
        do {
            return try queue.writeWithoutTransaction { database in
                try dictionaries.withLock { dictionaries in
                    if durability == .powerCut { try database.execute(sql: "PRAGMA synchronous = FULL") }
                    defer {
                        if durability == .powerCut { try? database.execute(sql: "PRAGMA synchronous = NORMAL") }
                    }
                    var value: Value?
                    do {
                        try database.inTransaction(.immediate) {
                            value = try body(database, &dictionaries)
                            return .commit
                        }
                    } catch {
                        dictionaries.forget()
                        throw error
                    }
                    guard let value else { throw DatabaseError(resultCode: .SQLITE_ABORT) }
                    return value
                }
            }
        } catch {
            throw StoreError(error, path: path)
        }
    }

    /// Has everything written so far survive a power cut.
    package func sync() throws(StoreError) {
        do {
            // Before a checkpoint writes to the database it sees to the log's being on the disk.
            try queue.writeWithoutTransaction { _ = try $0.checkpoint(.passive) }
        } catch {
            throw StoreError(error, path: path)
        }
    }

    /// Makes sure that the log is no larger than this: a reader that never ends keeps it from being written over.
    ///
    /// - Throws: `StoreError` with code `locked` if it stays too large.
    package func holdLog(to size: Int64) throws(StoreError) {
        guard fileSizes.log > size else { return }
        do {
            try queue.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
        } catch {
            let error = StoreError(error, path: path)
            guard error.code == .locked else { throw error }
            throw StoreError(
                .locked, path: path,
                "a reader has kept its log from being emptied until it was \(size >> 20) MiB; end that reader",
                resultCode: error.resultCode)
        }
    }

    /// How large the database and its log are now.
    ///
    /// - Unit: bytes.
    package var fileSizes: (database: Int64, log: Int64) { (Self.size(path), Self.size(path + "-wal")) }

    private static func size(_ path: String) -> Int64 {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return (attributes?[.size] as? NSNumber)?.int64Value ?? 0
    }
}

/// What a writer remembers from one transaction to the next.
struct WriterMemory: Sendable {
    var rollups = Rollups()
    var sweep = AddressSweep()
    /// The latest of each virtual service.
    var configurations: [VirtualServiceIdentity: StoreBatch.ObservedConfiguration] = [:]
    /// The run being written.
    var run: BegunRun?
}

/// A run as it was begun.
struct BegunRun: Sendable {
    var id: Int64?
    var name: String
    var command: String
    var labels: String
    var started: Timestamp
}

/// What was wrong with a database when it was opened for writing, and was mended.
package struct OpeningFindings: Sendable, Hashable {
    /// Runs whose collector had gone away.
    package var interruptions: [Interruption] = []
    /// Where the damaged file is that was there before.
    package var setAside: String?

    package init() {}

    package struct Interruption: Sendable, Hashable {
        package var run: Int64
        package var name: String
        /// The last row of the run that is there.
        package var lastRow: Timestamp
    }
}
