import ArgumentParser
import Collector
import Logging
import ServiceLifecycle
import UnixSignals
import WebInterface

/// `ipvscope collect`.
struct CollectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "collect",
        abstract: "Trace connections until stopped, and serve metrics.",
        discussion: """
            Captures both sides of the director, reads the kernel every second, and writes connections and time series \
            to the database. Stop it with Ctrl-C or SIGTERM: everything is written before it ends.
            """)

    @OptionGroup var arguments: CollectorArguments

    func run() async throws {
        try await Failure.reporting {
            let address = try arguments.listenAddress.map(ListenAddress.init(parsing:)) ?? .standard
            let logger = Logger(label: "ipvscope") { StreamLogHandler.standardError(label: $0) }
            // Everything that may be missing is asked for before anything is served.
            try await WebInterface(address: address, version: RootCommand.version, logger: logger) { nil }
                .checkAddress()
            var options = try arguments.resolve()
            options.keepsRollingVerdict = true
            options.tell = { logger.warning("\($0)") }
            Terminal.tell(options.summary)
            let collector = try await Blocking.run { [options] in try Collector(options, runName: "collect") }
            let web = WebInterface(address: address, version: RootCommand.version, logger: logger) { listening in
                Terminal.tell("serving http://\(listening)/metrics")
            } snapshot: {
                collector.snapshot
            }
            try await ServiceGroup(
                configuration: ServiceGroupConfiguration(
                    services: [.init(service: CollectorService(collector: collector)), .init(service: web)],
                    gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
            ).run()
        }
    }
}
