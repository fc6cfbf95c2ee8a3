/// The worst of all windows of so many assignments in a row, within one configuration each.
struct WindowFairness {
    /// Assignments in a window.
    let size: Int
    /// How many windows there were.
    private(set) var windows = 0
    /// The least of Jain's indices.
    private(set) var jain = 1.0
    private(set) var worst: Worst?

    /// The window with the largest share error.
    struct Worst {
        var shareError: Double
        /// Where it begins: a place among all assignments.
        var start: Int
        /// The server that strays most in it.
        var server: Int
    }

    /// Ten turns of each server, and a hundred assignments at least.
    init(servers: Int) { size = max(100, 10 * servers) }

    /// Takes in one stretch. A choice that stayed unseen is in no window.
    ///
    /// From one window to the next only two servers' counts change, so only these can have strayed further.
    mutating func measure(_ choices: ArraySlice<Int>, _ dues: [Double]) {
        let seen = choices.indices.filter { choices[$0] >= 0 }
        guard seen.count >= size else { return }
        let length = Double(size)
        let expected = dues.map { $0 * length }
        let due = expected.count { $0 > 0 }
        var counts = Array(repeating: 0, count: dues.count)
        var sum = 0.0
        var squares = 0.0
        let add = { (server: Int, change: Int) in
            let before = Double(counts[server])
            counts[server] += change
            guard expected[server] > 0 else { return }
            let after = Double(counts[server])
            sum += Double(change) / expected[server]
            squares += (after * after - before * before) / (expected[server] * expected[server])
        }
        for place in seen.indices {
            let entering = choices[seen[place]]
            add(entering, 1)
            guard place + 1 >= size else { continue }
            let start = place + 1 - size
            var changed = dues.indices
            if start > 0 {
                let leaving = choices[seen[start - 1]]
                add(leaving, -1)
                changed = leaving..<(leaving + 1)
                stray(entering, counts, dues, from: seen[start])
            }
            for server in changed { stray(server, counts, dues, from: seen[start]) }
            windows += 1
            if due > 0, squares > 0 { jain = min(jain, sum * sum / (Double(due) * squares)) }
        }
    }

    private mutating func stray(_ server: Int, _ counts: [Int], _ dues: [Double], from start: Int) {
        let error = abs(Double(counts[server]) / Double(size) - dues[server])
        if worst.map({ error > $0.shareError }) ?? true {
            worst = Worst(shareError: error, start: start, server: server)
        }
    }
}
