import Foundation
import FoundationNetworking
import Glibc
import Testing

/// Debian's Prometheus, on a port the system chose, with its data in a folder that goes when it does.
struct PrometheusServer {
    private let process: Process
    private let folder: URL
    private var port: Int?

    private init(process: Process, folder: URL) {
        self.process = process
        self.folder = folder
    }

    /// Starts Prometheus and waits until it is ready. A machine without it fails the test.
    static func start(scraping port: Int) async throws -> Self {
        let folder = FileManager.default.temporaryDirectory.appending(path: "ipvscope-prometheus-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let configuration = folder.appending(path: "prometheus.yml")
        try """
        global: {scrape_interval: 1s}
        scrape_configs:
          - job_name: ipvscope
            static_configs: [{targets: ["127.0.0.1:\(port)"]}]

        """.write(to: configuration, atomically: true, encoding: .utf8)
        let log = folder.appending(path: "log")
        try Data().write(to: log)

        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/prometheus")
        process.arguments = [
            "--config.file=\(configuration.path)", "--storage.tsdb.path=\(folder.appending(path: "data").path)",
            "--web.listen-address=127.0.0.1:0",
        ]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = try FileHandle(forWritingTo: log)
        try process.run()

        var server = Self(process: process, folder: folder)
        do {
            server.port = try await poll("Prometheus listens") {
                let text = try String(contentsOf: log, encoding: .utf8)
                return text.firstMatch(of: /msg="Listening on" address=127\.0\.0\.1:(\d+)/).flatMap { Int($0.1) }
            }
            // It listens a moment before it answers anything but 503.
            try await poll("Prometheus is ready") {
                try await server.get("/-/ready").status == 200 ? () : nil
            }
            return server
        } catch {
            await server.stop()
            throw error
        }
    }

    /// Ends the process by its id, and removes its folder.
    func stop() async {
        process.terminate()
        for _ in 0..<100 where process.isRunning { try? await Task.sleep(for: .milliseconds(100)) }
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        try? FileManager.default.removeItem(at: folder)
    }

    /// The values a query gives now; a query Prometheus refuses throws its words.
    func values(of query: String) async throws -> [Double] {
        let data = try await get("/api/v1/query", [URLQueryItem(name: "query", value: query)]).body
        let answer = try JSONDecoder().decode(Answer.self, from: data)
        guard let result = answer.data?.result else { throw QueryFailure(message: answer.error ?? "no data") }
        return result.map(\.value)
    }

    private func get(_ path: String, _ items: [URLQueryItem] = []) async throws -> (status: Int, body: Data) {
        var components = URLComponents()
        components.scheme = "http"
        components.host = "127.0.0.1"
        components.port = port
        components.path = path
        components.queryItems = items
        // A plus sign in a query string means a space.
        components.percentEncodedQuery = components.percentEncodedQuery?.replacing("+", with: "%2B")
        let (body, response) = try await URLSession.shared.data(from: try #require(components.url))
        return (try #require(response as? HTTPURLResponse).statusCode, body)
    }

    /// Asks again and again for as long as 30 s, until `condition` gives something.
    static func poll<Value>(_ what: String, _ condition: () async throws -> Value?) async throws -> Value {
        for _ in 0..<300 {
            if let value = try await condition() { return value }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw QueryFailure(message: "waited in vain: \(what)")
    }

    struct QueryFailure: Error, CustomStringConvertible {
        let message: String
        var description: String { message }
    }

    private struct Answer: Decodable {
        let error: String?
        let data: Payload?

        struct Payload: Decodable {
            let result: [Element]
        }

        struct Element: Decodable {
            let value: Double

            enum CodingKeys: String, CodingKey { case value }

            init(from decoder: any Decoder) throws {
                // [time, "value"]
                var pair = try decoder.container(keyedBy: CodingKeys.self).nestedUnkeyedContainer(forKey: .value)
                _ = try pair.decode(Double.self)
                value = Double(try pair.decode(String.self)) ?? .nan
            }
        }
    }
}
