/// How many changes the kernel needs at least to come from one list to another.
enum ListChanges: Sendable {
    case none
    case one
    case several
}

extension [SchedulingCandidate] {
    /// What lies between `old` and this list: the kernel adds at the head, deletes anywhere, and edits in place.
    func changes(from old: Self) -> ListChanges {
        if self == old { return .none }
        switch count - old.count {
        case 1: return old.elementsEqual(dropFirst()) ? .one : .several
        case -1:
            let deleted = zip(old, self).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? count
            return old.dropFirst(deleted + 1).elementsEqual(dropFirst(deleted)) ? .one : .several
        case 0:
            let isSameOrder = old.map(\.server) == map(\.server)
            return isSameOrder && zip(old, self).count { $0 != $1 } == 1 ? .one : .several
        default: return .several
        }
    }
}
