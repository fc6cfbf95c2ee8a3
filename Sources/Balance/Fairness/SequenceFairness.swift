import IPVSModel

/// What each real server should have had, and how far the order of assignments strayed from it, over the stretches
/// between changes of the configuration.
struct SequenceFairness {
    /// The assignments made under one configuration.
    struct Stretch {
        /// Places among all assignments.
        var range: Range<Int>
        /// By server: its due part, adding up to 1, or all 0.
        var dues: [Double]
        /// `nil` before the first assignment.
        var prefixDiscrepancy: Double?
    }

    /// One per configuration, in order of time.
    private(set) var stretches: [Stretch] = []
    private(set) var window: WindowFairness
    /// By server: what it should have had.
    private(set) var expected: [Double]
    /// The largest difference between a server's count and its due after any number of assignments of a stretch;
    /// `nil` before the first assignment.
    private(set) var prefixDiscrepancy: Double?
    /// The most assignments in a row to one server; an unseen choice ends a row.
    private(set) var longestRun = 0

    init(_ evidence: VirtualServiceEvidence, _ sequence: ServiceSequence) {
        expected = Array(repeating: 0, count: sequence.servers.count)
        window = WindowFairness(servers: sequence.servers.count)
        var start = 0
        for index in evidence.configurations.indices {
            let dues = sequence.dues(in: evidence.configurations[index])
            var end = sequence.choices.count
            if index + 1 < evidence.configurations.count {
                let next = evidence.configurations[index + 1]
                end = Self.boundary(evidence, sequence, from: start, dues, next: next, sequence.dues(in: next))
            }
            let discrepancy = measure(sequence.choices[start..<end], dues)
            stretches.append(Stretch(range: start..<end, dues: dues, prefixDiscrepancy: discrepancy))
            window.measure(sequence.choices[start..<end], dues)
            start = end
        }
        prefixDiscrepancy = stretches.compactMap(\.prefixDiscrepancy).max()
        longestRun = Self.longestRun(of: sequence.choices[...])
    }

    /// The most assignments in a row to one server; an unseen choice ends a row.
    static func longestRun(of choices: ArraySlice<Int>) -> Int {
        var longest = 0
        var run = 0
        var previous = -1
        for choice in choices {
            run = choice >= 0 && choice == previous ? run + 1 : choice >= 0 ? 1 : 0
            previous = choice
            longest = max(longest, run)
        }
        return longest
    }

    /// Adds one stretch.
    ///
    /// Between its own assignments a server's count less its due only falls, so it is largest just after one of them,
    /// and smallest just before one or at the end: only these are looked at.
    ///
    /// - Returns: The largest difference; `nil` before the first assignment.
    private mutating func measure(_ choices: ArraySlice<Int>, _ dues: [Double]) -> Double? {
        var counts = Array(repeating: 0, count: dues.count)
        var position = 0
        var worst = 0.0
        for choice in choices where choice >= 0 {
            let before = Double(counts[choice]) - Double(position) * dues[choice]
            position += 1
            counts[choice] += 1
            let after = Double(counts[choice]) - Double(position) * dues[choice]
            worst = max(worst, abs(before), abs(after))
        }
        guard position > 0 else { return nil }
        for (server, due) in dues.enumerated() {
            worst = max(worst, abs(Double(counts[server]) - Double(position) * due))
            expected[server] += Double(position) * due
        }
        return worst
    }

    /// The first assignment that is counted under the next configuration.
    ///
    /// The change came between `notBefore` and `seen`. Within that time, a choice that only one of the two
    /// configurations allows narrows it down; without one, the change counts from when it was seen.
    private static func boundary(
        _ evidence: VirtualServiceEvidence, _ sequence: ServiceSequence, from start: Int, _ dues: [Double],
        next: ServiceConfiguration, _ nextDues: [Double]
    ) -> Int {
        let assignments = evidence.assignments
        let first = max(start, assignments.firstIndex(from: start) { $0.time >= next.notBefore })
        let end = assignments.firstIndex(from: first) { $0.time >= next.seen }
        var afterLastOld: Int?
        for index in first..<end where sequence.choices[index] >= 0 {
            let choice = sequence.choices[index]
            switch (dues[choice] > 0, nextDues[choice] > 0) {
            case (false, true): return index
            case (true, false): afterLastOld = index + 1
            default: break
            }
        }
        return afterLastOld ?? end
    }
}

extension AssignmentList {
    /// The first index from `start` on that satisfies `predicate`, or the end.
    fileprivate func firstIndex(from start: Int, where predicate: (Assignment) -> Bool) -> Int {
        self[start...].firstIndex(where: predicate) ?? endIndex
    }
}
