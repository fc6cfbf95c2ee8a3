/// Whether the scheduler kept its promise, and the audit closed.
package struct PromiseVerdict: Sendable, Hashable, Codable {
    package var verdict: Verdict
    /// Why not pass; see ``ServiceVerdict/reasons``.
    package var reasons: [String]
}
