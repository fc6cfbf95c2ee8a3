/// The kernel's list of a service's real servers, walked as a ring.
///
/// Places are numbered from 0; ``head``, the list's own anchor, comes before the first.
struct CandidateRing: Sendable {
    /// Where a scheduler's cursor stands before it ever chose.
    static let head = -1

    struct Place: Sendable, Hashable {
        var server: Int
        var eligibility: Eligibility
    }

    let places: [Place]

    /// How many of the first `i` places are surely eligible, for each `i`; the next one counts the perhaps eligible.
    private let surelyBefore: [Int]
    private let perhapsBefore: [Int]

    /// By server, its place or -1. A server deleted and added again while both lists are possible has two.
    private let place: [Int]
    private let formerPlace: [Int]

    init(_ places: [Place]) {
        self.places = places
        var surely = [0]
        var perhaps = [0]
        var place = Array(repeating: -1, count: (places.map(\.server).max() ?? -1) + 1)
        var formerPlace = place
        for (index, entry) in places.enumerated() {
            surely.append(surely[index] + (entry.eligibility == .surely ? 1 : 0))
            perhaps.append(perhaps[index] + (entry.eligibility == .perhaps ? 1 : 0))
            if place[entry.server] < 0 {
                place[entry.server] = index
            } else {
                formerPlace[entry.server] = index
            }
        }
        surelyBefore = surely
        perhapsBefore = perhaps
        self.place = place
        self.formerPlace = formerPlace
    }

    init(_ candidates: [SchedulingCandidate]) {
        self.init(candidates.map { Place(server: $0.server, eligibility: $0.eligibility) })
    }

    /// The places of `server`: the one it has or will have, and the one it had. -1 stands for none.
    func places(of server: Int) -> (current: Int, former: Int) {
        place.indices.contains(server) ? (place[server], formerPlace[server]) : (-1, -1)
    }

    /// Who stands strictly between `cursor` and `target` on the way forward, round the ring if need be.
    ///
    /// From a place to itself the way leads past all others.
    func between(_ cursor: Int, and target: Int) -> (surely: Int, perhaps: Int) {
        let start = cursor + 1
        guard target < start else {
            return (surelyBefore[target] - surelyBefore[start], perhapsBefore[target] - perhapsBefore[start])
        }
        return (
            surelyBefore[places.count] - surelyBefore[start] + surelyBefore[target],
            perhapsBefore[places.count] - perhapsBefore[start] + perhapsBefore[target]
        )
    }

    /// The place that the next choice must fall on; `nil` if there may be several, or none.
    func onlyNext(after cursor: Int) -> Int? {
        var index = cursor
        for _ in places.indices {
            index = index + 1 < places.count ? index + 1 : 0
            switch places[index].eligibility {
            case .never: continue
            case .perhaps: return nil
            case .surely: return index
            }
        }
        return nil
    }

    /// Calls `body` with each place that the next choice may fall on, from `cursor` on: perhaps eligible ones up to
    /// the first that surely is.
    func forEachNext(after cursor: Int, _ body: (Int) -> Void) {
        for step in 0..<places.count {
            let index = (cursor + 1 + step) % places.count
            switch places[index].eligibility {
            case .never: continue
            case .perhaps: body(index)
            case .surely: return body(index)
            }
        }
    }
}
