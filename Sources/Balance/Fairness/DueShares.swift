package import IPVSModel

extension Scheduler {
    /// Which part of all assignments each real server is due, 0 to 1, in the order of `weights`; all zero if none has
    /// a weight.
    ///
    /// Round robin and least connection know weights only as zero or not, failover gives everything to the heaviest; every
    /// other scheduler is measured against the weights.
    package func dueShares(weights: [Int32]) -> [Double] {
        if self == .failover {
            let heaviest = weights.firstIndex(of: weights.max() ?? 0)
            return weights.enumerated().map { $0.element > 0 && $0.offset == heaviest ? 1 : 0 }
        }
        let ignoresWeights = self == .roundRobin || self == .leastConnection
        let dues = weights.map { $0 <= 0 ? 0 : ignoresWeights ? 1 : Double($0) }
        let sum = dues.reduce(0, +)
        return sum > 0 ? dues.map { $0 / sum } : dues
    }
}
