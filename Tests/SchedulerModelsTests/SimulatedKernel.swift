import SchedulerModels

/// A scheduler as the kernel does it: one state, one list, every flag known. A model must follow it without seeing any
/// of that.
protocol SimulatedKernel {
    associatedtype Model: SchedulerModel

    init(_ list: [SimulatedDestination])

    var list: [SimulatedDestination] { get set }

    mutating func schedule() -> Int?

    /// What the scheduler does once a server was added at the head of the list.
    mutating func added()
    /// What the scheduler does once the server at `place` was deleted.
    mutating func removed(at place: Int)
    mutating func edited()

    /// Whether an edit that changes nothing has an effect, which no reading shows.
    static var minds: Bool { get }
}

struct SimulatedDestination {
    var server: Int
    var weight: Int32
    var hasUpperThreshold = false
    var isOverloaded = false
}

extension SimulatedKernel {
    var candidates: [SchedulingCandidate] {
        list.map { SchedulingCandidate(server: $0.server, weight: $0.weight, hasUpperThreshold: $0.hasUpperThreshold) }
    }

    /// `list_add_rcu`: at the head.
    mutating func add(_ destination: SimulatedDestination) {
        list.insert(destination, at: 0)
        added()
    }

    mutating func remove(at place: Int) {
        list.remove(at: place)
        removed(at: place)
    }

    mutating func edit(at place: Int, weight: Int32) {
        list[place].weight = weight
        edited()
    }

    mutating func setOverloaded(_ isOverloaded: Bool, at place: Int) {
        list[place].isOverloaded = isOverloaded && list[place].hasUpperThreshold
    }
}

struct KernelRoundRobin: SimulatedKernel {
    typealias Model = RoundRobin
    static let minds = false

    var list: [SimulatedDestination]
    /// The last choice's place, or -1 for the list's head.
    private var cursor = -1

    init(_ list: [SimulatedDestination]) { self.list = list }

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

    mutating func added() { if cursor >= 0 { cursor += 1 } }

    /// `ip_vs_rr_del_dest`
    mutating func removed(at place: Int) { if cursor >= place { cursor -= 1 } }

    mutating func edited() {}
}

struct KernelWeightedRoundRobin: SimulatedKernel {
    typealias Model = WeightedRoundRobin
    static let minds = true

    var list: [SimulatedDestination]
    /// `cl`: the last choice's place, or -1 for the list's head.
    private var cursor = -1
    private var currentWeight: Int32
    private var highestWeight: Int32
    private var interval: Int32

    /// `ip_vs_wrr_init_svc`
    init(_ list: [SimulatedDestination]) {
        self.list = list
        (interval, highestWeight) = Self.measure(list)
        currentWeight = highestWeight
    }

    private static func measure(_ list: [SimulatedDestination]) -> (interval: Int32, highest: Int32) {
        var divisor: Int32 = 0
        for destination in list where destination.weight > 0 {
            var (one, other) = (destination.weight, divisor)
            while other != 0 { (one, other) = (other, one % other) }
            divisor = one
        }
        let interval = max(divisor, 1)
        return (interval, (list.map(\.weight).max() ?? 0) - (interval - 1))
    }

    /// `ip_vs_wrr_schedule`, step by step.
    mutating func schedule() -> Int? {
        guard highestWeight != 0 else { return nil }
        let last = cursor
        var stop: Int?
        var isLastPass = false
        var isRestarted = false
        var place = cursor
        while true {
            place += 1
            while place < list.count {
                if !list[place].isOverloaded, list[place].weight >= currentWeight {
                    cursor = place
                    return list[place].server
                }
                if place == stop {
                    cursor = place
                    return nil
                }
                place += 1
            }
            place = -1
            currentWeight -= interval
            if currentWeight <= 0 {
                currentWeight = highestWeight
                if isLastPass || last == -1 {
                    cursor = -1
                    return nil
                }
                isRestarted = true
            }
            isLastPass = currentWeight <= interval
            if isLastPass, isRestarted, last != -1 { stop = last }
        }
    }

    /// `ip_vs_wrr_dest_changed`
    mutating func edited() {
        cursor = -1
        (interval, highestWeight) = Self.measure(list)
        if currentWeight > highestWeight || currentWeight == 0 {
            currentWeight = highestWeight
        } else if interval > 1 {
            currentWeight = currentWeight / interval * interval + 1
        }
    }

    mutating func added() { edited() }

    mutating func removed(at place: Int) { edited() }
}
