package import IPVSModel

extension Scheduler {
    /// Which part of all assignments each real server is due, 0 to 1, in the order of `weights`; all zero if none has
    /// a weight.
    ///
    /// Round robin knows weights only as zero or not; every other scheduler is measured against them.
    package func dueShares(weights: [Int32]) -> [Double] {
        let dues = weights.map { $0 <= 0 ? 0 : self == .roundRobin ? 1 : Double($0) }
        let sum = dues.reduce(0, +)
        return sum > 0 ? dues.map { $0 / sum } : dues
    }
}
