public import IPVSModel

/// Weighted round robin: passes over the list, each at a lower weight than the one before.
///
/// The state is a cursor, as round robin has it, and the weight `cw` that the current pass asks for. A choice falls on
/// the next server in the list that has at least that weight and is not overloaded; at the end of the list `cw` falls
/// by the greatest common divisor of all weights, and below 1 it is back at the highest. Every server added, deleted or
/// edited, even to what it was, puts the cursor at the head and keeps `cw` as far as the new weights allow. So a
/// service whose servers were added one by one begins with a pass at the first one's weight.
///
/// An edit that changes nothing leaves no trace but the shifted phase, and is a violation here unless
/// ``allowEdits(_:)`` expects it.
///
/// - Source: `ip_vs_wrr_schedule`, `ip_vs_wrr_dest_changed` and `ip_vs_wrr_init_svc` in
///   `net/netfilter/ipvs/ip_vs_wrr.c`.
public struct WeightedRoundRobin: ChoosingModel {
    public static let scheduler = Scheduler.weightedRoundRobin

    private typealias Step = (cursors: [WeightLevels.Cursor], surely: Int, perhaps: Int)

    /// A list, and every state that the scheduler may be in if this is the list.
    private struct Branch {
        var levels: WeightLevels
        /// In the order of a round, each once.
        var cursors: [WeightLevels.Cursor]

        /// The states in which `server` was chosen with the fewest turns of others passed over, and how many these are.
        func step(to server: Int) -> Step {
            var best = (cursors: [WeightLevels.Cursor](), surely: Int.max, perhaps: Int.max)
            for cursor in cursors {
                guard let next = levels.next(server, after: cursor) else { break }
                let passed = levels.between(cursor, and: next)
                if passed.surely < best.surely { best = ([], passed.surely, passed.perhaps) }
                if passed.surely == best.surely {
                    best.perhaps = min(best.perhaps, passed.perhaps)
                    if best.cursors.last != next { best.cursors.append(next) }
                }
            }
            best.cursors = Self.ordered(best.cursors)
            return best
        }

        mutating func stand(on server: Int) { cursors = levels.cursors(on: server) }

        mutating func forget() { cursors = levels.allCursors }

        /// Where everybody may be overloaded the scheduler may have found nobody, and begun anew.
        mutating func allowRefusal() {
            if !levels.isAnybodySure { insert([.init(level: levels.top, place: CandidateRing.head)]) }
        }

        mutating func insertSuccessors() {
            insert(
                levels.servers.flatMap { server in
                    let step = step(to: server)
                    return step.surely == 0 ? step.cursors : []
                })
        }

        func cursorsAfterChange(to other: WeightLevels) -> [WeightLevels.Cursor] {
            var changed: [WeightLevels.Cursor] = []
            var level = -1
            for cursor in cursors where cursor.level != level {
                level = cursor.level
                changed.append(other.cursor(from: cursor, of: levels))
            }
            return changed
        }

        mutating func insert(_ more: [WeightLevels.Cursor]) { cursors = Self.ordered(cursors + more) }

        private static func ordered(_ cursors: [WeightLevels.Cursor]) -> [WeightLevels.Cursor] {
            guard cursors.count > 1 else { return cursors }
            var ordered: [WeightLevels.Cursor] = []
            for cursor in cursors.sorted() where cursor != ordered.last { ordered.append(cursor) }
            return ordered
        }
    }

    private var branch: Branch
    /// While a change is pending: the new list, and the states of a kernel that has it already.
    private var next: Branch?
    /// Whether the pending change is more than one, so that there are lists in between, and the phase depends on the
    /// order of changes.
    private var isLoose = false
    /// The states after one edit without a change, after two, and so on: as many as are allowed.
    private var edited: [Branch] = []

    public static func period(of service: ScheduledService) -> Int { WeightLevels(service.candidates).period }

    /// Every state is possible.
    public init(attachedTo service: ScheduledService) {
        let levels = WeightLevels(service.candidates)
        branch = Branch(levels: levels, cursors: levels.allCursors)
    }

    /// The first pass begins, at the highest weight.
    public init(startingWith service: ScheduledService) {
        let levels = WeightLevels(service.candidates)
        branch = Branch(levels: levels, cursors: [.init(level: levels.top, place: CandidateRing.head)])
    }

    public mutating func allowEdits(_ count: Int) {
        edited = Array(repeating: Branch(levels: branch.levels, cursors: []), count: count)
    }

