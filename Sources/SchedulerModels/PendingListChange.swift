/// The way from one list of real servers to the next, while it is not known how far the kernel has gone.
///
/// The kernel adds at the head of the list only, so the new list is the added servers followed by the survivors in
/// their old order; a server that was deleted and added again counts as both. `ring` holds them all. Who is in one of
/// the lists only, or eligible in one only, may or may not be chosen: this also covers every list on the way. What left
/// no trace in the order, such as the first server deleted and added again between two readings, cannot be known.
///
/// - Source: `__ip_vs_update_dest` (`list_add_rcu`) and `__ip_vs_unlink_dest` in `net/netfilter/ipvs/ip_vs_ctl.c`.
struct PendingListChange: Sendable {
    /// The new list.
    let next: CandidateRing

    /// Both lists: what was added, then all of the old list.
    let ring: CandidateRing

    /// How many servers were added.
    let added: Int

    /// By place in `ring`, the place in `next`; -1 for the deleted.
    private let placeInNext: [Int]

    init(from old: CandidateRing, to candidates: [SchedulingCandidate]) {
        next = CandidateRing(candidates)

        // The longest tail of the new list that is a part of the old one, in order, survived.
        var survivor = Array(repeating: -1, count: old.places.count)
        var added = candidates.count
        var index = old.places.count - 1
        while added > 0 {
            while index >= 0, old.places[index].server != candidates[added - 1].server { index -= 1 }
            guard index >= 0 else { break }
            added -= 1
            survivor[index] = added
            index -= 1
        }

        var places = candidates[..<added].map {
            CandidateRing.Place(server: $0.server, eligibility: $0.eligibility.or(.never))
        }
        for (place, inNext) in zip(old.places, survivor) {
            let eligibility = inNext < 0 ? .never : candidates[inNext].eligibility
            places.append(.init(server: place.server, eligibility: place.eligibility.or(eligibility)))
        }
        ring = CandidateRing(places)
        placeInNext = Array(0..<added) + survivor
        self.added = added
    }

    /// Calls `body` with each place in `next` that a cursor at `cursor` in `ring` may have once the change is done.
    ///
    /// A cursor on a deleted server has moved back to the one before it.
    func forEachCursor(from cursor: Int, _ body: (Int) -> Void) {
        var index = cursor
        while index >= 0, placeInNext[index] < 0 { index -= 1 }
        guard index >= 0 else { return body(CandidateRing.head) }
        body(placeInNext[index])
        // With no survivor before it, the deleted server left the cursor at the head if it went before the additions.
        if index != cursor, index < added { body(CandidateRing.head) }
    }
}
