import Balance
import Collector
import Foundation
import ServiceLifecycle
import Synchronization
import TraceStore

/// The collector, for those who ask for its state while it starts and stops.
final class CollectorHolder: Sendable {
    private let collector = Mutex<Collector?>(nil)

    var snapshot: CollectorSnapshot? { collector.withLock { $0 }?.snapshot }

    func hold(_ collector: Collector) { self.collector.withLock { $0 = collector } }
}

/// Runs a collector from the group's start to its graceful shutdown.
struct CollectorService: Service {
    let options: CollectorOptions
    let holder: CollectorHolder

    func run() async throws {
        let options = self.options
        let collector = try await Blocking.run { try Collector(options, runName: "collect") }
        holder.hold(collector)
        try? await gracefulShutdown()
        try await Blocking.run {
            let evidence = try collector.stop()
            let report = Judge.verdict(on: evidence)
            try collector.store.save(
                verdict: report.verdict.rawValue, json: try VerdictJSON.render(report), run: collector.run)
            try collector.store.close()
        }
    }
}

/// Work that blocks, on a thread of its own instead of the cooperative pool.
enum Blocking {
    static func run<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Swift.Result(catching: body)) }
        }
    }
}
