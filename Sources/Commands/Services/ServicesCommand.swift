import ArgumentParser
import Balance
import IPVSKernel
import IPVSModel

/// `ipvscope services`.
struct ServicesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "services",
        abstract: "List virtual services and real servers as the kernel has them now.")

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case ipvsadm, table, json
    }

    enum View: String, EnumerableFlag {
        case stats, rate, thresholds, persistentConn

        static func help(for value: View) -> ArgumentHelp? {
            switch value {
            case .stats: "Counters since the service was made."
            case .rate: "The kernel's estimate of rates."
            case .thresholds: "Connection thresholds."
            case .persistentConn: "Persistence templates."
            }
        }

        var listing: IPVSAdmServices.Listing {
            switch self {
            case .stats: .stats
            case .rate: .rate
            case .thresholds: .thresholds
            case .persistentConn: .persistentConnections
            }
        }
    }

    @Flag(help: "What to show instead of the rules.")
    var view: View?

    @Flag(name: .long, help: "Print large numbers in full.")
    var exact = false

    @Option(name: .long, help: "How to print: as ipvsadm does, as a table with shares, or as JSON.")
    var format: Format = .table

    func run() async throws {
        try await Failure.reporting {
            Output.print(try render(LiveKernel().read(includingConnections: false)))
        }
    }

    /// Everything the command prints.
    func render(_ state: KernelState) throws -> String {
        switch format {
        case .json: return try Output.json(state.virtualServices)
        case .ipvsadm: return IPVSAdmServices.list(state, view?.listing ?? .rules, isExact: exact)
        case .table:
            if let view { return IPVSAdmServices.list(state, view.listing, isExact: exact) }
            return ServicesTable.render(state)
        }
    }
}
