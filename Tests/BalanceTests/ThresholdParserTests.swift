import Balance
import Testing

@Suite struct ThresholdParserTests {
    @Test(
        arguments: [
            ("max_share_error < 0.02", "max_share_error", .less, 0.02),
            ("max_share_error<=2%", "max_share_error", .lessOrEqual, 0.02),
            ("  p99( real_server_connect )<5 ms ", "p99(real_server_connect)", .less, 0.005),
            ("max(real_server_connect) < 250us", "max(real_server_connect)", .less, 0.00025),
            ("p50(real_server_connect) < 250µs", "p50(real_server_connect)", .less, 0.00025),
            ("p90(real_server_connect) < 1.5s", "p90(real_server_connect)", .less, 1.5),
            ("p95(real_server_connect) > 100ns", "p95(real_server_connect)", .greater, 1e-7),
            ("unexplained == 0", "unexplained", .equal, 0), ("packets_dropped != 1", "packets_dropped", .notEqual, 1),
            ("assignments >= 1e3", "assignments", .greaterOrEqual, 1000), ("jain > .99", "jain", .greater, 0.99),
            ("jain(bytes_out) > 98%", "jain(bytes_out)", .greater, 0.98),
            ("chi_square < 1.5e-1", "chi_square", .less, 0.15), ("longest_run\t<=\n2", "longest_run", .lessOrEqual, 2),
        ] as [(String, String, ThresholdComparison, Double)])
    func `a threshold is read as it is meant`(
        expression: String, quantity: String, comparison: ThresholdComparison, bound: Double
    ) throws {
        let threshold = try Threshold(parsing: expression)
        #expect(threshold.quantity == quantity)
        #expect(threshold.comparison == comparison)
        #expect(abs(threshold.bound - bound) <= 1e-15)
    }

    @Test(arguments: ThresholdMeasure.allCases, ThresholdComparison.allCases)
    func `every measure can be compared every way`(measure: ThresholdMeasure, comparison: ThresholdComparison) throws {
        for (suffix, factor) in measure.unit.suffixes {
            let threshold = try Threshold(parsing: "\(measure.example) \(comparison.rawValue) 3\(suffix)")
            #expect(threshold.measure == measure)
            #expect(threshold.comparison == comparison)
            #expect(threshold.bound == 3 * factor)
        }
    }

    /// Expression, the mark under it, and a part of what is said.
    @Test(arguments: [
        ("", "^", "the threshold is empty"),
        ("max_share_eror < 0.02", "^^^^^^^^^^^^^^", "did you mean max_share_error?"),
        ("Jain < 1", "^^^^", "did you mean jain?"),
        ("latency < 5ms", "^^^^^^^", "there are assignments, unexplained, "),
        ("max_share_error", "               ^", "a comparison is missing"),
        ("max_share_error 0.02", "                ^", "write one of < <= > >= == !="),
        ("unexplained = 0", "            ^", "write =="), ("jain => 0.9", "     ^^", "write >="),
        ("jain ≥ 0.9", "     ^", "write >="), ("jain !> 0.9", "     ^^", "!> is no comparison"),
        ("jain >", "      ^", "a value is missing"), ("jain > high", "       ^^^^", "high is no number"),
        ("jain > -1", "       ^", "no measure is below zero"), ("jain > 0.9.9", "       ^^^^^", "0.9.9 is no number"),
        ("jain > 1e999", "       ^^^^^", "is no number"), ("jain > 1ms", "        ^^", "ms is no unit of jain"),
        ("assignments >= 50%", "                 ^", "write a whole number"),
        ("assignments >= 1.5", "               ^^^", "assignments is counted"),
        ("p99(real_server_connect) < 5", "                           ^", "write 5ms"),
        ("p99(real_server_connect) < 5min", "                            ^^^", "write a time with ns, us, ms or s"),
        ("real_server_connect < 5ms", "^^^^^^^^^^^^^^^^^^^", "p50(real_server_connect), "),
        ("p99 < 5ms", "^^^", "write p99(real_server_connect)"), ("p99(jain) < 1", "^^^^^^^^", "write jain"),
        ("jain(bytes) < 1", "     ^^^^^", "did you mean bytes_in?"), ("jain() < 1", "     ^", "jain of what?"),
        ("longest_run(bytes_in) < 1", "^^^^^^^^^^^^^^^^^^^^", "write longest_run"),
        ("jian(bytes_in) < 1", "^^^^", "did you mean jain?"),
        ("jain(bytes_in < 1", "              ^", "write jain(bytes_in)"),
        ("p98(real_server_connect) < 5ms", "^^^", "there is no measure p98"),
        ("p99(real_server_conect) < 5ms", "    ^^^^^^^^^^^^^^^^^^", "did you mean real_server_connect?"),
        ("p99() < 5ms", "    ^", "a measure is missing"),
        ("p99(real_server_connect < 5ms", "                        ^", "a closing parenthesis is missing"),
        ("jain > 0.9 and unexplained == 0", "           ^^^^^^^^^^^^^^^^^^^^", "repeat --threshold"),
        ("jain > 0.9 # 1", "           ^^^", "something follows the value"), ("< 5", "^", "a measure is missing"),
    ])
    func `what is wrong is marked, and how to mend it said`(expression: String, mark: String, words: String) {
        let error = #expect(throws: ThresholdError.self) { try Threshold(parsing: expression) }
        let lines = error?.description.split(separator: "\n", omittingEmptySubsequences: false) ?? []
        #expect(lines.count == 4)
        #expect(lines.dropFirst(2).first.map(String.init) == "  " + mark)
        #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    }

    @Test func `no text makes the parser trap, and what it takes means what it says`() {
        var state: UInt64 = 7
        let next = { (bound: Int) -> Int in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        let pieces = Array("jp9(_) <=>!05.e-msµ%+é\n")
        var taken = 0
        for _ in 0..<20_000 {
            var edited = Array(next(2) == 0 ? "p99(real_server_connect) < 5ms" : "jain >= 0.98")
            for _ in 0..<next(4) {
                let place = next(edited.count)
                switch next(3) {
                case 0: edited.remove(at: place)
                case 1: edited.insert(pieces[next(pieces.count)], at: place)
                default: edited[place] = pieces[next(pieces.count)]
                }
            }
            let text = String(edited)
            do {
                let threshold = try Threshold(parsing: text)
                #expect(threshold.bound.isFinite && threshold.bound >= 0)
                #expect(try Threshold(parsing: threshold.expression) == threshold)
                taken += 1
            } catch {
                #expect(error.place.lowerBound <= error.expression.count)
                #expect(error.place.upperBound <= error.expression.count)
            }
        }
        #expect((1000..<19_000).contains(taken))
    }

    @Test func `help and table name every measure once`() {
        for measure in ThresholdMeasure.allCases {
            // Wider lines are broken by the help of a command.
            #expect(measure.help.count <= 52)
            #expect(Threshold.help.components(separatedBy: "\n  \(measure.rawValue) ") == 2)
            #expect(Threshold.markdownTable.components(separatedBy: "| `\(measure.example)` |") == 2)
        }
    }
}

extension String {
    /// How many parts `separator` divides it into.
    fileprivate func components(separatedBy separator: String) -> Int {
        split(separator: separator, omittingEmptySubsequences: false).count
    }
}
