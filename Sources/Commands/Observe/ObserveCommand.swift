import ArgumentParser
import ConnectionTracing
import Foundation
import IPVSKernel
import IPVSModel
import TraceStore

/// `ipvscope observe`.
struct ObserveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "observe",
        abstract: "Print connections and their troubles, a line each, as a collector writes them.",
        discussion: """
            Without --follow, what the last run holds. A connection is written about a second after it ended, and is told \
            once; trouble with one (a repeated SYN, a refusal …) is marked with an exclamation mark.
            """)

    @OptionGroup var database: DatabaseOption

    @Flag(name: [.short, .long], help: "Go on with whatever is written from now on, until interrupted.")
    var follow = false

    @Option(
        name: .long,
        help: ArgumentHelp("The run, without --follow: `last`, or its number. (default: last)", valueName: "last|ID"))
    var run: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Only what began since then: so long ago, such as 30s, 5m or 2h, or a time such as 2026-03-01T12:00:00.0Z.",
            valueName: "time"))
    var since: ObserveSince?

    @Option(name: .long, help: ArgumentHelp("Only of this client address.", valueName: "address"))
    var client: IPAddress?

    @Option(name: .long, help: ArgumentHelp("Only of this real server.", valueName: "address:port"))
    var realServer: Endpoint?

    @Option(name: .long, help: ArgumentHelp("Only of this virtual service.", valueName: "service"))
    var virtualService: VirtualServiceIdentity?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Only connections that ended so, such as refused or reset_by_client; may be repeated.", valueName: "outcome"
        ))
    var outcome: [ConnectionOutcome] = []

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Only connections of which the real server's connect, the client's handshake or the first byte took longer, such "
                + "as 5ms.", valueName: "duration"))
    var slowerThan: ObserveDuration?

    @Option(name: .long, help: "How to print them.")
    var format: ObserveFormat = .compact

    /// How often the database is looked at.
    private static let interval = Duration.milliseconds(200)

    func validate() throws {
        if follow, run != nil {
            throw ValidationError("--run: --follow goes on with whatever is written; leave one of them out")
        }
    }

    func run() async throws {
        try await Failure.reporting {
            let store = try TraceStore.openReadOnly(
                path: database.path(environment: ProcessInfo.processInfo.environment))
            let since = since?.moment(now: .now())
            let filter = ObserveFilter(
                client: client, realServer: realServer, virtualService: virtualService, outcomes: Set(outcome),
                slowerThan: slowerThan?.seconds, since: follow ? nil : since)
            var feed = try feed(from: store, since: since)
            while true {
                let found = try feed.next()
                Output.print(try found.filter(filter.wants).map(format.render).joined())
                if !found.isEmpty { continue }
                guard follow else { return }
                try await Task.sleep(for: Self.interval)
            }
        }
    }

    private func feed(from store: TraceStore, since: Timestamp?) throws -> ConnectionFeed {
        guard follow else { return ConnectionFeed(of: try store.resolveRun(run ?? "last"), in: store) }
        return try since.map { try ConnectionFeed(following: store, since: $0) } ?? ConnectionFeed(following: store)
    }
}
