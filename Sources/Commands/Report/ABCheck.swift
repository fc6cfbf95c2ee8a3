package import Balance
package import IPVSModel
package import TraceStore

/// What `ab` printed, held against what the director saw of the same benchmark.
package struct ABCheck: Sendable, Hashable, Encodable {
    package var output: ABOutput
    /// The virtual service that `ab` loaded; `nil` if it cannot be told which one.
    @OrNull package var virtualService: VirtualServiceIdentity?
    package var findings: [Finding]

    /// One comparison.
    package struct Finding: Sendable, Hashable, Encodable {
        package var subject: Subject
        /// Whether both tell the same; `nil` if they cannot be compared.
        @OrNull package var agrees: Bool?
        /// For people.
        package var sentence: String
    }

    /// The raw values are keys of the JSON and stable.
    package enum Subject: String, Sendable, Hashable, Codable {
        case service, connections, failures
        case connectTime = "connect_time"
        case firstByte = "first_byte"
        case rate
    }

    enum CodingKeys: String, CodingKey {
        case output
        case virtualService = "virtual_service"
        case findings
    }

    package init(_ output: ABOutput, report: VerdictReport, story: RunStory) {
        self.output = output
        findings = []
        let candidates = Self.candidates(output, report)
        guard candidates.count == 1, let service = candidates.first else {
            let target = "\(output.hostname ?? "?"):\(output.port.map(String.init) ?? "?")"
            let names = candidates.map(\.virtualService.description).joined(separator: ", ")
            findings = [
                Finding(
                    subject: .service, agrees: nil,
                    sentence: candidates.isEmpty
                        ? "ab loaded \(target), which is no virtual service of this run: nothing to compare"
                        : "ab loaded \(target), which may be any of \(names): name one with --virtual-service")
            ]
            return
        }
        virtualService = service.virtualService
        let story = story.services[service.virtualService]
        findings =
            [connections(service), failures(story?.realServers ?? [])]
            + [connectTime(story), firstByte(story), rate(service)].compactMap(\.self)
    }

    /// The virtual services that `ab` may have loaded: by address and port; where it was given a name, by port.
    private static func candidates(_ output: ABOutput, _ report: VerdictReport) -> [ServiceVerdict] {
        let services = report.virtualServices.filter(\.hasTraffic)
        let exact = services.filter { service in
            guard let endpoint = service.virtualService.endpoint, service.virtualService.transportProtocol == .tcp
            else { return false }
            return Int(endpoint.port) == output.port && output.hostname.flatMap(address) == endpoint.address
        }
        if !exact.isEmpty { return exact }
        if let hostname = output.hostname, address(hostname) != nil {
            // A firewall mark stands for any address.
            return services.filter { $0.virtualService.endpoint == nil }
        }
        let byPort = services.filter {
            $0.virtualService.transportProtocol == .tcp
                && $0.virtualService.endpoint.map { Int($0.port) } == output.port
        }
        return byPort.isEmpty ? services.filter { $0.virtualService.endpoint == nil } : byPort
    }

    private static func address(_ text: String) -> IPAddress? {
        IPAddress(text.hasPrefix("[") && text.hasSuffix("]") ? String(text.dropFirst().dropLast()) : text)
    }

    private func connections(_ service: ServiceVerdict) -> Finding {
        let ours = service.assignments
        let kept = output.keepAliveRequests ?? 0
        // A request on a connection that was kept needs none of its own.
        let least = max(output.completeRequests - kept, min(output.completeRequests, 1))
        let told =
            "ab completed \(Figures.plural(output.completeRequests, "request"))"
            + (output.keepAliveRequests.map { " (\($0) on kept connections)" } ?? "")
            + "; the director assigned \(Figures.plural(ours, "connection"))"
        if ours < least {
            return Finding(
                subject: .connections, agrees: false,
                sentence:
                    "\(told), \(least - ours) too few: connections are missing from this run, or ab ran outside of it")
        }
        let extra = ours - least
        // So many may be under way when ab has what it was asked for.
        let allowed = output.concurrency ?? 1
        if extra == 0 { return Finding(subject: .connections, agrees: true, sentence: "\(told): as many as needed") }
        return extra <= allowed
            ? Finding(
                subject: .connections, agrees: true,
                sentence:
                    "\(told), \(extra) more: ab opens up to as many as its concurrency (\(allowed)) that it no longer "
                    + "needs, and others may have used the virtual service")
            : Finding(
                subject: .connections, agrees: kept > 0 ? nil : false,
                sentence:
                    "\(told), \(extra) more than needed, of which ab's concurrency explains \(allowed): others used the "
                    + "virtual service too, or ab tried again")
    }

    private func failures(_ servers: [RealServerStory]) -> Finding {
        let count = { (names: [String]) in
            servers.reduce(0) { sum, server in names.reduce(sum) { $0 + server.outcomes[$1, default: 0] } }
        }
        let parts = [
            ("refused", count(["refused", "rejected"])), ("reset by a real server", count(["reset_by_real_server"])),
            ("reset by the director", count(["reset_by_director"])),
            ("reset by the client", count(["reset_by_client"])),
            ("unanswered or not forwarded", count(["unanswered", "not_forwarded"])),
        ]
        let ours = parts.filter { $0.1 > 0 }.map { "\($0.1) \($0.0)" }.joined(separator: ", ")
        // What ab itself gives up at the end is no failure to it.
        let serious = parts.reduce(0) { $0 + $1.1 } - parts[3].1
        let causes = output.failures.filter { $0.value > 0 }.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        let told =
            "ab counts \(Figures.plural(output.failedRequests, "failed request"))"
            + (causes.isEmpty ? "" : " (\(causes.joined(separator: ", ")))")
            + (output.non2xxResponses.map { " and \(Figures.plural($0, "response")) other than 2xx" } ?? "")
            + "; of the connections the director saw \(ours.isEmpty ? "none fail" : ours)"
        let length = output.failures["length", default: 0]
        let onTheWire = output.failedRequests - length
        if onTheWire == 0, serious == 0 {
            return Finding(
                subject: .failures, agrees: true,
                sentence: told
                    + (length > 0
                        ? "; a response of another length than the first is no failure of its connection" : ""))
        }
        if onTheWire == 0 {
            return Finding(
                subject: .failures, agrees: false,
                sentence: told
                    + ": ab did not notice, or they are not ab's (a client tries again when its SYN is not answered)")
        }
        if serious == 0 {
            return Finding(
                subject: .failures, agrees: false,
                sentence: told
                    + ": what failed to ab was not seen by the director, so look at the client and what is before "
                    + "the director")
        }
        return Finding(subject: .failures, agrees: true, sentence: told)
    }

    private func connectTime(_ story: ServiceStory?) -> Finding? {
        guard let theirs = output.connect else { return nil }
        let both = story?.latencies[.handshake]
        guard let ours = both?.p50 else {
            return Finding(
                subject: .connectTime, agrees: nil,
                sentence: "ab's connect time cannot be compared: no handshake was seen whole on the VIP side")
        }
        let parts = [("real server", LatencyMeasure.realServerConnect), ("client", .clientHandshake)].compactMap {
            part in
            story?.latencies[part.1]?.p50.map { "\(part.0) \(Figures.seconds($0))" }
        }
        return Self.times(
            .connectTime, "to connect", theirs, ours: ours, longest: both?.max,
            beside: "from SYN in to ACK in" + (parts.isEmpty ? "" : " (\(parts.joined(separator: ", ")))"))
    }

    private func firstByte(_ story: ServiceStory?) -> Finding? {
        guard let theirs = output.waiting, let ours = story?.latencies[.timeToFirstByte], let median = ours.p50 else {
            return nil
        }
        return Self.times(
            .firstByte, "waiting for the first byte", theirs, ours: median, longest: ours.max,
            beside: "from request to response")
    }

    /// ab's whole milliseconds beside ours, in words.
    private static func times(
        _ subject: Subject, _ what: String, _ theirs: ABOutput.Times, ours: Double, longest: Double?, beside: String
    ) -> Finding {
        let median = theirs.median ?? theirs.mean
        let told =
            "\(what), ab took \(milliseconds(median)) (\(theirs.median == nil ? "mean" : "median"), longest "
            + "\(milliseconds(theirs.max))); the director saw \(Figures.seconds(ours)) \(beside), longest "
            + Figures.seconds(longest)
        // ab cuts to whole milliseconds, and a fifth more is nobody's fault.
        if median > ours * 1.2 + 0.001 {
            return Finding(
                subject: subject, agrees: false,
                sentence:
                    "\(told): \(Figures.seconds(median - ours)) went by outside the director's sight: in ab, which "
                    + "serves all its connections in turn, elsewhere in the client, or on the way to it")
        }
        if ours > median * 1.2 + 0.001 {
            return Finding(
                subject: subject, agrees: false,
                sentence: "\(told): longer than ab's own time, so other clients' connections are among these")
        }
        return Finding(subject: subject, agrees: true, sentence: "\(told): they agree to ab's millisecond or a fifth")
    }

    /// `ab` cuts to whole milliseconds.
    private static func milliseconds(_ seconds: Double) -> String {
        seconds < 0.001 ? "under 1 ms" : Figures.fixed(seconds * 1000, 0) + " ms"
    }

    private func rate(_ service: ServiceVerdict) -> Finding? {
        guard let rate = output.requestsPerSecond, let time = output.timeTaken, time > 0 else { return nil }
        return Finding(
            subject: .rate, agrees: nil,
            sentence:
                "ab made \(Figures.fixed(rate, 1)) requests per second for \(Figures.seconds(time)); the director assigned "
                + "\(Figures.fixed(Double(service.assignments) / time, 1)) connections per second of that time")
    }
}
