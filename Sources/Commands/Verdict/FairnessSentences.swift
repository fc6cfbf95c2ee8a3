import Balance
import IPVSModel

/// How evenly assignments were spread, in lines that text and Markdown share. Each value has in parentheses the best there
/// can be and what chance would give, so that a reader can place it.
extension ServiceVerdict {
    var fairnessSentence: String {
        guard fairness.jain != nil else { return "nothing to measure" }
        let (ideal, chance) = (fairness.ideal, fairness.chance)
        var parts = [
            "Jain \(Figures.fixed(fairness.jain, 6)) (\(Figures.fixed(fairness.jainCeiling, 6)) at best, "
                + "\(Figures.fixed(chance.jain, 6)) by chance)",
            "largest share error \(Figures.percent(fairness.maxShareError, 2)) "
                + "(\(Figures.percent(ideal.maxShareError, 2)), \(Figures.percent(chance.maxShareError, 2)))",
            "prefix discrepancy \(Figures.fixed(fairness.prefixDiscrepancy, 3)) "
                + "(\(Figures.fixed(ideal.prefixDiscrepancy, 3)), \(Figures.fixed(chance.prefixDiscrepancy, 3)))",
            "longest run \(fairness.longestRun) "
                + "(\(Figures.fixed(ideal.longestRun, 0)), \(Figures.fixed(chance.longestRun, 1)))",
        ]
        if let upper = fairness.pUpper, let lower = fairness.pLower {
            let verdict =
                lower < 0.01
                ? "more even than chance" : upper < 0.01 ? "less even than chance" : "chance could do as well"
            parts.append(
                "χ² \(Figures.fixed(fairness.chiSquare, 3)) (p \(Figures.fixed(upper, 3)) above, "
                    + "\(Figures.fixed(lower, 3)) below: \(verdict))")
        }
        return parts.joined(separator: ", ")
    }

    /// Further lines on the order, the worst window, the parts of the run, and packets and bytes.
    var fairnessDetails: [String] {
        guard fairness.jain != nil else { return [] }
        return [orderLine] + [windowLine].compactMap(\.self) + stretchLines + [trafficLine].compactMap(\.self)
    }

    private var orderLine: String {
        let repeats =
            "\(Figures.plural(fairness.repeats, "repeat")) "
            + "(\(Figures.fixed(fairness.ideal.repeats, 0)), \(Figures.fixed(fairness.chance.repeats, 1)))"
        let pattern =
            switch fairness.pattern {
            case .tooFew: "too few to show an order"
            case .oneRealServer: "all went to one real server"
            case .roundRobin: "they took turns, as in round robin"
            case .random: "each choice is independent of the one before, as at random"
            case .other: "neither round robin nor random"
            }
        return "order: \(pattern); \(repeats)"
    }

    private var windowLine: String? {
        fairness.window.map { window in
            "worst of \(window.windows) windows of \(window.assignments): share error "
                + "\(Figures.percent(window.maxShareError, 2)) (\(Figures.percent(window.idealMaxShareError, 2)), "
                + "\(Figures.percent(window.chanceMaxShareError, 2))) of \(window.realServer) from assignment "
                + "\(window.from), Jain \(Figures.fixed(window.jain, 6)) at least"
        }
    }

    private var stretchLines: [String] {
        fairness.stretches.map { stretch in
            "\(Figures.plural(stretch.assignments, "assignment")) from number \(stretch.from) under one configuration: Jain "
                + "\(Figures.fixed(stretch.measures.jain, 6)) (\(Figures.fixed(stretch.ideal.jain, 6)), "
                + "\(Figures.fixed(stretch.chance.jain, 6))), largest share error "
                + "\(Figures.percent(stretch.measures.maxShareError, 2)) "
                + "(\(Figures.percent(stretch.ideal.maxShareError, 2)), \(Figures.percent(stretch.chance.maxShareError, 2)))"
        }
    }

    private var trafficLine: String? {
        let kinds = fairness.traffic.filter { $0.total > 0 }.map {
            "\($0.kind.rawValue) \(Figures.percent($0.maxShareError, 2))"
        }
        let chance = Figures.percent(fairness.chance.maxShareError, 2)
        return kinds.isEmpty
            ? nil
            : "largest share error of traffic: " + kinds.joined(separator: ", ") + " (by chance \(chance) or more)"
    }
}
