/// What a threshold takes of many values.
///
/// The raw values are the names in expressions and stable.
package enum ThresholdStatistic: String, Sendable, Hashable, CaseIterable {
    case p50
    case p90
    case p95
    case p99
    case max

    /// Its value; `nil` if there is none.
    func value(of distribution: LatencyDistribution) -> Double? {
        switch self {
        case .p50: distribution.p50
        case .p90: distribution.p90
        case .p95: distribution.p95
        case .p99: distribution.p99
        case .max: distribution.max
        }
    }
}
