import Balance

extension VerdictReport {
    /// Which run this one was compared with.
    var baselineSentence: String? {
        baseline.map { "run \($0.id), \($0.name), \($0.started)" }
    }
}

extension ServiceVerdict {
    /// A line per measure: what became of it, and what decided.
    var baselineLines: [String] {
        guard let baseline else { return [] }
        let rests =
            "rests on \(Figures.plural(baseline.assignments, "connection")) then "
            + "(\(baseline.verdict.rawValue), audit \(baseline.auditClosed ? "closed" : "open")) and \(assignments) now "
            + "(\(promise.verdict.rawValue), audit \(audit.closed ? "closed" : "open"))"
        return baseline.comparisons.map { comparison in
            let values = comparison.thenAndNow.isEmpty ? "" : ", \(comparison.thenAndNow)"
            return "\(comparison.change.rawValue): \(comparison.measure)\(values): \(comparison.evidence)"
        } + [rests]
    }
}

extension MeasureComparison {
    /// `0.07 % → 1.2 %`; empty if it is not a number.
    var thenAndNow: String {
        guard baseline != nil || value != nil else { return "" }
        let figure: (Double?) -> String =
            switch measure {
            case ThresholdMeasure.maxShareError.rawValue: { Figures.percent($0, 2) }
            case ThresholdMeasure.unexplained.rawValue, ThresholdMeasure.repeats.rawValue: { Figures.fixed($0, 0) }
            default: { Figures.seconds($0) }
            }
        return "\(figure(baseline)) → \(figure(value))"
    }

    /// What decided, with the test and its p-value.
    var evidence: String {
        guard let test else { return detail }
        let name =
            switch test {
            case .fisherExact: "Fisher's exact test"
            case .homogeneity: "χ² test of homogeneity"
            case .mannWhitney: "Mann-Whitney test"
            }
        let samples = samples.map(String.init).joined(separator: " and ")
        let probability = (p ?? 1) < 0.0005 ? "p < 0.001" : "p \(Figures.fixed(p, 3))"
        return "\(detail); \(name) on \(samples), \(probability)"
    }
}
