import Collector
import HTTPTypes
import Hummingbird
import MetricCatalog
import PrometheusExporter

/// What each path answers.
struct Routes: Sendable {
    let version: String
    let snapshot: @Sendable () -> CollectorSnapshot?

    func router() -> Router<BasicRequestContext> {
        let router = Router(context: BasicRequestContext.self, options: .autoGenerateHeadEndpoints)
        router.get("/") { _, _ in Self.response(landingPage, contentType: "text/html; charset=utf-8") }
        router.get("/metrics") { _, _ in
            Self.response(PrometheusText.encode(metrics()), contentType: PrometheusText.contentType)
        }
        router.get("/-/healthy") { _, _ in Self.line("ipvscope is healthy") }
        router.get("/-/ready") { _, _ in
            switch obstacle() {
            case nil: Self.line("ipvscope is ready")
            case let obstacle?: Self.line("not ready: \(obstacle)", status: .serviceUnavailable)
            }
        }
        return router
    }

    /// The collector's metrics and the program's own.
    func metrics() -> MetricSnapshot {
        let clock = ContinuousClock()
        let start = clock.now
        var metrics = snapshot()?.metrics() ?? MetricSnapshot.beforeFirstReading
        metrics.append(.buildInfo, [MetricSnapshot.Sample(labels: [version], value: .integer(1))])
        if let process = ProcessStatistics.current() { metrics.append(process) }
        metrics.append(.scrapeDurationSeconds, .number((clock.now - start) / .seconds(1)))
        return metrics
    }

    /// What keeps the collector from being ready, in one line, or `nil` if nothing does.
    func obstacle() -> String? {
        guard let snapshot = snapshot() else { return "the collector is starting" }
        if snapshot.isReady { return nil }
        if let problem = snapshot.captureProblem ?? snapshot.kernel.problem {
            return problem.split(whereSeparator: \.isNewline).joined(separator: " ")
        }
        return snapshot.captures.isEmpty ? "no capture runs" : "the kernel was not read yet"
    }

    private var landingPage: [UInt8] {
        let page = """
            <!DOCTYPE html>
            <html lang="en">
            <head><meta charset="utf-8"><title>ipvscope</title></head>
            <body>
            <h1>ipvscope</h1>
            <p>Where every connection of a Linux Virtual Server director went. Version \(version.htmlEscaped).</p>
            <ul>
            <li><a href="/metrics">Metrics</a></li>
            <li><a href="/-/healthy">Healthy?</a></li>
            <li><a href="/-/ready">Ready?</a></li>
            </ul>
            </body>
            </html>

            """
        return Array(page.utf8)
    }

    private static func line(_ text: String, status: HTTPResponse.Status = .ok) -> Response {
        response(Array("\(text)\n".utf8), contentType: "text/plain; charset=utf-8", status: status)
    }

    private static func response(
        _ body: [UInt8], contentType: String, status: HTTPResponse.Status = .ok
    ) -> Response {
        let headers: HTTPFields = [
            .contentType: contentType,
            .contentSecurityPolicy: "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            .xContentTypeOptions: "nosniff",
            .cacheControl: "no-store",
        ]
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
    }
}

extension String {
    fileprivate var htmlEscaped: String {
        reduce(into: "") { page, character in
            switch character {
            case "&": page += "&amp;"
            case "<": page += "&lt;"
            case ">": page += "&gt;"
            case "\"": page += "&quot;"
            default: page.append(character)
            }
        }
    }
}
