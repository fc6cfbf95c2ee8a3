import HeapModule
import SchedulerModels

/// How many connections each server has open, and still has entries of, as they come and go.
///
/// An entry that is over stays for as long as the kernel's TIME_WAIT lasts.
struct ConcurrencyCount {
    /// - Unit: nanoseconds.
    private static let afterwards: Int64 = 120_000_000_000

    private struct Leaving: Comparable {
        var time: Int64
        var server: Int

        static func < (lhs: Self, rhs: Self) -> Bool { lhs.time < rhs.time }
    }

    /// By server.
    private(set) var active: [Int]
    private(set) var inactive: [Int]
    /// By server: the most that were open at once.
    private(set) var peak: [Int]
    /// Open ones that will end.
    private var ending = Heap<Leaving>()
    /// Ended ones in the order of their ends, which is that in which they leave.
    private var ended: [Leaving] = []
    private var head = 0

    init(servers: Int) {
        active = Array(repeating: 0, count: servers)
        inactive = active
        peak = active
    }

    mutating func advance(to time: Int64) {
        while let first = ending.min, first.time <= time {
            ending.removeMin()
            active[first.server] -= 1
            inactive[first.server] += 1
            ended.append(Leaving(time: first.time + Self.afterwards, server: first.server))
        }
        while head < ended.count, ended[head].time <= time {
            inactive[ended[head].server] -= 1
            head += 1
        }
        if head > 4_096, head * 2 > ended.count {
            ended.removeFirst(head)
            head = 0
        }
    }

    /// - Parameter end: When it ends; `nil` if that was not seen.
    mutating func add(to server: Int, until end: Int64?) {
        active[server] += 1
        peak[server] = max(peak[server], active[server])
        if let end { ending.insert(Leaving(time: end, server: server)) }
    }

    /// How many entries each server has.
    var entries: [EntryBounds] {
        zip(active, inactive).map { EntryBounds(active: $0, inactive: $1) }
    }
}