    public mutating func beginChange(to service: ScheduledService) {
        endChange()
        for more in edited { branch.insert(more.cursors) }
        let levels = WeightLevels(service.candidates)
        isLoose = service.candidates.changes(from: branch.levels.candidates) == .several
        next = Branch(levels: levels, cursors: levels.candidates == branch.levels.candidates ? branch.cursors : [])
    }

    public mutating func endChange() {
        guard next != nil else { return }
        if !isLoose { allowChange() }
        if let next { branch = next }
        if isLoose { branch.forget() }
        isLoose = false
        next = nil
        allowEdits(edited.count)
    }

    public mutating func observe(_ server: Int, for attempt: Attempt) -> Observation {
        if isLoose, let next {
            let isKnown = (branch.levels.servers + next.levels.servers).contains(server)
            return isKnown ? .permitted(.configurationChange) : violation(by: server, unseen: .max)
        }
        branch.allowRefusal()
        if next == nil, !edited.isEmpty, followEdits(to: server) { return .conforming }
        let plain = branch.step(to: server)
        guard next != nil else {
            guard plain.surely == 0 else { return violation(by: server, unseen: plain.surely) }
            branch.cursors = plain.cursors
            return plain.perhaps > 0 ? .permitted(.overload) : .conforming
        }
        allowChange()
        let old = branch.step(to: server)
        let new = next?.step(to: server)
        if old.surely == 0 || new?.surely == 0 {
            branch.cursors = old.surely == 0 ? old.cursors : []
            if let new { next?.cursors = new.surely == 0 ? new.cursors : [] }
            return plain.surely == 0 && plain.perhaps == 0 ? .conforming : .permitted(.configurationChange)
        }
        return violation(by: server, unseen: min(old.surely, new?.surely ?? .max))
    }

    /// - Returns: Whether `server` can have been chosen, if there were edits without a change or not.
    private mutating func followEdits(to server: Int) -> Bool {
        var states = [branch] + edited
        var isPossible = false
        for number in states.indices.reversed() {
            // Edited once more just before the choice, or not.
            var last = states[number]
            if number > 0 {
                let before = states[number - 1]
                last.insert(before.cursorsAfterChange(to: before.levels))
            }
            let step = last.step(to: server)
            states[number].cursors = step.surely == 0 ? step.cursors : []
            isPossible = isPossible || step.surely == 0
        }
        guard isPossible else { return false }
        branch = states[0]
        edited = Array(states.dropFirst())
        return true
    }

    private mutating func violation(by server: Int, unseen: Int) -> Observation {
        // Choices that were unseen may have led away without contradicting what followed, so that the way back to
        // `server` is not known; one of them at least there was.
        let violation = Violation(expected: expected(), unseenToExplain: unseen == .max ? nil : 1)
        if !isLoose { stand(on: server) }
        return .violation(violation)
    }

    public func choices(for attempt: Attempt) -> PossibleChoices {
        PossibleChoices(servers: expected(), mayBeNobody: mayChooseNobody(for: attempt))
    }

    public func mayChooseNobody(for attempt: Attempt) -> Bool { !branch.levels.isAnybodySure }

    public mutating func observeUnseen() {
        if isLoose { return }
        branch.allowRefusal()
        if next != nil { allowChange() }
        branch.insertSuccessors()
        next?.insertSuccessors()
        for number in edited.indices { edited[number].insertSuccessors() }
    }

    /// The kernel may have changed its list, or a server to what it was before, since the last choice.
    private mutating func allowChange() {
        guard var next else { return }
        next.allowRefusal()
        next.insert(next.cursorsAfterChange(to: next.levels) + branch.cursorsAfterChange(to: next.levels))
        branch.insert(branch.cursorsAfterChange(to: branch.levels))
        self.next = next
    }

    /// After a violation: the choice was made, and if nobody in a list can have been chosen it says nothing.
    private mutating func stand(on server: Int) {
        branch.stand(on: server)
        next?.stand(on: server)
        guard branch.cursors.isEmpty, next?.cursors.isEmpty ?? true else { return }
        branch.forget()
        next?.forget()
    }

    /// The servers that the next choice may fall on, those first that need nobody passed over.
    private func expected() -> [Int] {
        var passed: [(server: Int, perhaps: Int)] = []
        for branch in [branch, next].compactMap({ $0 }) {
            for server in branch.levels.servers where !passed.contains(where: { $0.server == server }) {
                let step: Step = isLoose ? ([], 0, 0) : branch.step(to: server)
                if step.surely == 0 { passed.append((server, step.perhaps)) }
            }
        }
        return passed.enumerated().sorted { ($0.element.perhaps, $0.offset) < ($1.element.perhaps, $1.offset) }
            .map(\.element.server)
    }
}
