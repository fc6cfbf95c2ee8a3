import Balance
package import IPVSModel

/// Virtual services with each real server's share of connections beside its due one.
package enum ServicesTable {
    package static func render(_ state: KernelState) -> String {
        guard !state.virtualServices.isEmpty else { return "no virtual services\n" }
        var table = TextTable([
            ("VIRTUAL SERVICE / REAL SERVER", .left), ("SCHEDULER", .left), ("FORWARD", .left), ("WEIGHT", .right),
            ("ACTIVE", .right), ("INACTIVE", .right), ("CONNECTIONS", .right), ("SHARE", .right), ("DUE", .right),
            ("BYTES IN", .right), ("BYTES OUT", .right),
        ])
        for service in state.virtualServices.sorted(by: { $0.identity < $1.identity }) {
            let counters = service.counters
            table.add([
                service.identity.description, service.scheduler.rawValue, "", "", "", "",
                "\(counters.connections)", "", "", "\(counters.inBytes)", "\(counters.outBytes)",
            ])
            let dues = service.scheduler.dueShares(weights: service.realServers.map(\.weight))
            let total = service.realServers.reduce(0) { $0 + $1.counters.connections }
            let servers = zip(service.realServers, dues).sorted { $0.0.endpoint < $1.0.endpoint }
            for (server, due) in servers {
                let share = total == 0 ? "-" : percent(Double(server.counters.connections) / Double(total))
                table.add([
                    "  " + server.endpoint.description, "", server.forwardingMethod.rawValue, "\(server.weight)",
                    "\(server.activeConnections)", "\(server.inactiveConnections)",
                    "\(server.counters.connections)", share, percent(due), "\(server.counters.inBytes)",
                    "\(server.counters.outBytes)",
                ])
            }
        }
        return table.render()
    }

    private static func percent(_ share: Double) -> String {
        let tenths = Int((share * 1_000).rounded())
        return "\(tenths / 10).\(tenths % 10) %"
    }
}
