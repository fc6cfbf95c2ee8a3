public import ArgumentParser
import Collector
public import IPVSModel

extension VirtualServiceIdentity: ExpressibleByArgument {}
extension Endpoint: ExpressibleByArgument {}
extension IPAddress: ExpressibleByArgument {}
extension CaptureLevel: ExpressibleByArgument {}

/// Where the database is.
struct DatabaseOption: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "The SQLite file (default: \(Self.systemPath) as a service, ./ipvscope.sqlite otherwise).",
            valueName: "file"))
    var database: String?

    static let systemPath = "/var/lib/ipvscope/ipvscope.sqlite"

    /// The file that is meant: the service manager says where a service keeps its state.
    func path(environment: [String: String]) -> String {
        if let database { return database }
        if let chosen = environment["IPVSCOPE_DATABASE"] { return chosen }
        return environment["STATE_DIRECTORY"] == nil ? "./ipvscope.sqlite" : Self.systemPath
    }
}

/// How much memory tracing may take.
struct TrackedConnectionsOption: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp("The most connections to track at once; about 220 bytes each.", valueName: "count"))
    var trackedConnections = CollectorOptions.defaultTrackedConnections

    func validate() throws {
        guard trackedConnections >= 64 else {
            throw ValidationError("--tracked-connections: \(trackedConnections) is too few; 64 is the least")
        }
    }
}

/// How many threads work.
enum ThreadCount {
    static func validate(_ count: Int) throws {
        guard (1...64).contains(count) else {
            throw ValidationError("--threads: \(count) is out of range; use 1 to 64")
        }
    }
}
