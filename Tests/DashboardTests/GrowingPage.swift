import Foundation
import Hummingbird
import Logging
import Synchronization

/// The golden exposition as a director in traffic would serve it: counters grow from scrape to scrape.
final class GrowingPage: Sendable {
    private static let golden = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "PrometheusExporterTests/golden.prom")

    private let lines: [Substring]
    private let scrapes = Mutex(0)

    init() throws {
        lines = try String(contentsOf: Self.golden, encoding: .utf8).split(separator: "\n")
    }

    /// The next scrape's page: every counter is its golden value times the number of the scrape.
    func next() -> String {
        let scrape = scrapes.withLock { count in
            count += 1
            return Double(count)
        }
        var grows = false
        return lines.reduce(into: "") { page, line in
            if line.hasPrefix("# TYPE ") { grows = line.hasSuffix(" counter") || line.hasSuffix(" histogram") }
            if grows, !line.hasPrefix("#"), let space = line.lastIndex(of: " "),
                let value = Double(line[line.index(after: space)...])
            {
                page += "\(line[...space])\(value * scrape)\n"
            } else {
                page += "\(line)\n"
            }
        }
    }

    /// Serves the page at `/metrics` on a free port of this machine, until cancelled.
    func serve(onListening: @escaping @Sendable (Int) -> Void) async throws {
        let router = Router()
        router.get("/metrics") { _, _ in self.next() }
        let application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { onListening($0.localAddress?.port ?? 0) },
            logger: Logger(label: "page") { _ in SwiftLogNoOpLogHandler() })
        try await application.run()
    }
}
