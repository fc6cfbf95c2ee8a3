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
        // The window's first assignment, and how many it has.
        var start = choices.startIndex
        var filled = 0
        for entering in choices where entering >= 0 {
            add(entering, 1)
            filled += 1
            while choices[start] < 0 { start += 1 }
            guard filled >= size else { continue }
            var changed = dues.indices
            if filled > size {
                let leaving = choices[start]
                add(leaving, -1)
                filled = size
                repeat { start += 1 } while choices[start] < 0
                changed = leaving..<(leaving + 1)
                stray(entering, counts, dues, from: start)
            }
            for server in changed { stray(server, counts, dues, from: start) }
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
