import IPVSModel
import SchedulerModels

/// How a service's verdict follows from conformance and audit, with the reasons.
struct Decision {
    private(set) var verdict = Verdict.inconclusive
    private(set) var reasons: [String] = []

    /// How often each eligible server must have had its turn before order means something.
    static let cyclesNeeded = 2

    private let evidence: VirtualServiceEvidence
    private let sequence: ServiceSequence
    private let audit: ServiceAudit
    private let conformance: Conformance

    init(
        _ evidence: VirtualServiceEvidence, _ sequence: ServiceSequence, _ audit: ServiceAudit,
        _ conformance: Conformance
    ) {
        self.evidence = evidence
        self.sequence = sequence
        self.audit = audit
        self.conformance = conformance
        decide()
    }

    /// The longest way round under any configuration of the run.
    private var cycle: Int {
        evidence.configurations.map { configuration in
            configuration.modelledScheduler?.model.period(of: sequence.service(in: configuration))
                ?? configuration.realServers.count { $0.weight > 0 }
        }.max() ?? 0
    }

    /// The most servers that take turns under any configuration of the run.
    private var serversInTurn: Int {
        evidence.configurations.map { $0.realServers.count { $0.weight > 0 } }.max() ?? 0
    }

    private mutating func decide() {
        guard !evidence.assignments.isEmpty else {
            let counted = audit.connections.kernel
            reasons = [
                counted > 0
                    ? "the kernel counted \(plural(counted, "connection")), none was captured: was the VIP side captured "
                        + "on the interface the clients come in on?"
                    : "no connections"
            ]
            return
        }
        if conformance.count > 0 { return decideOnViolations() }

        explainMissingModel()
        explainOpenAudit()
        let cycle = cycle
        let needed = max(Self.cyclesNeeded * (asksForEntries ? serversInTurn : cycle), 1)
        let led = conformance.followed + conformance.uncertain
        let scheduled = max(sequence.seen - led, 0)
        if conformance.unchecked == 0, scheduled < needed {
            let beside =
                led > 0 ? " beside \(led) that \(conformance.uncertain > 0 ? "may " : "")follow a template" : ""
            let rounds =
                "\(plural(Self.cyclesNeeded, "round")) over \(plural(serversInTurn, "real server")) take \(needed)"
            reasons.append(
                needed == 1
                    ? "no connection whose choice was seen"
                    : "too few connections: \(scheduled)\(beside), and \(rounds)")
        }
        if Double(conformance.reordered) > Reordering.largestShare * Double(conformance.checked) {
            let percent = Int((100 * Reordering.largestShare).rounded())
            reasons.append(
                "\(conformance.reordered) of \(plural(conformance.checked, "assignment")) are in turn only if each is "
                    + "exchanged with the one captured next to it: more than \(percent) % look like chance, not like "
                    + "several receive queues")
        }
        explainHiddenInput()
        if reasons.isEmpty { verdict = .pass }
    }

    /// Whether a scheduler of the run asks how many entries each server has.
    private var asksForEntries: Bool { evidence.configurations.contains { $0.scheduler.asksForEntries } }

    /// Says if too little is known to tell one choice from another.
    private mutating func explainHiddenInput() {
        let decided = conformance.checkedByEntries - conformance.leftOpenByEntries
        if conformance.leftOpenByEntries > decided {
            reasons.append(
                "of \(plural(conformance.checkedByEntries, "choice")) only \(decided) follow from how many entries the real "
                    + "servers are known to have had, and half must")
        } else if conformance.checked > 0, conformance.permittedByHiddenInput == conformance.checked {
            reasons.append("every choice rests on what the kernel does not tell")
        }
    }

    /// Fail, unless what is missing from the evidence may explain the violations.
    private mutating func decideOnViolations() {
        let first = conformance.findings[0]
        let total =
            "\(conformance.count) of \(plural(conformance.checked, "assignment")) "
            + "\(conformance.count == 1 ? "is" : "are") out of turn"
        let toExplain =
            conformance.inexplicable == 0
            ? (isBound ? "at least " : "")
                + "\(plural(conformance.unseenToExplain, "unaccounted connection")) would explain that"
            : "\(conformance.inexplicable) of them went where no unaccounted connection explains it"

        if evictions > 0 {
            reasons = ["\(total), but the evidence is incomplete", sentence(on: first)]
        } else if isPersistent {
            reasons = [
                "\(total), but the service is persistent: when a template's timer ran out is not known exactly",
                sentence(on: first),
            ]
        } else if let possible = audit.possiblyUnseen(cycle: cycle),
            conformance.unseenToExplain > possible
                || conformance.inexplicable > audit.missingPackets
        {
            if isRightWithEdits {
                reasons = [
                    "\(total), but none would be if a real server had been edited to what it was (ipvsadm -e), which leaves "
                        + "no trace but a round that begins anew", sentence(on: first),
                ]
            } else {
                verdict = .fail
                reasons = [sentence(on: first), "\(total); \(toExplain), and \(missing)"]
            }
        } else {
            reasons = ["\(total), but the evidence is incomplete: \(toExplain), and \(missing)", sentence(on: first)]
        }
        explainMissingModel()
        explainOpenAudit()
    }

