import Balance
import IPVSModel
import TraceStore

/// All figures of a report in one table, a figure a row, so that a spreadsheet can pivot them.
///
/// Numbers are in SI units with a point; a row of a moment has its time, and all others none.
enum ReportCSV {
    static let titles = ["section", "virtual_service", "real_server", "measure", "value", "unit", "time"]

    static func render(_ report: RunReport) -> String {
        var table = ReportFigures()
        table.add(report)
        return CSV.line(titles) + table.rows.map(CSV.line).joined()
    }
}

/// The rows of a report's table.
struct ReportFigures {
    private(set) var rows: [[String]] = []
    private var section = ""
    private var service = ""

    mutating func add(_ report: RunReport) {
        section = "run"
        add("id", "\(report.verdict.run.id)")
        add("name", report.verdict.run.name)
        add("state", report.story.run.state.rawValue)
        add("started", report.verdict.run.started.description)
        add("ended", report.verdict.run.ended?.description)
        add("verdict", report.verdict.verdict.rawValue)
        add("level", report.verdict.level.rawValue)
        add("packets_dropped", report.story.packetsDropped, "packets")
        for event in report.story.events { add(event.kind, event.count, "events") }
        for verdict in report.verdict.virtualServices {
            service = verdict.virtualService.description
            add(verdict)
            add(report.story(of: verdict.virtualService), report.story.axis)
        }
        service = ""
        if let output = report.ab?.output { add(output) }
    }

    private mutating func add(_ verdict: ServiceVerdict) {
        section = "verdict"
        add("verdict", verdict.verdict.rawValue)
        add("scheduler", verdict.scheduler.rawValue)
        add("assignments", verdict.assignments, "connections")
        section = "distribution"
        for server in verdict.realServers {
            let name = server.realServer.description
            add("weight", server.weight, of: name)
            add("assignments", server.assignments, "connections", of: name)
            add("expected", server.expected, "connections", of: name)
            add("share", server.share, "ratio", of: name)
            add("kernel_conns", server.kernelConns, "connections", of: name)
            add("bytes_in", server.bytesIn, "bytes", of: name)
            add("bytes_out", server.bytesOut, "bytes", of: name)
        }
        section = "conformance"
        add("checked", verdict.conformance.checked, "assignments")
        add("unexplained", verdict.conformance.unexplainedTotal, "assignments")
        for explanation in verdict.conformance.explained {
            add(explanation.cause, explanation.count, "assignments", at: explanation.time?.description ?? "")
        }
        add(verdict.fairness)
        add(verdict.audit)
        section = "what_if"
        for outcome in verdict.whatIf ?? [] where outcome.leftOut == nil {
            let name = outcome.scheduler.rawValue
            for share in outcome.realServers {
                add("\(name).assignments", share.assignments, "connections", of: share.realServer.description)
            }
            add("\(name).refused", outcome.refused, "connections")
            add("\(name).max_share_error", outcome.maxShareError, "ratio")
            add("\(name).jain", outcome.jain)
        }
        section = "threshold"
        for threshold in verdict.thresholds { add(threshold.expression, threshold.verdict.rawValue) }
    }

    private mutating func add(_ fairness: FairnessReport) {
        section = "fairness"
        let (measures, ideal, chance) = (fairness.measures, fairness.ideal, fairness.chance)
        let triples: [(String, Double?, Double?, Double?, String)] = [
            ("jain", measures.jain, ideal.jain, chance.jain, ""),
            ("max_share_error", measures.maxShareError, ideal.maxShareError, chance.maxShareError, "ratio"),
            (
                "coefficient_of_variation", measures.coefficientOfVariation, ideal.coefficientOfVariation,
                chance.coefficientOfVariation, ""
            ), ("max_over_mean", measures.maxOverMean, ideal.maxOverMean, chance.maxOverMean, ""),
            (
                "prefix_discrepancy", measures.prefixDiscrepancy, ideal.prefixDiscrepancy, chance.prefixDiscrepancy,
                "connections"
            ),
            ("longest_run", Double(measures.longestRun), ideal.longestRun, chance.longestRun, "assignments"),
            ("repeats", Double(fairness.repeats), ideal.repeats, chance.repeats, "assignments"),
            ("chi_square", measures.chiSquare, ideal.chiSquare, chance.chiSquare, ""),
        ]
        for (name, value, ideal, chance, unit) in triples {
            add(name, value, unit)
            add("ideal.\(name)", ideal, unit)
            add("chance.\(name)", chance, unit)
        }
        add("p_upper", measures.pUpper)
        add("p_lower", measures.pLower)
        add("pattern", fairness.pattern.rawValue)
        if let window = fairness.window {
            let (name, time) = (window.realServer.description, window.time.description)
            add("window.max_share_error", window.maxShareError, "ratio", of: name, at: time)
            add("window.chance.max_share_error", window.chanceMaxShareError, "ratio", of: name, at: time)
        }
        for stretch in fairness.stretches {
            let time = stretch.time?.description ?? ""
            add("stretch.assignments", stretch.assignments, "assignments", at: time)
            add("stretch.max_share_error", stretch.measures.maxShareError, "ratio", at: time)
            add("stretch.chance.max_share_error", stretch.chance.maxShareError, "ratio", at: time)
        }
    }

