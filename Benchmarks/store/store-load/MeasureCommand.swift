import ArgumentParser
import ConnectionTracing
import Foundation
import Glibc
import IPVSKernel
import IPVSModel
import TraceStore

/// `store-load measure`: writes connections as fast as it can, and says how many in how many seconds, by the clock and of
/// the processor, making them up apart.
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
        var cpu = 0
        func measure(_ body: () throws -> Void) throws {
            // The C function: microseconds of the processor that the process has used.
            let before = Glibc.clock()
            spent += try clock.measure(body)
            cpu += Glibc.clock() - before
        }
        var written = 0
        while written < connections {
            let records = (0..<min(batch, connections - written)).map { index in
                source.next(at: start.advanced(by: .microseconds((written + index) * 200)))
            }
            try measure { try store.write(StoreBatch(connections: records), run: run) }
            written += records.count
        }
        try measure { try store.close() }
        print("\(written) \(spent / .seconds(1)) \(Double(cpu) / 1e6)")
    }
}
