/// What became of a threshold on one virtual service.
package struct ThresholdResult: Sendable, Hashable, Codable {
    /// As it was written.
    package var expression: String
    /// What it is on, as in `p99(real_server_connect)`.
    package var measure: String
    /// The value measured, in seconds for a time; `nil` without samples.
    @OrNull package var value: Double?
    /// What it was compared with, in the same unit.
    package var bound: Double
    package var verdict: Verdict
    /// The value and, if it does not hold, why: words for people.
    package var detail: String
}
