import Balance
import IPVSModel
import TestSupport
import Testing

@Suite struct ThresholdTests {
    private func judge(_ evidence: RunEvidence, _ expressions: String...) throws -> ServiceVerdict {
        Judge.verdict(on: evidence, thresholds: try expressions.map { try Threshold(parsing: $0) }).virtualServices[0]
    }

    private let thousand = Synthetic.complete(Synthetic.roundRobin(1000))

    @Test(
        arguments: [
            ("assignments >= 1000", .pass, 1000), ("assignments > 1000", .fail, 1000),
            ("unexplained == 0", .pass, 0), ("audit_unexplained == 0", .pass, 0), ("packets_dropped == 0", .pass, 0),
            ("max_share_error < 0.02", .pass, 2.0 / 3 / 1000), ("max_share_error < 0.01%", .fail, 2.0 / 3 / 1000),
            ("prefix_discrepancy < 0.7", .pass, 2.0 / 3), ("longest_run <= 1", .pass, 1),
            ("longest_run == 2", .fail, 1),
            ("repeats == 0", .pass, 0), ("window_max_share_error < 1%", .pass, 1.0 / 150),
            ("max_share_error(bytes_out) < 0.01%", .fail, 2.0 / 3 / 1000), ("jain(packets_in) > 0.99", .pass, 0.999998),
            // Connect times are 200 to 299 µs, ten of each.
            ("p50(real_server_connect) == 249us", .pass, 0.000249),
            ("p99(real_server_connect) < 298us", .fail, 0.000298),
            ("p95(real_server_connect) <= 294us", .pass, 0.000294),
            ("max(real_server_connect) < 0.3ms", .pass, 0.000299),
            ("p_lower < 0.01", .pass, 0.0009995001666250082), ("p_upper < 0.01", .fail, 0.999000499833375),
        ] as [(String, Verdict, Double)])
    func `a threshold is held against what was measured`(expression: String, verdict: Verdict, value: Double) throws {
        let service = try judge(thousand, expression)
        #expect(service.thresholds.map(\.verdict) == [verdict])
        #expect(service.verdict == verdict)
        let measured = try #require(service.thresholds[0].value)
        #expect(abs(measured - value) < 1e-9)
        #expect(service.promise.verdict == .pass)
    }

