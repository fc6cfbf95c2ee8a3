import ArgumentParser
import ConnectionTracing
import Foundation
import IPVSKernel
import IPVSModel
import TraceStore

/// `store-load measure`: writes connections as fast as it can, and says how fast that was.
struct MeasureCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "measure")

    @Argument var database: String
    @Option(help: "How many connections.") var connections = 1_000_000
    @Option(help: "How many in a transaction.") var batch = 20_000

    func run() throws {
        let store = try TraceStore.open(path: database)
        // Run 1 would flatter: the number 1 takes no room.
        _ = try store.beginRun(name: "earlier", started: .now())
        let run = try store.beginRun(name: "measure", started: .now())
        var source = SyntheticConnections(firstID: 1, seed: 42)
        let start = Timestamp.now()
        let clock = ContinuousClock()
        var spent = Duration.zero
        var written = 0
        while written < connections {
            let records = (0..<min(batch, connections - written)).map { index in
                source.next(at: start.advanced(by: .microseconds((written + index) * 200)))
            }
            spent += try clock.measure { try store.write(StoreBatch(connections: records), run: run) }
            written += records.count
        }
        spent += try clock.measure { try store.close() }
        print("\(written) \(spent / .seconds(1))")
    }
}
