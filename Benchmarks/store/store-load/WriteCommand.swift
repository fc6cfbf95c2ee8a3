import ArgumentParser
import Collector
import ConnectionTracing
import Foundation
import IPVSKernel
import IPVSModel
import TraceStore

/// `store-load write`: a run after another, each with its verdict, and a line on standard output for everything that
/// must not be lost from then on.
///
/// - `opened MS INTERRUPTED`: how long opening took, and how many runs had been interrupted.
/// - `run ID`, `verdict ID`: a run began; it ended, and its verdict is saved.
/// - `committed ID`: every connection up to this one is written.
/// - `state QUEUED DROPPED FAILED REMOVED BYTES OK|PROBLEM`: ten times a second.
/// - `offer MICROSECONDS`: handing over a batch took longer than ever before.
struct WriteCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "write")

    @Argument var database: String
    @Option(help: "How long; for ever if 0.") var seconds = 0.0
    @Option(help: "Connections a second.") var rate = 20_000
    @Option(help: "The length of a run.") var runSeconds = 1.0
    @Option(help: "Different clients.") var clients: UInt32 = 2_000
    @Option(help: "MiB that the database may take.") var mebibytes: Int64?
    @Option(help: "Rows that may wait.") var queue = 400_000

    func run() throws {
        let clock = ContinuousClock()
        let began = clock.now
        let limits = RetentionLimits(size: mebibytes.map { $0 << 20 })
        let store = try TraceStore.open(path: database, settingAsideDamaged: true)
        try store.apply(limits)
        let first = try store.nextConnectionID()
        say("opened \(Int((clock.now - began) / .milliseconds(1))) \(store.findings.interruptions.count)")
        var connections = SyntheticConnections(firstID: first, seed: UInt64(first), clients: clients)
        var options = StoreThread.Options()
        options.retention = limits
        options.queue.rows = queue
        var longest = Duration.zero
        while seconds == 0 || clock.now - began < .seconds(seconds) {
            let run = try patiently { () throws(StoreError) in
                try store.beginRun(name: "load", started: .now())
            }
            say("run \(run)")
            let writer = StoreThread(
                store: store, run: run, options: options,
                tell: { FileHandle.standardError.write(Data("store-load: \($0)\n".utf8)) },
                didWrite: { batch in if let last = batch.connections.last { say("committed \(last.id)") } })
            writer.start()
            load(writer, &connections, &longest)
            let unwritten = writer.stop()
            report(writer.status)
            let summary = RunSummary(ended: .now())
            try patiently { () throws(StoreError) in
                try store.write(StoreBatch(gaps: unwritten), run: run)
                try store.finish(run: run, summary)
                try store.save(verdict: "pass", json: "{}", run: run)
            }
            say("verdict \(run)")
        }
        try store.close()
    }

    /// Hands over batches for the length of a run.
    ///
    /// - Parameter longest: How long one took.
    private func load(
        _ writer: StoreThread, _ connections: inout SyntheticConnections, _ longest: inout Duration
    ) {
        let clock = ContinuousClock()
        let began = clock.now
        var (made, ticks) = (0, 0)
        var latencies = RealServerLatencies()
        while clock.now - began < .seconds(runSeconds) {
            let due = Int(Double(rate) * ((clock.now - began) / .seconds(1)))
            var batch = StoreBatch()
            while made < due {
                batch.connections.append(connections.next(at: .now()))
                latencies.record(batch.connections[batch.connections.count - 1])
                made += 1
            }
            if ticks % 10 == 0 {
                batch.samples = [SyntheticConnections.sample(at: .now(), after: Int64(made), latencies)]
                batch.events = [TraceEvent(time: .now(), kind: .portReused, detail: "made up")]
                latencies = RealServerLatencies()
            }
            let before = clock.now
            writer.offer(batch)
            let took = clock.now - before
            if took > longest {
                longest = took
                say("offer \(Int(took / .microseconds(1)))")
            }
            if ticks % 10 == 0 { report(writer.status) }
            ticks += 1
            Thread.sleep(forTimeInterval: 0.01)
        }
    }

    private func report(_ status: StoreStatus) {
        let removed = status.rowsRemoved.values.reduce(0, +)
        say(
            "state \(status.queuedRows) \(status.rowsDropped) \(status.failedWrites) \(removed) \(status.size) "
                + (status.problem ?? "OK"))
    }

    /// Tries again for as long as the store only has to be waited for, as whoever ends a run would.
    private func patiently<Value>(_ body: () throws(StoreError) -> Value) throws -> Value {
        while true {
            do throws(StoreError) {
                return try body()
            } catch {
                guard !error.isDamage else { throw error }
                FileHandle.standardError.write(Data("store-load: \(error)\n".utf8))
                Thread.sleep(forTimeInterval: 0.2)
            }
        }
    }
}

/// One line on standard output, at once.
func say(_ line: String) {
    FileHandle.standardOutput.write(Data("\(line)\n".utf8))
}
