/// The passes of weighted round robin over a list.
///
/// Weights are counted in steps of their greatest common divisor; a pass at level `v` serves, in the list's order, the
/// servers of at least `v` steps. Passes go down from the highest level to 1, over and over, so that each server has
/// its weight's share of one long round. The kernel counts `cw = (v - 1) * di + 1` instead of levels.
///
/// - Source: `ip_vs_wrr_gcd_weight` and `ip_vs_wrr_max_weight` in `net/netfilter/ipvs/ip_vs_wrr.c`.
struct WeightLevels: Sendable {
    /// A scheduler's state: the pass, and the place of the last choice, or ``CandidateRing/head``.
    struct Cursor: Sendable, Hashable, Comparable {
        var level: Int
        var place: Int

        /// In the order in which a round comes by.
        static func < (lhs: Self, rhs: Self) -> Bool { (-lhs.level, lhs.place) < (-rhs.level, rhs.place) }
    }

    private struct Place {
        var server: Int
        var steps: Int
        var eligibility: Eligibility
    }

    let candidates: [SchedulingCandidate]
    private let places: [Place]
    /// By server, its place or -1.
    private let placeOf: [Int]

    /// The greatest common divisor of the weights above 0; 1 if there is none.
    private let step: Int

    /// The highest level; 0 if no server has a weight.
    let top: Int

    init(_ candidates: [SchedulingCandidate]) {
        self.candidates = candidates
        var step = 0
        for candidate in candidates where candidate.weight > 0 { step = Self.divisor(Int(candidate.weight), step) }
        let divisor = max(step, 1)
        self.step = divisor
        places = candidates.map {
            Place(server: $0.server, steps: max(Int($0.weight), 0) / divisor, eligibility: $0.eligibility)
        }
        var placeOf = Array(repeating: -1, count: (places.map(\.server).max() ?? -1) + 1)
        for (index, place) in places.enumerated() { placeOf[place.server] = index }
        self.placeOf = placeOf
        top = places.map(\.steps).max() ?? 0
    }

    private static func divisor(_ one: Int, _ other: Int) -> Int { other == 0 ? one : divisor(other, one % other) }

    /// How many choices one round makes.
    var period: Int { places.reduce(0) { $0 + $1.steps } }

    /// Every state that a scheduler can be in.
    var allCursors: [Cursor] {
        guard top > 0 else { return [Cursor(level: 0, place: CandidateRing.head)] }
        return (1...top).reversed().flatMap { level in
            [Cursor(level: level, place: CandidateRing.head)]
                + places.indices.filter { places[$0].steps >= level }.map { Cursor(level: level, place: $0) }
        }
    }

    /// The servers that have a weight, in the list's order.
    var servers: [Int] { places.filter { $0.steps > 0 }.map(\.server) }

    /// Whether somebody would surely be chosen in the end.
    var isAnybodySure: Bool { places.contains { $0.eligibility == .surely } }

    private func weightedPlace(of server: Int) -> Int? {
        guard placeOf.indices.contains(server), placeOf[server] >= 0, places[placeOf[server]].steps > 0 else {
            return nil
        }
        return placeOf[server]
    }

    /// Every state right after `server` was chosen.
    func cursors(on server: Int) -> [Cursor] {
        guard let place = weightedPlace(of: server) else { return [] }
        return (1...places[place].steps).reversed().map { Cursor(level: $0, place: place) }
    }

    /// Where a cursor of `other` is once that list has become this one, without a choice in between.
    ///
    /// - Source: `ip_vs_wrr_dest_changed` in `net/netfilter/ipvs/ip_vs_wrr.c`.
    func cursor(from cursor: Cursor, of other: Self) -> Cursor {
        let weight = cursor.level == 0 ? 0 : (cursor.level - 1) * other.step + 1
        let highest = top == 0 ? 0 : (top - 1) * step + 1
        let level = weight > highest || weight == 0 ? top : step > 1 ? weight / step + 1 : weight
        return Cursor(level: level, place: CandidateRing.head)
    }

    /// Where the cursor stands if `server` is the next choice; `nil` if it has no weight.
    ///
    /// There is one such place: a server passed over for being overloaded is not looked at again by the same choice.
    func next(_ server: Int, after cursor: Cursor) -> Cursor? {
        guard let place = weightedPlace(of: server) else { return nil }
        let steps = places[place].steps
        if place > cursor.place, steps >= cursor.level { return Cursor(level: cursor.level, place: place) }
        return Cursor(level: min(cursor.level > 1 ? cursor.level - 1 : top, steps), place: place)
    }

    /// How many turns of others lie between two states, by whether they would surely or perhaps be taken.
    func between(_ cursor: Cursor, and target: Cursor) -> (surely: Int, perhaps: Int) {
        let isAhead = cursor < target
        var passed = (surely: 0, perhaps: 0)
        for (index, place) in places.enumerated() where place.eligibility != .never && place.steps > 0 {
            let toEnd = turns(of: place, at: index, from: cursor)
            let fromTarget = turns(of: place, at: index, from: target) + (index == target.place ? 1 : 0)
            let turns = toEnd - fromTarget + (isAhead ? 0 : place.steps)
            if place.eligibility == .surely { passed.surely += turns } else { passed.perhaps += turns }
        }
        return passed
    }

    /// How many turns a server has after `cursor` until the round ends.
    private func turns(of place: Place, at index: Int, from cursor: Cursor) -> Int {
        min(place.steps, cursor.level) - (place.steps >= cursor.level && index <= cursor.place ? 1 : 0)
    }
}
