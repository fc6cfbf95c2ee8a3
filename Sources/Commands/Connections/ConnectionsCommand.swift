import ArgumentParser
import Foundation
import IPVSKernel
import IPVSModel

/// `ipvscope connections`.
struct ConnectionsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "connections",
        abstract: "List the kernel's connection entries.",
        discussion: "With --format ipvsadm the output is that of `ipvsadm -Lnc`, byte for byte.")

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case ipvsadm, table, json, csv
    }

    @Option(name: .long, help: ArgumentHelp("List again every so many seconds.", valueName: "seconds"))
    var watch: Double?

    @Option(name: .long, help: "How to print the entries.")
    var format: Format = .table

    @Option(name: .long, help: ArgumentHelp("Only entries of this client address.", valueName: "address"))
    var client: IPAddress?

    @Option(name: .long, help: ArgumentHelp("Only entries of this virtual service.", valueName: "service"))
    var virtualService: VirtualServiceIdentity?

    @Option(name: .long, help: ArgumentHelp("Only entries of this real server.", valueName: "address:port"))
    var realServer: Endpoint?

    @Option(name: .long, help: ArgumentHelp("Only entries in this state, such as SYN_RECV.", valueName: "state"))
    var state: String?

    func validate() throws {
        if let watch, watch < 0.1 { throw ValidationError("--watch \(watch): 0.1 seconds is the least") }
        if case .firewallMark = virtualService {
            throw ValidationError("--virtual-service: an entry does not tell its firewall mark; name address and port")
        }
    }

    func run() async throws {
        try await Failure.reporting {
            let kernel = LiveKernel()
            repeat {
                let text = try render(kernel.readConnections().entries.filter(isWanted))
                if watch != nil, Terminal.outputIsInteractive { Output.print("\u{1B}[H\u{1B}[2J") }
                Output.print(text)
                if let watch { try await Task.sleep(for: .seconds(watch)) }
            } while watch != nil
        }
    }

    private func isWanted(_ entry: ConnectionEntry) -> Bool {
        if let client, entry.client.address != client { return false }
        if let realServer, entry.realServer != realServer { return false }
        if let state, entry.state.rawValue != state.uppercased() { return false }
        if let virtualService {
            return virtualService.endpoint == entry.virtual
                && virtualService.transportProtocol == entry.transportProtocol
        }
        return true
    }

    /// Everything the command prints for these entries.
    func render(_ entries: [ConnectionEntry]) throws -> String {
        let titles = ["protocol", "client", "virtual", "real_server", "state", "expires"]
        let cells = { (entry: ConnectionEntry) in
            [
                entry.transportProtocol.description, entry.client.description, entry.virtual.description,
                entry.realServer.description, entry.state.rawValue, "\(entry.expiresIn)",
            ]
        }
        switch format {
        case .ipvsadm: return IPVSAdmConnections.list(entries)
        case .json: return try Output.json(entries)
        case .csv: return CSV.line(titles) + entries.map { CSV.line(cells($0)) }.joined()
        case .table:
            var table = TextTable(
                titles.enumerated().map { ($1.uppercased().replacing("_", with: " "), $0 == 5 ? .right : .left) })
            for entry in entries { table.add(cells(entry)) }
            return table.render()
        }
    }
}
