import Balance
import IPVSModel

extension ServiceSections {
    var fairness: Section {
        let (measures, ideal, chance) = (service.fairness.measures, service.fairness.ideal, service.fairness.chance)
        guard measures.jain != nil else {
            return Section(title: "Fairness", blocks: [.text("Nothing to measure.")])
        }
        let share: (Double?) -> String = { Figures.percent($0, 2) }
        let number = { (decimals: Int) in { (value: Double?) in Figures.fixed(value, decimals) } }
        let rows: [(String, Double?, Double?, Double?, (Double?) -> String)] = [
            ("Jain's index", measures.jain, ideal.jain, chance.jain, number(6)),
            ("largest share error", measures.maxShareError, ideal.maxShareError, chance.maxShareError, share),
            (
                "coefficient of variation", measures.coefficientOfVariation, ideal.coefficientOfVariation,
                chance.coefficientOfVariation, number(6)
            ), ("most over mean", measures.maxOverMean, ideal.maxOverMean, chance.maxOverMean, number(4)),
            (
                "prefix discrepancy", measures.prefixDiscrepancy, ideal.prefixDiscrepancy, chance.prefixDiscrepancy,
                number(3)
            ), ("longest run", Double(measures.longestRun), ideal.longestRun, chance.longestRun, number(1)),
            ("repeats", Double(service.fairness.repeats), ideal.repeats, chance.repeats, number(1)),
            ("χ²", measures.chiSquare, ideal.chiSquare, chance.chiSquare, number(3)),
        ]
        var blocks: [Block] = [
            .list([orderSentence] + [chanceSentence].compactMap(\.self)),
            .table(
                Table(
                    caption: "Each measure beside the best there can be, and what choices at random would give",
                    titles: ["measure", "value", "at best", "by chance"],
                    rows: rows.map { [$0.0, $0.4($0.1), $0.4($0.2), $0.4($0.3)] })),
        ]
        let traffic = service.fairness.traffic.filter { $0.total > 0 }
        if !traffic.isEmpty {
            blocks.append(
                .table(
                    Table(
                        caption: "Packets and bytes, as if connections were of one size",
                        titles: ["what", "total", "largest share error", "by chance", "Jain's index"],
                        rows: traffic.map {
                            [
                                $0.kind.rawValue, "\($0.total)", share($0.maxShareError),
                                share($0.chance.maxShareError),
                                Figures.fixed($0.jain, 6),
                            ]
                        })))
        }
        if let transitions = service.fairness.transitions, (2...8).contains(transitions.count) {
            let names = service.realServers.map(\.realServer.description)
            blocks.append(
                .table(
                    Table(
                        caption: "Which real server followed which", titles: ["after"] + names,
                        rows: zip(names, transitions).map { name, counts in [name] + counts.map { "\($0)" } })))
        }
        return Section(title: "Fairness", blocks: blocks)
    }

    private var orderSentence: String { service.fairnessDetails.first ?? "" }

    private var chanceSentence: String? {
        guard let upper = service.fairness.pUpper, let lower = service.fairness.pLower else { return nil }
        let what =
            lower < 0.01
            ? "more even than chance: a rule is at work"
            : upper < 0.01 ? "less even than chance" : "chance could do as well"
        return
            "\(what) (p \(Figures.fixed(upper, 3)) to be at least so uneven, \(Figures.fixed(lower, 3)) to be at least so even)"
    }

    /// The worst window, and the parts between changes, with those told that chance would not leave so uneven.
    var parts: Section {
        var blocks: [Block] = []
        if let window = service.fairness.window {
            let unfair = (window.chanceMaxShareError).map { window.maxShareError > $0 } ?? false
            blocks.append(
                .text(
                    "Worst of \(window.windows) windows of \(window.assignments) assignments: from assignment \(window.from) at "
                        + "\(window.time), \(window.realServer) had \(Figures.percent(window.maxShareError, 2)) more or less "
                        + "than its due (\(Figures.percent(window.idealMaxShareError, 2)) at best, "
                        + "\(Figures.percent(window.chanceMaxShareError, 2)) in the worst window by chance): "
                        + (unfair ? "unfair, beyond chance." : "not beyond chance.")))
        } else {
            blocks.append(.text("Too few assignments for windows."))
        }
        let stretches = service.fairness.stretches
        if stretches.isEmpty {
            blocks.append(.text("One configuration throughout, so the run is one stretch."))
        } else {
            blocks.append(
                .table(
                    Table(
                        caption: "Stretches between changes of the configuration",
                        titles: [
                            "from assignment", "time", "assignments", "largest share error", "at best", "by chance",
                            "Jain's index", "judgement",
                        ],
                        rows: stretches.map { stretch in
                            let error = stretch.measures.maxShareError
                            let chance = stretch.chance.maxShareError
                            let unfair = error.flatMap { error in chance.map { error > $0 } }
                            return [
                                "\(stretch.from)", stretch.time?.description ?? Figures.unknown,
                                "\(stretch.assignments)",
                                Figures.percent(error, 2), Figures.percent(stretch.ideal.maxShareError, 2),
                                Figures.percent(chance, 2), Figures.fixed(stretch.measures.jain, 6),
                                unfair.map { $0 ? "beyond chance" : "not beyond chance" } ?? Figures.unknown,
                            ]
                        }, words: [1, 7])))
        }
        return Section(title: "Windows and stretches", blocks: blocks)
    }
}
