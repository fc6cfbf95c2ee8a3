import Balance
import ConnectionTracing
import IPVSModel
import TraceStore

/// Where a replay's findings go, and what gives the evidence back.
protocol ReplaySink {
    /// The id of the first connection; the following count up.
    var firstConnectionID: Int64 { get }
    /// How many connections are best written at once.
    static var batch: Int { get }

    /// - Parameter parts: What was found at the same time, one after the other or by several tracers.
    mutating func write(_ parts: [StoreBatch]) throws(StoreError)

    /// Ends the run: everything was written.
    consuming func evidence(_ summary: RunSummary) throws(StoreError) -> RunEvidence
}

/// A run in the database.
struct StoredReplay: ReplaySink {
    /// Many to a transaction.
    static let batch = 10_000

    private let store: TraceStore
    private let run: Int64
    let firstConnectionID: Int64

    init(in store: TraceStore, name: String, started: Timestamp) throws(StoreError) {
        self.store = store
        firstConnectionID = try store.nextConnectionID()
        run = try store.beginRun(name: name, started: started)
    }

    /// In one transaction, so that rows of all parts are in order of id, and events in order of time.
    func write(_ parts: [StoreBatch]) throws(StoreError) {
        guard !parts.isEmpty else { return }
        try store.write(StoreBatch(merging: parts), run: run)
    }

    func evidence(_ summary: RunSummary) throws(StoreError) -> RunEvidence {
        try store.finish(run: run, summary)
        return try store.evidence(run: run)
    }
}
