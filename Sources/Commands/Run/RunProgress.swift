import Collector
import ConnectionTracing
import Foundation
import IPVSModel
import Synchronization

/// A line on the terminal while a run lasts; nothing on a pipe.
final class RunProgress: Sendable {
    private struct State {
        var note = ""
        var isOver = false
    }

    private let state = Mutex(State())

    init(_ collector: Collector) {
        guard Terminal.isInteractive else { return }
        let begin = Date()
        Thread.detachNewThread { [self] in
            while !state.withLock({ $0.isOver }) {
                Thread.sleep(forTimeInterval: 0.5)
                let (note, isOver) = state.withLock { ($0.note, $0.isOver) }
                guard !isOver, let snapshot = collector.snapshot else { continue }
                Terminal.update(Self.line(snapshot, seconds: Int(Date().timeIntervalSince(begin)), note: note))
            }
        }
    }

    func note(_ text: String) { state.withLock { $0.note = text } }

    func end() {
        state.withLock { $0.isOver = true }
        Terminal.update("")
    }

    static func line(_ snapshot: CollectorSnapshot, seconds: Int, note: String) -> String {
        let services = snapshot.trace.virtualServices.map { service in
            let counts = service.realServers.map(\.captured.connections)
            return "\(service.identity) \(counts.reduce(0, +)): " + counts.map(String.init).joined(separator: "/")
        }
        let dropped = snapshot.captures.reduce(0) { $0 + $1.packetsDropped }
        let parts = ["\(seconds) s"] + services + ["\(dropped) dropped"] + (note.isEmpty ? [] : [note])
        return parts.joined(separator: " · ")
    }
}
