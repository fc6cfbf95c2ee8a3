package import IPVSModel

/// Judges a saved listing of the connection table alone, as far as one can.
package enum EntriesJudge {
    static let assumption =
        "connections are ordered by client port, assuming that the client took its ports in rising order"

    /// - Parameter entries: The rows of `ipvsadm -Lnc` or `/proc/net/ip_vs_conn`, in any order.
    package static func verdict(on entries: [ConnectionEntry]) -> EntriesReport {
        let services = Dictionary(grouping: entries) { Key(transport: $0.transportProtocol, virtual: $0.virtual) }
        var reasons = [
            "a listing does not name the scheduler and holds no counters to tell whether entries are missing from it"
        ]
        if entries.isEmpty { reasons.insert("no entries", at: 0) }
        return EntriesReport(
            schema: EntriesReport.currentSchema, assumption: assumption,
            virtualServices: services.keys.sorted().compactMap { key in
                services[key].map { verdict(on: $0, of: .endpoint(key.transport, key.virtual)) }
            }, verdict: .inconclusive, reasons: reasons)
    }

    private struct Key: Hashable, Comparable {
        var transport: TransportProtocol
        var virtual: Endpoint

        static func < (lhs: Self, rhs: Self) -> Bool { (lhs.transport, lhs.virtual) < (rhs.transport, rhs.virtual) }
    }

    private static func verdict(
        on rows: [ConnectionEntry], of service: VirtualServiceIdentity
    ) -> EntriesVerdict {
        // A dump may repeat a row; what is left in doubt is told apart by the real server.
        var seen: Set<[Endpoint]> = []
        let entries = rows.filter { !$0.isTemplate && seen.insert([$0.client, $0.realServer]).inserted }
            .sorted { ($0.client, $0.realServer) < ($1.client, $1.realServer) }
        let templates = rows.count { $0.isTemplate }
        let clients = Set(entries.map(\.client.address)).count
        let servers = Set(entries.map(\.realServer)).sorted()
        let states = Dictionary(grouping: entries, by: \.state).mapValues(\.count)
        return EntriesVerdict(
            virtualService: service, entries: entries.count, templates: templates, clients: clients,
            order: clients > 1
                ? EntriesOrder(finding: .severalClients, inOrder: 0, cycle: [], firstBreak: nil) : order(of: entries),
            realServers: servers.map { server in
                .init(realServer: server, entries: entries.count { $0.realServer == server })
            },
            states: states.sorted { ($1.value, $0.key.rawValue) < ($0.value, $1.key.rawValue) }
                .map { .init(state: $0.key, entries: $0.value) },
            hints: EntriesHints.hints(on: entries, templates: templates))
    }

    /// Any fixed order of the real servers will do: with n of them, round robin means that any n entries in a row go
    /// to n different ones.
    private static func order(of entries: [ConnectionEntry]) -> EntriesOrder {
        let servers = entries.map(\.realServer)
        let count = Set(servers).count
        guard count > 1 else {
            return EntriesOrder(
                finding: count == 1 && servers.count > 1 ? .oneRealServer : .tooFew, inOrder: servers.count,
                cycle: Array(servers.prefix(1)), firstBreak: nil)
        }
        let firstBreak = servers.indices.first { index in
            servers[max(0, index - count + 1)..<index].contains(servers[index])
        }
        let inOrder = firstBreak ?? servers.count
        let cycle = Array(servers.prefix(min(inOrder, count)))
        let finding: EntriesOrder.Finding =
            firstBreak != nil ? .broken : servers.count > count ? .roundRobin : .tooFew
        return EntriesOrder(
            finding: finding, inOrder: inOrder, cycle: cycle,
            firstBreak: firstBreak.map { index in
                .init(
                    number: index + 1, client: entries[index].client, realServer: servers[index],
                    expected: index >= count ? servers[index - count] : nil)
            })
    }
}
