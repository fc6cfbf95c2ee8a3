public import IPVSModel

/// Round robin: the next real server in the list, round and round.
///
/// The state is a cursor: the place of the last choice, or the list's head before the first one. A choice falls on
/// the first server after the cursor that has a weight above 0 (how much above is ignored) and is not overloaded, past
/// the end of the list on to its beginning, the cursor's own server being the last to be tried. Adding and editing
/// servers leave the cursor alone; deleting the server under it moves it back to the one before; binding the scheduler
/// anew puts it at the head.
///
/// - Source: `ip_vs_rr_schedule`, `ip_vs_rr_del_dest` and `ip_vs_rr_init_svc` in `net/netfilter/ipvs/ip_vs_rr.c`.
public struct RoundRobin: ChoosingModel {
    public static let scheduler = Scheduler.roundRobin

    /// The list; while a change is pending, both lists in one.
    private var ring: CandidateRing
    private var pending: PendingListChange?

    /// Where the cursor may stand, in rising order, each place once. Never empty.
    private var cursors: [Int]

    /// Room for building the next set of cursors: one mark per place, the head's first.
    private var marks: [Bool]

    public static func period(of service: ScheduledService) -> Int {
        service.candidates.count { $0.weight > 0 }
    }

    /// Every cursor is possible.
    public init(attachedTo service: ScheduledService) {
        self.init(
            ring: CandidateRing(service.candidates), cursors: Array(CandidateRing.head..<service.candidates.count))
    }

    /// The cursor is at the head of the list.
    public init(startingWith service: ScheduledService) {
        self.init(ring: CandidateRing(service.candidates), cursors: [CandidateRing.head])
    }

    private init(ring: CandidateRing, cursors: [Int]) {
        self.ring = ring
        self.cursors = cursors
        marks = Array(repeating: false, count: ring.places.count + 1)
    }

    public mutating func beginChange(to service: ScheduledService) {
        endChange()
        let change = PendingListChange(from: ring, to: service.candidates)
        for index in cursors.indices where cursors[index] != CandidateRing.head { cursors[index] += change.added }
        ring = change.ring
        marks = Array(repeating: false, count: ring.places.count + 1)
        pending = change
    }

    public mutating func endChange() {
        guard let change = pending else { return }
        pending = nil
        let before = cursors
        ring = change.next
        marks = Array(repeating: false, count: ring.places.count + 1)
        for cursor in before { change.forEachCursor(from: cursor) { marks[$0 + 1] = true } }
        takeMarks()
    }

    public mutating func observe(_ server: Int, for attempt: Attempt) -> Observation {
        let (current, former) = ring.places(of: server)
        let toCurrent = shortestWay(to: current)
        let toFormer = shortestWay(to: former)
        let unseen = min(toCurrent.surely, toFormer.surely)
        guard unseen == 0 else {
            let violation = Violation(expected: expected(), unseenToExplain: unseen == .max ? nil : unseen)
            standOn(current, or: former)
            return .violation(violation)
        }
        let perhaps = min(
            toCurrent.surely == 0 ? toCurrent.perhaps : .max, toFormer.surely == 0 ? toFormer.perhaps : .max)
        standOn(toCurrent.surely == 0 ? current : -1, or: toFormer.surely == 0 ? former : -1)
        if pending != nil, perhaps > 0 || ring.places[cursors[0]].eligibility == .perhaps {
            return .permitted(.configurationChange)
        }
        return perhaps > 0 ? .permitted(.overload) : .conforming
    }

    public mutating func follow(_ servers: ArraySlice<Int>) -> Int {
        guard pending == nil, cursors.count == 1 else { return 0 }
        var cursor = cursors[0]
        var followed = 0
        for server in servers {
            guard let next = ring.onlyNext(after: cursor), ring.places[next].server == server else { break }
            cursor = next
            followed += 1
        }
        cursors[0] = cursor
        return followed
    }

    public func choices(for attempt: Attempt) -> PossibleChoices {
        PossibleChoices(servers: expected(), mayBeNobody: mayChooseNobody(for: attempt))
    }

    public func mayChooseNobody(for attempt: Attempt) -> Bool { !ring.places.contains { $0.eligibility == .surely } }

    public mutating func observeUnseen() {
        for cursor in cursors {
            marks[cursor + 1] = true
            ring.forEachNext(after: cursor) { marks[$0 + 1] = true }
        }
        takeMarks()
    }

    /// Whom the scheduler would pass over on the way to `place`, from the cursor that is best placed for it.
    ///
    /// `Int.max` if it cannot be chosen.
    private func shortestWay(to place: Int) -> (surely: Int, perhaps: Int) {
        var best = (surely: Int.max, perhaps: Int.max)
        guard place >= 0, ring.places[place].eligibility != .never else { return best }
        for cursor in cursors {
            let passed = ring.between(cursor, and: place)
            if passed < best { best = passed }
        }
        return best
    }

    /// Puts the cursor on either place, of which -1 is none; anywhere if both are none.
    private mutating func standOn(_ place: Int, or other: Int) {
        cursors.removeAll(keepingCapacity: true)
        if place >= 0 { cursors.append(place) }
        if other >= 0 { cursors.append(other) }
        if cursors.isEmpty { cursors.append(contentsOf: CandidateRing.head..<ring.places.count) }
    }

    /// The servers that the next choice may fall on.
    private func expected() -> [Int] {
        var servers: [Int] = []
        for cursor in cursors {
            ring.forEachNext(after: cursor) { place in
                let server = ring.places[place].server
                if !servers.contains(server) { servers.append(server) }
            }
        }
        return servers
    }

    /// Makes the marked places the set of cursors, and clears the marks.
    private mutating func takeMarks() {
        cursors.removeAll(keepingCapacity: true)
        for index in marks.indices where marks[index] {
            cursors.append(index - 1)
            marks[index] = false
        }
    }
}
