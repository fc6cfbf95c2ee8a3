import Collector
import ConnectionTracing
import IPVSModel
import Logging
import Synchronization
import Testing
import WebInterface

struct WebInterfaceTests {
    static func snapshot(
        problem: String? = nil, captures: [CaptureStatus] = [CaptureStatus(name: "eth0", side: "vip")]
    ) -> CollectorSnapshot {
        let time = Timestamp(seconds: 1_767_225_600, nanoseconds: 0)
        let state = KernelState(
            observedAt: time, version: "1.2.1", connectionTableSize: 4096, timeouts: .init(), virtualServices: [])
        return CollectorSnapshot(
            time: time, started: time, kernel: KernelReading(state: state, problem: problem), captures: captures,
            trace: TraceSummary())
    }

    @Test
    func `/metrics is a page in text format 0.0.4 with the collector's metrics and the program's own`() async throws {
        let snapshot = Self.snapshot()
        let current: @Sendable () -> CollectorSnapshot? = { snapshot }
        try await withServer(snapshot: current) { address in
            let answer = try await Answer.to("/metrics", at: address)
            #expect(answer.status == 200)
            #expect(answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
            let lines = answer.body.split(separator: "\n")
            #expect(lines.contains("ipvs_up 1"))
            #expect(lines.contains("ipvscope_capture_packets_total{interface=\"eth0\",side=\"vip\"} 0"))
            #expect(lines.contains("ipvscope_build_info{version=\"1.2.3 <test>\"} 1"))
            #expect(lines.contains { $0.hasPrefix("process_resident_memory_bytes ") })
            #expect(lines.contains { $0.hasPrefix("ipvscope_scrape_duration_seconds ") })
        }
    }

    @Test
    func `before the first snapshot /metrics says that IPVS is not up`() async throws {
        try await withServer { address in
            let answer = try await Answer.to("/metrics", at: address)
            #expect(answer.status == 200)
            #expect(answer.body.contains("\nipvs_up 0\n"))
            #expect(answer.body.contains("\nprocess_start_time_seconds "))
        }
    }

    @Test
    func `/-/ready is 503 with the reason until the collector is ready`() async throws {
        let published = Mutex<CollectorSnapshot?>(nil)
        let current: @Sendable () -> CollectorSnapshot? = { published.withLock { $0 } }
        try await withServer(snapshot: current) { address in
            let steps: [(CollectorSnapshot?, Int, String)] = [
                (nil, 503, "not ready: the collector is starting\n"),
                (Self.snapshot(captures: []), 503, "not ready: no capture runs\n"),
                (Self.snapshot(problem: "no IPVS:\nload ip_vs"), 503, "not ready: no IPVS: load ip_vs\n"),
                (Self.snapshot(), 200, "ipvscope is ready\n"),
            ]
            for (snapshot, status, body) in steps {
                published.withLock { $0 = snapshot }
                let answer = try await Answer.to("/-/ready", at: address)
                #expect(answer.status == status)
                #expect(answer.body == body)
                #expect(try await Answer.to("/-/ready", method: "HEAD", at: address).status == status)
            }
        }
    }

    @Test(arguments: ["/", "/metrics", "/-/healthy"])
    func `HEAD answers like GET, without a body`(path: String) async throws {
        try await withServer { address in
            let get = try await Answer.to(path, at: address)
            let head = try await Answer.to(path, method: "HEAD", at: address)
            #expect(get.status == 200)
            #expect(!get.body.isEmpty)
            #expect(head.status == 200)
            #expect(head.headers["content-type"] == get.headers["content-type"])
            #expect(head.body.isEmpty)
        }
    }

    @Test
    func `the landing page links to what there is, and allows nothing else to load`() async throws {
        try await withServer { address in
            let answer = try await Answer.to("/", at: address)
            #expect(answer.headers["content-type"] == "text/html; charset=utf-8")
            #expect(answer.headers["content-security-policy"]?.hasPrefix("default-src 'none';") == true)
            #expect(answer.headers["x-content-type-options"] == "nosniff")
            #expect(answer.body.contains("Version 1.2.3 &lt;test&gt;."))
            #expect(!answer.body.contains("<script"))
            let links = answer.body.matches(of: /href="([^"]*)"/).map { String($0.1) }
            #expect(links == ["/metrics", "/-/healthy", "/-/ready"])
            for link in links { #expect(try await Answer.to(link, at: address).status != 404) }
        }
    }

    @Test(arguments: [
        ("GET", "/nothing"), ("GET", "/metrics/x"), ("POST", "/metrics"), ("GET", "/-/reload"),
        ("GET", "/../etc/passwd"),
    ])
    func `nothing else is there`(method: String, path: String) async throws {
        try await withServer { address in
            let answer = try await Answer.to(path, method: method, at: address)
            #expect(answer.status == 404)
        }
    }

    @Test
    func `a port that is taken is a clear error, before and at the start`() async throws {
        try await withServer { address in
            let second = WebInterface(address: address, version: "1", logger: quietLogger, snapshot: { nil })
            let text =
                "cannot listen on \(address): address already in use; another ipvscope may be running; "
                + "choose another with --web.listen-address"
            let checked = await #expect(throws: WebInterfaceError.self) { try await second.checkAddress() }
            let started = await #expect(throws: WebInterfaceError.self) { try await second.run() }
            for error in [checked, started] {
                #expect(error?.code == .addressInUse)
                #expect(error?.description == text)
            }
        }
    }

    @Test(arguments: ["127.0.0.1", "localhost", ""])
    func `a free port is found free, and stays so`(host: String) async throws {
        let address = ListenAddress(host: host, port: 0)
        let web = WebInterface(address: address, version: "1", logger: quietLogger, snapshot: { nil })
        try await web.checkAddress()
        try await web.checkAddress()
    }

    @Test
    func `an address of another machine is a clear error`() async {
        let address = ListenAddress(host: "192.0.2.1", port: 19100)
        let web = WebInterface(address: address, version: "1", logger: quietLogger, snapshot: { nil })
        let error = await #expect(throws: WebInterfaceError.self) { try await web.checkAddress() }
        #expect(error?.code == .addressNotAvailable)
        let text = "cannot listen on 192.0.2.1:19100: this machine has no such address"
        #expect(error?.description.hasPrefix(text) == true)
    }
}
