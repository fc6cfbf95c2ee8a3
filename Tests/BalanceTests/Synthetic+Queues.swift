import Balance
import IPVSModel
import TestSupport

extension Synthetic {
    /// Assignments in the order in which a director with several receive queues captured them.
    struct Captured {
        /// Whom the kernel chose, in the order of the capture.
        var servers: [Int]
        /// Seconds from the run's beginning.
        var times: [Double]
        /// How many pairs of neighbours were exchanged that went to different servers.
        var exchanges = 0

        /// All counted by the kernel.
        func evidence(configurations: [ServiceConfiguration] = [equal]) -> RunEvidence {
            var assignments = Synthetic.assignments(servers)
            for index in assignments.indices { assignments[index].time = Synthetic.time(times[index]) }
            return Synthetic.evidence(kernel: servers, captured: assignments, configurations: configurations)
        }
    }

    /// What the scheduler chose, each `gap` seconds after the one before.
    static func captured(_ servers: [Int], gap: Double) -> Captured {
        Captured(servers: servers, times: servers.indices.map { 1 + Double($0) * gap })
    }

    /// Arrivals of which every other follows the one before within 40 µs, and of such pairs `share` the wrong way round.
    static func queued(_ servers: [Int], share: Double, seed: UInt64) -> Captured {
        var random = SeededGenerator(seed: seed)
        var captured = Captured(servers: servers, times: [])
        var time = 1.0
        var isExchanged = false
        for index in servers.indices {
            let isClose = random.happens(0.5)
            time += isClose ? Double.random(in: 0...40e-6, using: &random) : 1e-3
            captured.times.append(time)
            isExchanged = isClose && index > 0 && !isExchanged && random.happens(share)
            guard isExchanged else { continue }
            captured.servers.swapAt(index - 1, index)
            captured.exchanges += servers[index - 1] == servers[index] ? 0 : 1
        }
        return captured
    }
}
