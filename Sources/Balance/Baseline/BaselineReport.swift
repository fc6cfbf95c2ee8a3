/// A virtual service beside itself in an earlier run.
package struct BaselineReport: Sendable, Hashable, Codable {
    /// Its verdict there, without thresholds.
    package var verdict: Verdict
    package var assignments: Int
    /// Whether its audit closed there.
    package var auditClosed: Bool
    package var comparisons: [MeasureComparison]

    enum CodingKeys: String, CodingKey {
        case verdict, assignments
        case auditClosed = "audit_closed"
        case comparisons
    }
}
