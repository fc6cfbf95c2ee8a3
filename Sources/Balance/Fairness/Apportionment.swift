/// Whole numbers as near to their dues as can be.
enum Apportionment {
    /// The counts nearest to `dues` that add up to `total`, by largest remainders (Hamilton's method). No others have a
    /// smaller largest difference from the dues.
    ///
    /// - Parameter dues: In any unit.
    static func counts(total: Int, dues: [Double]) -> [Int] {
        let sum = dues.reduce(0, +)
        let quotas = dues.map { $0 / sum * Double(total) }
        var counts = quotas.map { Int($0.rounded(.down)) }
        let byRemainder = quotas.indices.sorted {
            let lhs = quotas[$0] - quotas[$0].rounded(.down)
            let rhs = quotas[$1] - quotas[$1].rounded(.down)
            return lhs == rhs ? $0 < $1 : lhs > rhs
        }
        for index in byRemainder.prefix(max(0, total - counts.reduce(0, +))) { counts[index] += 1 }
        return counts
    }
}
