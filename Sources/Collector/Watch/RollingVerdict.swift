package import Balance
package import IPVSModel

/// The verdict on a virtual service's latest assignments.
package struct RollingVerdict: Sendable, Hashable {
    package var virtualService: VirtualServiceIdentity
    package var verdict: Verdict
    /// Why not pass, the decisive sentence; empty on pass.
    package var reason: String
    /// How many assignments were judged.
    package var assignments: Int
    /// Those among them that the scheduler could not have made.
    package var violations: Int
    /// How often the verdict was another than before, cumulative.
    package var changes: UInt64

    package init(
        virtualService: VirtualServiceIdentity, verdict: Verdict = .inconclusive, reason: String = "",
        assignments: Int = 0, violations: Int = 0, changes: UInt64 = 0
    ) {
        self.virtualService = virtualService
        self.verdict = verdict
        self.reason = reason
        self.assignments = assignments
        self.violations = violations
        self.changes = changes
    }
}
