import Balance
import IPVSModel
import TraceStore

/// What a report says of the run as a whole.
extension RunReport {
    var overview: ReportDocument.Section {
        var lines = verdict.virtualServices.map { service in
            "\(service.virtualService) \(service.scheduler): \(service.verdict.rawValue), \(service.summary)"
                + (service.reasons.first.map { "; \($0)" } ?? "")
        }
        if lines.isEmpty { lines = ["no virtual service was seen"] }
        switch story.run.state {
        case .running:
            lines.append("the run is under way, or its collector was killed: figures are those of this moment")
        case .interrupted:
            lines.append(
                "the run was interrupted: the kernel's counters were not read at its end, so nothing is audited")
        case .finished: break
        }
        if let other = otherSavedVerdict {
            lines.append("the verdict saved with the run is \(other): it had other thresholds, or an earlier judge")
        }
        if let level = verdict.levelSentence { lines.append("level \(level)") }
        if let baseline = verdict.baselineSentence { lines.append("compared with \(baseline)") }
        return .init(title: "Verdict: \(verdict.verdict.rawValue)", blocks: [.list(lines)])
    }

    /// How `ab`'s figures fit ours.
    var abSection: ReportDocument.Section? {
        guard let ab else { return nil }
        return .init(
            title: "Beside ab",
            blocks: [
                .list(
                    ab.findings.map { finding in
                        let word =
                            switch finding.agrees {
                            case true?: "agrees: "
                            case false?: "differs: "
                            case nil: ""
                            }
                        return word + finding.sentence
                    })
            ])
    }

    /// What happened to the run rather than to a virtual service.
    var eventSection: ReportDocument.Section? {
        guard !story.events.isEmpty else { return nil }
        return .init(title: "Events of the run", blocks: EventTables.blocks(story.events))
    }

    /// Where the figures are from. What the database does not hold is not told.
    var environment: ReportDocument.Section {
        let run = verdict.run
        var rows = [
            ["ipvscope", version], ["run", "\(run.id)"], ["name", run.name],
            ["command", run.command.isEmpty ? "none" : run.command.joined(separator: " ")],
        ]
        rows += run.labels.sorted { $0.key < $1.key }.map { ["label \($0.key)", $0.value] }
        rows += [["state", story.run.state.rawValue], ["began", run.started.description]]
        if let ended = run.ended {
            rows.append(["ended", ended.description])
            rows.append([
                "lasted", Figures.seconds(Double(ended.timestamp.rawValue - run.started.timestamp.rawValue) / 1e9),
            ])
        }
        rows.append(["packets dropped before the tracer", Figures.count(story.packetsDropped)])
        if run.levels.isEmpty {
            rows.append(["capture level", "not noted"])
        } else {
            rows += run.levels.map { ["capture level from \($0.time)", "\($0.level.rawValue) (\($0.cause.rawValue))"] }
        }
        return .init(
            title: "Environment",
            blocks: [
                .table(
                    .init(caption: "Where the figures are from", titles: ["what", "value"], rows: rows, words: [0, 1]))
            ])
    }
}
