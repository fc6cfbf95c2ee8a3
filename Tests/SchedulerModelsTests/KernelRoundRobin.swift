import SchedulerModels

/// Round robin as the kernel does it: one cursor, one list, every flag known. The model must follow it without
/// seeing any of that.
struct KernelRoundRobin {
    struct Destination {
        var server: Int
        var weight: Int32
        var hasUpperThreshold = false
        var isOverloaded = false
    }

    private(set) var list: [Destination]
    /// The last choice's place, or -1 for the list's head.
    private var cursor = -1

    init(_ list: [Destination]) { self.list = list }

    var candidates: [SchedulingCandidate] {
        list.map { SchedulingCandidate(server: $0.server, weight: $0.weight, hasUpperThreshold: $0.hasUpperThreshold) }
    }

    /// `ip_vs_rr_schedule`
    mutating func schedule() -> Int? {
        for step in 1...max(list.count, 1) where !list.isEmpty {
            let place = (cursor + step) % list.count
            if list[place].weight > 0, !list[place].isOverloaded {
                cursor = place
                return list[place].server
            }
        }
        return nil
    }

    /// `list_add_rcu`: at the head.
    mutating func add(_ destination: Destination) {
        list.insert(destination, at: 0)
        if cursor >= 0 { cursor += 1 }
    }

    /// `ip_vs_rr_del_dest`
    mutating func remove(at place: Int) {
        list.remove(at: place)
        if cursor >= place { cursor -= 1 }
    }

    mutating func edit(at place: Int, weight: Int32) { list[place].weight = weight }

    mutating func setOverloaded(_ isOverloaded: Bool, at place: Int) {
        list[place].isOverloaded = isOverloaded && list[place].hasUpperThreshold
    }
}
