import Collector
import Foundation
import FoundationNetworking
import Logging
import ServiceLifecycle
import WebInterface

/// Runs a server on a free port of this machine for as long as `body` runs, and lets it shut down gracefully.
func withServer(
    snapshot: @escaping @Sendable () -> CollectorSnapshot? = { nil },
    _ body: @Sendable (ListenAddress) async throws -> Void
) async throws {
    let (listening, announce) = AsyncStream.makeStream(of: ListenAddress.self)
    let web = WebInterface(
        address: ListenAddress(host: "127.0.0.1", port: 0), version: "1.2.3 <test>", logger: quietLogger,
        onListening: { announce.yield($0) }, snapshot: snapshot)
    let services = ServiceGroup(services: [web], logger: quietLogger)
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
            defer { announce.finish() }
            try await services.run()
        }
        for await address in listening {
            do {
                try await body(address)
            } catch {
                await services.triggerGracefulShutdown()
                throw error
            }
            await services.triggerGracefulShutdown()
        }
        try await group.waitForAll()
    }
}

let quietLogger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// An answer to a real request.
struct Answer {
    let status: Int
    let headers: [String: String]
    let body: String

    /// Asks the server at `address`.
    static func to(_ path: String, method: String = "GET", at address: ListenAddress) async throws -> Self {
        guard let url = URL(string: "http://\(address)\(path)") else { throw URLError(.badURL) }
        var request = URLRequest(url: url)
        request.httpMethod = method
        let (data, response) = try await URLSession.shared.data(for: request)
        guard let response = response as? HTTPURLResponse else { throw URLError(.badServerResponse) }
        let headers = response.allHeaderFields.reduce(into: [String: String]()) { headers, field in
            headers["\(field.key)".lowercased()] = "\(field.value)"
        }
        return Self(status: response.statusCode, headers: headers, body: String(decoding: data, as: UTF8.self))
    }
}
