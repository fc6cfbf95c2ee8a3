import IPVSModel

/// What the states of a listing's entries suggest.
enum EntriesHints {
    static func hints(on entries: [ConnectionEntry], templates: Int) -> [String] {
        var hints: [String] = []
        let waiting = entries.filter { $0.state == .synReceived }
        if !waiting.isEmpty, waiting.count == entries.count {
            hints.append(
                (waiting.count == 1 ? "the only entry is" : "all \(waiting.count) entries are still")
                    + " in SYN_RECV: the handshake never completed. Either the real servers do not answer, or their "
                    + "replies do not come back through the director, or the client does not send the last ACK. Check "
                    + "net.ipv4.ip_forward=1 on the director, the director's DIP as default gateway on every real server, "
                    + "and the services there. A SYN flood looks the same.")
        } else {
            hints += silentServers(entries, waiting: waiting)
        }
        let closed = entries.filter { $0.state == .close }
        if !closed.isEmpty {
            hints.append(
                "\(part(closed, of: entries)) in CLOSE: connections that were reset, as by \(names(closed)) refusing them. "
                    + "Check that the service listens there, on the port the rule names.")
        }
        if templates > 0 {
            hints.append(
                "\(plural(templates, "persistence template")) left out: a persistent service asks its scheduler for a "
                    + "client's first connection only, so the order of the others means little.")
        }
        return hints
    }

    /// Real servers none of whose connections got past the handshake, while others' did.
    private static func silentServers(_ entries: [ConnectionEntry], waiting: [ConnectionEntry]) -> [String] {
        guard !waiting.isEmpty else { return [] }
        let answering = Set(entries.filter { $0.state != .synReceived }.map(\.realServer))
        let silent = waiting.filter { !answering.contains($0.realServer) }
        if silent.isEmpty {
            return ["\(part(waiting, of: entries)) in SYN_RECV: handshakes under way, or never completed."]
        }
        return [
            "\(part(waiting, of: entries)) in SYN_RECV, among them every entry of \(names(silent)): no reply of theirs comes "
                + "back through the director. Check the service, the default gateway and the firewall there."
        ]
    }

    private static func part(_ some: [ConnectionEntry], of all: [ConnectionEntry]) -> String {
        "\(some.count) of \(plural(all.count, "entry", "entries"))"
    }

    private static func names(_ entries: [ConnectionEntry]) -> String { list(Set(entries.map(\.realServer)).sorted()) }
}
