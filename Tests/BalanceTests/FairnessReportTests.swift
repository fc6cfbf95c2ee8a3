import Balance
import IPVSModel
import TestSupport
import Testing

@Suite struct FairnessReportTests {
    private func fairness(_ choices: [Int], _ configurations: [ServiceConfiguration] = [Synthetic.equal])
        -> FairnessReport
    {
        Judge.verdict(on: Synthetic.complete(choices, configurations: configurations)).virtualServices[0].fairness
    }

    private func random(_ count: Int, seed: UInt64) -> [Int] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in .random(in: 1...3, using: &generator) }
    }

    @Test func `transitions are counted, and an unseen choice parts them`() {
        let report = fairness([3, 2, 1, 3, 2, 2, 0, 1, 3])
        #expect(report.transitions == [[0, 0, 2], [1, 1, 0], [0, 2, 0]])
        #expect(report.repeats == 1)
    }

    @Test(
        arguments: [
            (Synthetic.roundRobin(16), .roundRobin), (Synthetic.roundRobin(1000), .roundRobin),
            ([3, 2, 1], .tooFew), (Array(repeating: 2, count: 50), .oneRealServer),
            ((0..<300).map { [3, 3, 2, 2, 1, 1][$0 % 6] }, .other), ((0..<300).map { $0 < 150 ? 1 : 2 }, .other),
        ] as [([Int], AssignmentPattern)])
    func `the pattern of assignments is named`(choices: [Int], pattern: AssignmentPattern) {
        #expect(fairness(choices).pattern == pattern)
    }

    @Test(arguments: [60, 300, 3000])
    func `choices at random are told apart from round robin`(count: Int) {
        for seed in 0..<50 { #expect(fairness(random(count, seed: UInt64(seed))).pattern == .random, "seed \(seed)") }
    }

    @Test func `the worst window is the worst of all`() throws {
        for seed in 0..<5 {
            let choices = random(400, seed: UInt64(seed))
            let window = try #require(fairness(choices).window)
            #expect(window.assignments == 100)
            #expect(window.windows == 301)
            var worst: [(error: Double, start: Int, server: Int)] = []
            var jain = 1.0
            for start in 0...300 {
                let counts = (1...3).map { server in choices[start..<(start + 100)].count { $0 == server } }
                jain = min(jain, FairnessMeasures.jain(counts.map(Double.init)))
                for server in 0..<3 { worst.append((abs(Double(counts[server]) / 100 - 1.0 / 3), start, server)) }
            }
            let largest = try #require(worst.map(\.error).max())
            #expect(abs(window.maxShareError - largest) < 1e-12)
            #expect(abs(window.jain - jain) < 1e-9)
            #expect(
                worst.contains {
                    $0.start + 1 == window.from && Synthetic.server($0.server + 1) == window.realServer
                        && abs($0.error - largest) < 1e-12
                })
            #expect(window.time.timestamp == Synthetic.time(Double(window.from) * 0.01))
        }
    }

    @Test func `an unseen choice is in no window`() throws {
        let choices = random(400, seed: 9)
        var parted = choices
        for place in [0, 7, 150, 151, 390] { parted.insert(0, at: place) }
        let (whole, window) = (try #require(fairness(choices).window), try #require(fairness(parted).window))
        #expect(window.windows == whole.windows)
        #expect(window.maxShareError == whole.maxShareError)
        #expect(window.jain == whole.jain)
        #expect(window.from > whole.from)
        #expect(parted[window.from - 1] != 0)
    }

    @Test func `a burst on one server is seen in a window, where the run hides it`() throws {
        // A hundred in a row to each of them, then round robin: the shares are perfect.
        let choices = (0..<300).map { 1 + $0 / 100 } + Synthetic.roundRobin(2700)
        let report = fairness(choices)
        #expect(report.maxShareError == 0)
        let window = try #require(report.window)
        #expect(abs(window.maxShareError - 2.0 / 3) < 1e-12)
        #expect(window.maxShareError > 3 * (window.chanceMaxShareError ?? 9))
    }

    @Test func `too few assignments have no windows`() {
        #expect(fairness(Synthetic.roundRobin(199)).window == nil)
        #expect(fairness(Synthetic.roundRobin(200)).window != nil)
    }

    @Test func `parts between changes of the configuration are measured by themselves`() {
        let after = (0..<300).map { [3, 1][$0 % 2] }
        let report = fairness(
            Synthetic.roundRobin(300) + after,
            [Synthetic.equal, Synthetic.configuration([(3, 1), (2, 0), (1, 1)], between: 3.005, and: 3.005)])
        #expect(report.stretches.map(\.assignments) == [300, 300])
        #expect(report.stretches.map(\.from) == [1, 301])
        #expect(report.stretches.map { $0.measures.maxShareError } == [0, 0])
        #expect(report.stretches.map { $0.ideal.prefixDiscrepancy } == [1 - 1.0 / 3, 0.5])
        #expect(report.stretches.map { $0.measures.degreesOfFreedom } == [2, 1])
        #expect(report.stretches.allSatisfy { ($0.measures.pLower ?? 1) < 1e-9 })
        #expect(fairness(Synthetic.roundRobin(300)).stretches.isEmpty)
    }

    @Test func `packets and bytes have shares of their own`() throws {
        var evidence = Synthetic.complete(Synthetic.roundRobin(300))
        for index in evidence.virtualServices[0].realServers.indices {
            evidence.virtualServices[0].realServers[index].captured.outBytes = [100_000, 100_000, 400_000][index]
        }
        let fairness = Judge.verdict(on: evidence).virtualServices[0].fairness
        let traffic = fairness.traffic
        #expect(traffic.allSatisfy { $0.chance.maxShareError == fairness.chance.maxShareError })
        #expect(traffic.allSatisfy { $0.ideal.jain == fairness.ideal.jain })
        #expect(traffic.map(\.kind) == TrafficKind.allCases.filter { $0 != .openConnections })
        #expect(traffic[0].maxShareError == 0)
        #expect(traffic[3].total == 600_000)
        #expect(abs((traffic[3].maxShareError ?? 0) - 1.0 / 3) < 1e-12)
        #expect(abs((traffic[3].jain ?? 0) - 36.0 / 54) < 1e-12)
    }

    @Test func `open connections count for as long as they last`() throws {
        var evidence = Synthetic.complete(Synthetic.roundRobin(300))
        // Server 3 has the slow ones: half of all the time.
        for index in 0..<300 {
            evidence.virtualServices[0].assignments[index].duration = index % 3 == 0 ? 2_000_000_000 : 1_000_000_000
        }
        let traffic = Judge.verdict(on: evidence).virtualServices[0].fairness.traffic
        let open = try #require(traffic.first { $0.kind == .openConnections })
        #expect(open.total == 400_000)
        #expect(abs((open.maxShareError ?? 0) - (0.5 - 1.0 / 3)) < 1e-12)
        // Without an end it lasts until the last one that was seen.
        evidence.virtualServices[0].assignments[0].duration = nil
        let longer = Judge.verdict(on: evidence).virtualServices[0].fairness.traffic.last
        #expect(longer?.kind == .openConnections)
        #expect(longer?.total == 400_000 - 2_000 + 4_970)
    }
}