    @Test func `a failed threshold is named with its value, and comes first unless the promise was broken`() throws {
        let kept = try judge(thousand, "assignments >= 2000", "max_share_error < 0.0001", "unexplained == 0")
        #expect(
            kept.reasons == [
                "threshold assignments >= 2000: is 1000", "threshold max_share_error < 0.0001: is 0.000666667",
            ])
        var servers = Synthetic.roundRobin(1000)
        servers.swapAt(500, 501)
        let broken = try judge(Synthetic.complete(servers), "assignments >= 2000", "unexplained == 0")
        #expect(broken.verdict == .fail)
        #expect(broken.reasons[0].hasPrefix("assignment 501 "))
        #expect(broken.reasons.suffix(2).map { $0.prefix(21) } == ["threshold assignments", "threshold unexplained"])
    }

    @Test func `without samples nothing passes`() throws {
        let expressions = ThresholdMeasure.allCases.map { measure in
            "\(measure.example) >= 0" + (measure.unit == .duration ? "s" : "")
        }
        let thresholds = try expressions.map { try Threshold(parsing: $0) }
        for evidence in [Synthetic.complete([]), Synthetic.evidence(kernel: nil, captured: [])] {
            let report = Judge.verdict(on: evidence, thresholds: thresholds)
            #expect(report.verdict == .inconclusive)
            #expect(report.virtualServices[0].thresholds.allSatisfy { $0.verdict == .inconclusive && $0.value == nil })
        }
        var noHandshakes = Synthetic.complete(Synthetic.roundRobin(99))
        for index in 0..<99 { noHandshakes.virtualServices[0].assignments[index].realServerConnect = nil }
        let service = try judge(noHandshakes, "p99(real_server_connect) < 5ms")
        #expect(service.verdict == .inconclusive)
        #expect(service.reasons == ["threshold p99(real_server_connect) < 5ms: no samples"])
    }

    @Test func `what may be missing leaves a threshold open that it could decide`() throws {
        let kernel = Synthetic.roundRobin(1000)
        let captured = Synthetic.assignments(kernel).enumerated().filter { $0.offset % 100 != 7 }.map(\.element)
        let lossy = Synthetic.evidence(kernel: kernel, captured: captured)
        for (expression, verdict) in [
            ("assignments >= 990", Verdict.pass), ("assignments >= 1000", .inconclusive), ("assignments > 1000", .fail),
            ("assignments == 5", .fail), ("unexplained == 0", .inconclusive), ("jain > 0.9", .inconclusive),
            ("max_share_error < 5%", .pass), ("max_share_error < 1%", .inconclusive), ("max_share_error > 5%", .fail),
            ("p99(real_server_connect) < 5ms", .pass), ("p99(real_server_connect) < 5us", .fail),
            ("audit_unexplained == 0", .fail), ("jain(bytes_in) > 0.9", .inconclusive),
            ("window_max_share_error < 50%", .inconclusive), ("longest_run < 100", .inconclusive),
        ] {
            let service = try judge(lossy, expression)
            #expect(service.thresholds[0].verdict == verdict, "\(expression): \(service.thresholds[0])")
            // The promise is open, so nothing passes as a whole.
            #expect(service.verdict == (verdict == .fail ? .fail : .inconclusive), "\(expression)")
        }
        #expect(
            try judge(lossy, "jain > 0.9").thresholds[0].detail.hasSuffix("but up to 10 connections may be missing"))
    }

    /// What the kernel did: in turn, nearly so, at random, or unevenly at random.
    private func truth(_ seed: Int) -> [Int] {
        var generator = SeededGenerator(seed: UInt64(seed))
        let count = Int.random(in: 40...300, using: &generator)
        switch seed % 4 {
        case 0: return Synthetic.roundRobin(count)
        case 1:
            var servers = Synthetic.roundRobin(count)
            servers.swapAt(count / 2, count / 2 + 1)
            return servers
        case 2: return (0..<count).map { _ in .random(in: 1...3, using: &generator) }
        default: return (0..<count).map { _ in [1, 1, 1, 2, 3][Int.random(in: 0..<5, using: &generator)] }
        }
    }

    @Test(arguments: [0.002, 0.02])
    func `with packets lost no threshold is decided otherwise than with all of them`(loss: Double) throws {
        let measures = ThresholdMeasure.allCases.filter {
            // These are of what was captured, and say so.
            ![.auditUnexplained, .packetsDropped, .realServerConnect].contains($0)
        }
        var (decided, open) = (0, 0)
        for seed in 0..<80 {
            let kernel = truth(seed)
            let complete = Synthetic.complete(kernel)
            let lossy = Synthetic.lossy(kernel, seed: UInt64(seed), probability: loss)
            let zero = try measures.map { try Threshold(parsing: "\($0.rawValue) >= 0") }
            let values = Judge.verdict(on: complete, thresholds: zero).virtualServices[0].thresholds.map(\.value)
            let thresholds = try zip(measures, values).flatMap { measure, value in
                try [0.9, 0.999, 1, 1.001, 1.1].flatMap { factor in
                    let bound = (value ?? 0) * factor
                    return try ["<", ">=", "=="].map {
                        try Threshold(
                            parsing: "\(measure.rawValue) \($0) \(measure.unit == .count ? bound.rounded() : bound)")
                    }
                }
            }
            let whole = Judge.verdict(on: complete, thresholds: thresholds).virtualServices[0].thresholds
            let part = Judge.verdict(on: lossy, thresholds: thresholds).virtualServices[0].thresholds
            for (known, seen) in zip(whole, part) {
                if seen.verdict == .inconclusive { open += 1 } else { decided += 1 }
                #expect(
                    seen.verdict == .inconclusive || known.verdict == .inconclusive || seen.verdict == known.verdict,
                    "seed \(seed): \(known) became \(seen)")
            }
        }
        #expect(decided > 500)
        #expect(open > 500)
    }

    @Test func `bytes that differ from the kernel's leave a threshold on them open`() throws {
        var evidence = thousand
        evidence.virtualServices[0].realServers[0].captured.outBytes -= 7
        #expect(try judge(evidence, "max_share_error(bytes_in) < 50%").thresholds[0].verdict == .pass)
        let open = try judge(evidence, "max_share_error(bytes_out) < 50%").thresholds[0]
        #expect(open.verdict == .inconclusive)
        #expect(open.detail.hasSuffix("but 7 of the bytes to clients are unexplained"))
    }

    @Test func `violations that no missing evidence explains fail the threshold on them`() throws {
        var servers = Synthetic.roundRobin(1000)
        servers.swapAt(500, 501)
        #expect(try judge(Synthetic.complete(servers), "unexplained == 0").thresholds[0].verdict == .fail)
        #expect(try judge(Synthetic.complete(servers), "unexplained <= 10").thresholds[0].verdict == .pass)
    }

    @Test func `without the kernel's counters a threshold can fail, and the verdict cannot pass`() throws {
        let blind = Synthetic.evidence(kernel: nil, captured: Synthetic.assignments(Synthetic.roundRobin(1000)))
        #expect(try judge(blind, "max_share_error < 0.02").verdict == .inconclusive)
        #expect(try judge(blind, "max_share_error > 0.02").verdict == .fail)
        #expect(try judge(blind, "audit_unexplained == 0").thresholds[0].verdict == .inconclusive)
    }

    @Test func `a scheduler without a model has no unexplained assignments to count`() throws {
        let configuration = Synthetic.configuration(
            [(3, 1), (2, 1), (1, 1)], scheduler: Scheduler(rawValue: "unheard-of"))
        let service = try judge(
            Synthetic.complete(Synthetic.roundRobin(100), configurations: [configuration]), "unexplained == 0")
        #expect(service.thresholds[0].verdict == .inconclusive)
    }

    @Test func `a value that misses its bound by a hair is not shown as the bound`() throws {
        let service = try judge(thousand, "max_share_error < 0.000666666666666")
        #expect(service.thresholds[0].verdict == .fail)
        #expect(service.thresholds[0].detail.hasPrefix("is 0.00066666666666"))
        #expect(service.thresholds[0].detail != "is 0.000666667")
    }

    @Test func `every service with traffic is judged, and one without has no say`() throws {
        var evidence = thousand
        var small = Synthetic.complete(Synthetic.roundRobin(60)).virtualServices[0]
        small.identity = .firewallMark(1, isIPv6: false)
        var idle = Synthetic.complete([]).virtualServices[0]
        idle.identity = .firewallMark(2, isIPv6: false)
        evidence.virtualServices += [idle]
        let threshold = try Threshold(parsing: "assignments >= 1000")
        #expect(Judge.verdict(on: evidence, thresholds: [threshold]).verdict == .pass)
        evidence.virtualServices += [small]
        let report = Judge.verdict(on: evidence, thresholds: [threshold])
        #expect(report.verdict == .fail)
        #expect(
            report.virtualServices.map(\.verdict).sorted { $0.rawValue < $1.rawValue } == [.fail, .inconclusive, .pass])
    }
}
