import Testing

struct DashboardQueryTests {
    @Test
    func `every panel's query is one Prometheus takes, and gives numbers on the golden exposition`() async throws {
        let page = try GrowingPage()
        let (ports, announce) = AsyncStream.makeStream(of: Int.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { announce.finish() }
                try await page.serve { announce.yield($0) }
            }
            for await port in ports {
                let prometheus = try await PrometheusServer.start(scraping: port)
                do {
                    try await Self.check(prometheus)
                } catch {
                    await prometheus.stop()
                    throw error
                }
                await prometheus.stop()
                break
            }
            group.cancelAll()
            while let result = await group.nextResult() {
                if case .failure(let error) = result, !(error is CancellationError) { throw error }
            }
        }
    }

    private static func check(_ prometheus: PrometheusServer) async throws {
        try await PrometheusServer.poll("three scrapes") {
            try await prometheus.values(of: "count_over_time(ipvs_up[5m]) >= 3").isEmpty ? nil : ()
        }
        for file in Dashboard.files {
            for (panel, target) in try Dashboard.read(file).queries {
                let query = target.expr.replacing("$__rate_interval", with: "1m")
                    .replacing("$job", with: "ipvscope").replacing("$instance", with: ".+")
                let values = try await prometheus.values(of: query)
                #expect(!values.isEmpty, "\(file), \(panel.title): nothing for \(query)")
                #expect(values.contains { $0.isFinite }, "\(file), \(panel.title): no number for \(query)")
            }
        }
    }
}
