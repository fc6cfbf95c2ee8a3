import IPVSModel
import SchedulerModels

extension ConformanceReport {
    init(_ conformance: Conformance, _ evidence: VirtualServiceEvidence, _ sequence: ServiceSequence) {
        let modelled = evidence.configurations.compactMap(\.modelledScheduler).last
        self.init(
            model: modelled?.rawValue, checked: conformance.checked,
            explained: Self.explanations(conformance, evidence),
            unexplained: conformance.findings.map { finding in
                let assignment = evidence.assignments[finding.index]
                return UnexplainedAssignment(
                    number: finding.index + 1, connection: assignment.connection, time: UTCTime(assignment.time),
                    client: assignment.client, expected: finding.violation.expected.map { sequence.servers[$0] },
                    actual: sequence.servers[sequence.choices[finding.index]],
                    unseenToExplain: finding.violation.unseenToExplain)
            },
            unexplainedTotal: conformance.count,
            unaccountedToChange: conformance.count > 0 && conformance.inexplicable == 0
                ? conformance.unseenToExplain : nil)
    }

    /// What the models allowed for: every change of the configuration, and what cannot be seen if it was needed.
    private static func explanations(
        _ conformance: Conformance, _ evidence: VirtualServiceEvidence
    ) -> [Explanation] {
        var explanations = evidence.configurations.indices.dropFirst().map { index in
            let configuration = evidence.configurations[index]
            return Explanation(
                cause: "configuration_changed", count: conformance.permittedByChange[index],
                time: UTCTime(configuration.seen),
                detail: configuration.changes(from: evidence.configurations[index - 1]))
        }
        if conformance.permittedByOverload > 0 {
            explanations.append(
                Explanation(
                    cause: "overload", count: conformance.permittedByOverload, time: nil,
                    detail:
                        "a real server with an upper threshold was passed over: the kernel does not tell whether it "
                        + "was overloaded"))
        }
        if conformance.reordered > 0 {
            explanations.append(
                Explanation(
                    cause: "reordered", count: conformance.reordered, time: nil,
                    detail:
                        "pairs of neighbours within \(Reordering.window / 1_000) µs in the opposite order: several "
                        + "receive queues may capture in another order than they schedule"))
        }
        if conformance.permittedByHiddenInput > 0 {
            explanations.append(
                Explanation(
                    cause: "hidden_input", count: conformance.permittedByHiddenInput, time: nil,
                    detail:
                        "the choice rests on what the kernel does not tell: a weight from before a real server was set "
                        + "to 0, the address that a firewall mark stands for, or chance"))
        }
        if conformance.uncertain > 0 {
            explanations.append(
                Explanation(
                    cause: DifferenceCause.template.rawValue, count: conformance.uncertain, time: nil,
                    detail: "a persistence template from before the capture may have led, or the scheduler was asked"))
        }
        if conformance.unseen > 0 {
            explanations.append(
                Explanation(
                    cause: DifferenceCause.notTransmitted.rawValue, count: conformance.unseen, time: nil,
                    detail: "nothing left on the DIP side, so the choice stayed unseen"))
        }
        return explanations
    }
}

extension ServiceConfiguration {
    /// What differs from `old`, in a few words.
    package func changes(from old: Self) -> String {
        var changes: [String] = []
        if scheduler != old.scheduler { changes.append("scheduler \(old.scheduler) → \(scheduler)") }
        if flags != old.flags { changes.append("flags \(old.flags.rawValue) → \(flags.rawValue)") }
        if persistenceTimeout != old.persistenceTimeout {
            changes.append("persistence \(old.persistenceTimeout) s → \(persistenceTimeout) s")
        }
        if persistencePrefixLength != old.persistencePrefixLength {
            changes.append("persistence of /\(old.persistencePrefixLength) → /\(persistencePrefixLength)")
        }
        for server in realServers {
            guard let before = old.realServers.first(where: { $0.endpoint == server.endpoint }) else {
                changes.append("\(server.endpoint) added with weight \(server.weight)")
                continue
            }
            if before.weight != server.weight {
                changes.append("\(server.endpoint) weight \(before.weight) → \(server.weight)")
            }
            if (before.upperThreshold, before.lowerThreshold) != (server.upperThreshold, server.lowerThreshold) {
                changes.append(
                    "\(server.endpoint) thresholds \(before.upperThreshold)/\(before.lowerThreshold) → "
                        + "\(server.upperThreshold)/\(server.lowerThreshold)")
            }
            if before.forwardingMethod != server.forwardingMethod {
                changes.append(
                    "\(server.endpoint) \(before.forwardingMethod.rawValue) → \(server.forwardingMethod.rawValue)")
            }
        }
        for server in old.realServers where !realServers.contains(where: { $0.endpoint == server.endpoint }) {
            changes.append("\(server.endpoint) removed")
        }
        return changes.isEmpty ? "order of the real servers" : changes.joined(separator: ", ")
    }
}

extension AuditReport {
    init(_ audit: ServiceAudit) {
        let source: TrafficSource = audit.arePacketsAudited ? .capture : .kernel
        let counter = { (comparison: CounterComparison) in
            let kernel = audit.isKernelKnown ? comparison.kernel : nil
            guard source == .capture else {
                return CounterAudit(kernel: kernel, captured: kernel, explained: 0, unexplained: 0)
            }
            return CounterAudit(
                kernel: kernel, captured: comparison.captured,
                explained: audit.isKernelKnown ? comparison.lag + comparison.unseen : 0,
                unexplained: audit.isKernelKnown ? comparison.unexplained : 0)
        }
        let connections = audit.connections
        self.init(
            kernelConns: audit.isKernelKnown ? connections.kernel : nil, captured: connections.captured,
            difference: audit.isKernelKnown ? connections.kernel - connections.captured : nil,
            explained: audit.explained, unexplained: audit.isKernelKnown ? connections.unexplained : 0,
            packetsAudited: audit.arePacketsAudited,
            packets: DirectionalAudit(
                source: source, in: counter(audit.inPackets), out: counter(audit.outPackets)),
            bytes: DirectionalAudit(source: source, in: counter(audit.inBytes), out: counter(audit.outBytes)),
            table: audit.table.map(TableAudit.init),
            active: EntryAudit(audit.entries, \.active), inactive: EntryAudit(audit.entries, \.inactive),
            packetsDropped: audit.packetsDropped, contradiction: audit.isContradictory, closed: audit.isClosed)
    }
}

extension TableAudit {
    init(_ table: TableEvidence) {
        let others = table.withoutConnection.filter { $0.value > 0 }
        self.init(
            rows: Int(clamping: table.rows), matched: Int(clamping: table.matched),
            withoutConnection: Dictionary(
                uniqueKeysWithValues: others.map { ($0.key.rawValue, Int(clamping: $0.value)) }))
    }
}

extension EntryAudit {
    fileprivate init?(_ entries: [EntryEvidence], _ count: KeyPath<EntryCounts, UInt64>) {
        guard !entries.isEmpty else { return nil }
        self.init(
            kernel: entries.reduce(0) { $0 + Int(clamping: $1.kernel[keyPath: count]) },
            traced: entries.reduce(0) { $0 + Int(clamping: $1.traced[keyPath: count]) })
    }
}
