/// Which server followed which.
struct Transitions {
    /// By the server before and the server after: how often. An unseen choice between two parts them.
    private(set) var counts: [[Int]]
    /// All of them.
    private(set) var total = 0

    init(_ choices: [Int], servers: Int) {
        var flat = Array(repeating: 0, count: servers * servers)
        var previous = -1
        for choice in choices {
            if previous >= 0, choice >= 0 {
                flat[previous * servers + choice] += 1
                total += 1
            }
            previous = choice
        }
        counts = (0..<servers).map { Array(flat[($0 * servers)..<(($0 + 1) * servers)]) }
    }

    /// How often a server followed itself.
    var repeats: Int { counts.indices.reduce(0) { $0 + counts[$1][$1] } }

    /// The probability that choices independent of the one before would show as much dependence: Pearson's χ² of the
    /// table; `nil` with less than two servers, or too few transitions for the approximation.
    var independence: Double? {
        let rows = counts.map { $0.reduce(0, +) }
        let columns = counts.indices.map { column in counts.reduce(0) { $0 + $1[column] } }
        let used = counts.indices.filter { rows[$0] > 0 || columns[$0] > 0 }
        guard used.count > 1, total >= 5 * used.count else { return nil }
        var statistic = 0.0
        for row in used {
            for column in used {
                let expected = Double(rows[row]) * Double(columns[column]) / Double(total)
                guard expected > 0 else { continue }
                let difference = Double(counts[row][column]) - expected
                statistic += difference * difference / expected
            }
        }
        let degrees = (used.count - 1) * (used.count - 1)
        return IncompleteGamma.regularized(Double(degrees) / 2, statistic / 2).upper.finite
    }

    /// The part of all transitions that one fixed turn of the servers has, 0 to 1: the most frequent follower of each,
    /// if these make one round.
    var inTurn: Double {
        let followers = counts.map { row in row.indices.max { row[$0] < row[$1] } ?? 0 }
        let used = counts.indices.filter { counts[$0].contains { $0 > 0 } }
        guard let first = used.first, used.count > 1, total > 0 else { return 0 }
        var place = followers[first]
        var round = 1
        while place != first, round <= used.count {
            place = followers[place]
            round += 1
        }
        guard place == first, round == used.count else { return 0 }
        return Double(used.reduce(0) { $0 + counts[$1][followers[$1]] }) / Double(total)
    }
}
