/// What the order of assignments looks like, whatever the scheduler is called.
///
/// The raw values are keys of the JSON and stable.
package enum AssignmentPattern: String, Sendable, Hashable, Codable {
    /// Too few assignments to tell.
    case tooFew = "too_few"
    /// One real server has them all.
    case oneRealServer = "one_real_server"
    /// One fixed turn of the real servers, but for a tenth of the assignments at most.
    case roundRobin = "round_robin"
    /// Each choice is independent of the one before, and the counts are not more even than chance would make them.
    case random
    /// Neither: some rule or other.
    case other

    /// Below this, chance is no explanation.
    static let significance = 0.001

    init(_ transitions: Transitions, _ measures: FairnessMeasures, servers counts: [Int]) {
        let used = counts.count { $0 > 0 }
        let independence = transitions.independence
        let isIndependent = independence.map { $0 >= Self.significance }
        let isTooEven = measures.pLower.map { $0 < Self.significance } ?? false
        self =
            switch isIndependent {
            case _ where used == 1 && counts.contains { $0 >= 5 }: .oneRealServer
            case nil: .tooFew
            case false? where transitions.inTurn >= 0.9: .roundRobin
            case true? where !isTooEven: .random
            default: .other
            }
    }
}