    /// So many edits without a change are believed, between two changes.
    private static let mostEdits = 2

    /// Whether every choice is right if real servers were edited to what they were, to which weighted round robin alone
    /// pays attention.
    private var isRightWithEdits: Bool {
        evidence.configurations.contains { $0.scheduler == .weightedRoundRobin }
            && Conformance(evidence, sequence, edits: Self.mostEdits).count == 0
    }

    /// Whether more unseen connections may be needed than the model can tell.
    private var isBound: Bool {
        asksForEntries || evidence.configurations.contains { $0.scheduler == .weightedRoundRobin }
    }

    /// What is missing, as the end of a sentence.
    private var missing: String {
        guard audit.isKernelKnown else { return "without the kernel's counters nobody knows how many are missing" }
        let short = audit.shortPackets
        var parts: [String] = []
        if audit.missingConnections > 0 {
            parts.append("up to \(plural(audit.missingConnections, "connection")) may be missing")
        }
        if short > 0 {
            parts.append("\(plural(short, "packet")) of the kernel's count \(short == 1 ? "was" : "were") not captured")
        }
        if audit.packetsDropped > 0 {
            parts.append(
                "\(plural(audit.packetsDropped, "packet")) \(audit.packetsDropped == 1 ? "was" : "were") dropped")
        }
        if !audit.unreadServers.isEmpty {
            parts.append("the counters of \(list(audit.unreadServers)) could not be compared")
        }
        return parts.isEmpty ? "none is missing" : list(parts)
    }

    private func sentence(on finding: Conformance.Finding) -> String {
        let assignment = evidence.assignments[finding.index]
        let actual = assignment.realServer.map(\.description) ?? "a real server unseen"
        let expected = finding.violation.expected.map { sequence.servers[$0].description }
        let rule =
            expected.isEmpty
            ? "no real server was eligible"
            : "\(schedulerName(at: assignment)) had to choose "
                + expected.joined(separator: " or ")
        return
            "assignment \(finding.index + 1) (connection \(assignment.connection)) at \(UTCTime(assignment.time)) from "
            + "\(assignment.client) went to \(actual), but \(rule)"
    }

    private func schedulerName(at assignment: Assignment) -> Scheduler {
        let inForce = evidence.configurations.last { $0.seen <= assignment.time } ?? evidence.configurations.first
        return inForce?.scheduler ?? evidence.scheduler
    }

    /// Says which assignments could not be held against a model.
    private mutating func explainMissingModel() {
        guard conformance.unchecked > 0 else { return }
        let part =
            conformance.unchecked == evidence.assignments.count
            ? "" : ": \(plural(conformance.unchecked, "assignment")) not checked"
        let unmodelled = evidence.configurations.map(\.scheduler).filter { ModelledScheduler($0) == nil }
        if evidence.configurations.isEmpty {
            reasons.append("the virtual service's settings were never read, so its scheduler is not known")
        } else if let scheduler = unmodelled.last {
            reasons.append("no model yet for \(scheduler)\(part)")
        } else if asksForEntries, evidence.entryReadings.isEmpty {
            reasons.append("how many entries each real server had was never read from the kernel\(part)")
        } else {
            reasons.append("the scheduler was being changed\(part)")
        }
    }

    /// Connections that were still open when our own table had no room for them.
    private var evictions: Int { Int(clamping: evidence.causes[.evicted] ?? 0) }

    private var isPersistent: Bool { evidence.configurations.contains { $0.flags.contains(.persistent) } }

    private mutating func explainOpenAudit() {
        if evictions > 0 {
            reasons.append(
                "\(plural(evictions, "connection")) had to leave our own table: raise --tracked-connections")
        }
        guard !audit.isClosed else { return }
        guard audit.isKernelKnown else {
            reasons.append(
                audit.wasReset
                    ? "the kernel's counters were reset during the run (ipvsadm -Z or -C), and cannot be compared with"
                    : "no kernel counters to compare with: nobody knows what the capture missed")
            return
        }
        let all = [
            ("connections", audit.connections), ("packets from clients", audit.inPackets),
            ("packets to clients", audit.outPackets), ("bytes from clients", audit.inBytes),
            ("bytes to clients", audit.outBytes),
        ]
        let compared = audit.arePacketsAudited ? all : Array(all.prefix(1))
        for (index, (name, counter)) in compared.enumerated() where counter.unexplained > 0 {
            // A connection on another server takes its packets along: that goes without saying.
            if index > 0, counter.isContradictory, audit.connections.isContradictory { continue }
            reasons.append(
                counter.isContradictory
                    ? "\(name): kernel and capture agree on \(counter.kernel) in all, but differ per real server by "
                        + "\(counter.missing)"
                    : "\(name): the kernel counted \(counter.kernel), captured \(counter.captured), "
                        + "\(counter.unexplained) unexplained")
        }
        if audit.packetsDropped > 0 {
            reasons.append(
                "\(plural(audit.packetsDropped, "packet")) dropped before they could be counted, at level "
                    + audit.level.rawValue)
        }
    }
}