    private mutating func add(_ audit: AuditReport) {
        section = "audit"
        add("closed", audit.closed ? "true" : "false")
        add("captured", audit.captured, "connections")
        add("kernel", audit.kernelConns, "connections")
        add("unexplained", audit.unexplained, "connections")
        for (name, unit, counter) in [
            ("packets_in", "packets", audit.packets.in), ("packets_out", "packets", audit.packets.out),
            ("bytes_in", "bytes", audit.bytes.in), ("bytes_out", "bytes", audit.bytes.out),
        ] {
            add("\(name).captured", counter.captured, unit)
            add("\(name).kernel", counter.kernel, unit)
            add("\(name).explained", counter.explained, unit)
            add("\(name).unexplained", counter.unexplained, unit)
        }
        for (cause, count) in audit.explained.sorted(by: { $0.key < $1.key }) {
            add("cause.\(cause)", count, "connections")
        }
    }

    private mutating func add(_ story: ServiceStory, _ axis: TimeAxis) {
        section = "latency"
        for measure in LatencyMeasure.allCases {
            add(measure, story.latencies[measure], of: "")
            for server in story.realServers { add(measure, server.latencies[measure], of: Self.name(server)) }
        }
        section = "outcome"
        for server in story.realServers {
            add("connections", server.connections, "connections", of: Self.name(server))
            for (outcome, count) in server.outcomes.sorted(by: { $0.key < $1.key }) {
                add(outcome, count, "connections", of: Self.name(server))
            }
            add("repeated_by_client", server.repeatedByClient, "segments", of: Self.name(server))
            add("repeated_by_real_server", server.repeatedByRealServer, "segments", of: Self.name(server))
        }
        section = "event"
        for event in story.events { add(event.kind, event.count, "events") }
        section = "time_series"
        for server in story.realServers {
            for (step, count) in server.assignments.enumerated() where count > 0 {
                let time = Timestamp(rawValue: axis.start.rawValue + Int64(step) * axis.step)
                add("assignments", count, "connections", of: Self.name(server), at: UTCTime(time).description)
            }
            for reading in server.readings {
                let time = UTCTime(reading.time).description
                for (name, value) in [
                    ("active", reading.active), ("inactive", reading.inactive), ("traced_active", reading.tracedActive),
                    ("traced_inactive", reading.tracedInactive),
                ] { add(name, value, "connections", of: Self.name(server), at: time) }
                add("weight", reading.weight, of: Self.name(server), at: time)
            }
        }
    }

    /// A real server's name; one that was not seen is told apart from all of them.
    private static func name(_ server: RealServerStory) -> String { server.realServer?.description ?? "unseen" }

    private mutating func add(_ measure: LatencyMeasure, _ times: LatencyDistribution?, of server: String) {
        guard let times, times.count > 0 else { return }
        add("\(measure.rawValue).count", times.count, "connections", of: server)
        for (name, value) in [
            ("p50", times.p50), ("p90", times.p90), ("p95", times.p95), ("p99", times.p99), ("max", times.max),
        ] { add("\(measure.rawValue).\(name)", value, "seconds", of: server) }
    }

    private mutating func add(_ output: ABOutput) {
        section = "ab"
        add("complete_requests", output.completeRequests, "requests")
        add("failed_requests", output.failedRequests, "requests")
        add("concurrency", output.concurrency, "connections")
        add("time_taken", output.timeTaken, "seconds")
        add("requests_per_second", output.requestsPerSecond, "requests per second")
        add("connect.median", output.connect?.median, "seconds")
        add("waiting.median", output.waiting?.median, "seconds")
        add("total.median", output.total?.median, "seconds")
        for percentile in output.percentiles { add("p\(percentile.percent)", percentile.time, "seconds") }
    }

    /// Adds a row, unless there is no value.
    private mutating func add(
        _ measure: String, _ value: (some Numeric)?, _ unit: String = "", of server: String = "", at time: String = ""
    ) {
        guard let value else { return }
        rows.append([section, service, server, measure, "\(value)", unit, time])
    }

    /// Adds a row of words. What a spreadsheet would take for a formula is marked as text.
    private mutating func add(_ measure: String, _ words: String?) {
        guard let words else { return }
        let text = { (word: String) in word.first.map { "=+-@\t\r".contains($0) } == true ? "'" + word : word }
        rows.append([section, service, "", text(measure), text(words), "", ""])
    }
}
