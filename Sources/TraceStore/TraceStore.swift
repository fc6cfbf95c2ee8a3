internal import GRDB
internal import Synchronization

/// The database a run leaves behind.
///
/// Confinement: every call blocks until SQLite is done, and calls exclude one another, so use it from one task or
/// thread of its own, never from the packet path. One store in one process may be open for writing; any number may
/// read at the same time (write-ahead log).
///
/// Durability: `beginRun`, `finish` and `save` return when their rows survive a power cut (`synchronous` FULL), and
/// with them all that was written before. `write` returns when its rows survive the end of this process; a power cut
/// may take those of the last moments (NORMAL), but leaves the database whole.
package final class TraceStore: Sendable {
    /// The database file.
    package let path: String
    let queue: DatabaseQueue
    /// What the writer remembers. Used only inside write transactions, which exclude one another anyway: the lock
    /// proves it to the compiler, and is never waited for.
    let dictionaries = Mutex(Dictionaries())
    /// Whether this store was opened for writing.
    package let isWritable: Bool
    /// Held while the database is open for writing.
    private let lock: Mutex<WriterLock?>

    init(path: String, queue: DatabaseQueue, lock: WriterLock?) {
        self.path = path
        self.queue = queue
        isWritable = lock != nil
        self.lock = Mutex(lock)
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
    enum Durability {
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
}
