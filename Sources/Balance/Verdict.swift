/// What a judgement comes to.
///
/// The raw values are keys of `verify --format json` and stable.
package enum Verdict: String, Sendable, Hashable, CaseIterable, Codable {
    /// The scheduler's promise held on every assignment, and the evidence is complete.
    case pass
    /// It did not, and no missing evidence can explain it.
    case fail
    /// The evidence does not suffice to tell.
    case inconclusive

    /// The program's exit code.
    package var exitCode: Int32 {
        switch self {
        case .pass: 0
        case .fail: 99
        case .inconclusive: 98
        }
    }

    /// What several verdicts come to: fail if one fails, else inconclusive if one is, or if there are none.
    package static func overall(_ verdicts: [Self]) -> Self {
        if verdicts.contains(.fail) { return .fail }
        return verdicts.isEmpty || verdicts.contains(.inconclusive) ? .inconclusive : .pass
    }
}
