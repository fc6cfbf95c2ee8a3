import Balance
import Collector
import Foundation
import ServiceLifecycle
import TraceStore

/// A running collector, from the group's start to its graceful shutdown.
struct CollectorService: Service {
    let collector: Collector

    func run() async throws {
        let collector = self.collector
        try? await gracefulShutdown()
        try await Blocking.run {
            let report = Judge.verdict(on: try collector.stop())
            try collector.save(report)
        }
    }
}

extension Collector {
    /// Saves the verdict on the run that was stopped, and closes the store.
    func save(_ report: VerdictReport) throws {
        try store.save(verdict: report.verdict.rawValue, json: try VerdictJSON.render(report), run: run)
        try store.close()
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
