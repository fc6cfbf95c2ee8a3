import Balance

extension ServiceSections {
    var audit: Section {
        let audit = service.audit
        var blocks: [Block] = [.text(service.auditSentence + ".")]
        var rows = [
            [
                "connections", "\(audit.captured)", Figures.count(audit.kernelConns), Figures.count(audit.difference),
                Figures.count(audit.difference.map { max(0, abs($0) - audit.unexplained) }),
                "\(audit.unexplained)",
            ]
        ]
        for (name, counter) in [
            ("packets in", audit.packets.in), ("packets out", audit.packets.out), ("bytes in", audit.bytes.in),
            ("bytes out", audit.bytes.out),
        ] {
            let difference = counter.kernel.flatMap { kernel in counter.captured.map { kernel - $0 } }
            rows.append([
                name, Figures.count(counter.captured), Figures.count(counter.kernel), Figures.count(difference),
                "\(counter.explained)", "\(counter.unexplained)",
            ])
        }
        blocks.append(
            .table(
                Table(
                    caption: audit.packetsAudited
                        ? "Captured beside the kernel's own counters"
                        : "Captured beside the kernel's own counters; packets and bytes are the kernel's in both columns",
                    titles: ["counter", "captured", "kernel", "difference", "explained", "unexplained"], rows: rows)))
        if let table = audit.table {
            blocks.append(
                .text(
                    "The connection table held \(Figures.plural(table.rows, "row")) of this virtual service at its last reading; "
                        + "\(table.matched) belong to a connection of ours."))
        }
        if let active = audit.active, let inactive = audit.inactive {
            blocks.append(
                .table(
                    Table(
                        caption: "Entries at the last reading", titles: ["state", "kernel", "traced"],
                        rows: [
                            ["active", "\(active.kernel)", "\(active.traced)"],
                            ["inactive", "\(inactive.kernel)", "\(inactive.traced)"],
                        ])))
        }
        let causes =
            audit.explained.map { ("counters", $0.key, $0.value) }
            + (audit.table?.withoutConnection ?? [:]).map { ("table rows", $0.key, $0.value) }
        blocks.append(
            .table(
                Table(
                    caption: "What explains differences", titles: ["between", "cause", "count", "meaning"],
                    rows: causes.sorted { ($0.0, $0.1) < ($1.0, $1.1) }.map { of, cause, count in
                        [of, cause, "\(count)", DifferenceCause(rawValue: cause)?.words ?? ""]
                    }, words: [0, 1, 3])))
        return Section(title: "Audit", blocks: blocks)
    }
}

extension DifferenceCause {
    /// What it means, in a few words.
    var words: String {
        switch self {
        case .portReuse: "scheduled anew over a spent entry: one row for several connections"
        case .sameEntry: "a new handshake on a live entry: the same real server, not scheduled"
        case .retransmission: "a SYN seen again: not scheduled again"
        case .notTransmitted: "scheduled, and nothing left on the DIP side"
        case .replyNotForwarded: "a reply came in on the DIP side and did not leave on the VIP side"
        case .beganBefore: "a connection that was there when the capture began"
        case .entryExpired: "the kernel's timer ran out"
        case .template: "a persistence template"
        case .synced: "an entry from a sync peer"
        case .otherRealServer: "a row that names another real server than the packets went to"
        case .tableLag: "not in the table when it was read"
        case .counterLag: "captured within the two seconds by which the kernel's counters may lag"
        case .counterReset: "a counter went backwards, or the virtual service left"
        case .destinationGone: "packets of a real server that was deleted: the kernel counts them no more"
        case .captureLoss: "packets dropped before they reached us"
        case .evicted: "our own table was full"
        }
    }
}
