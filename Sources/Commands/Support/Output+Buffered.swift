import Foundation

/// Standard output for results too long to be kept: what is added is written in large pieces.
struct BufferedOutput: ~Copyable {
    private var buffer = ""
    private static let size = 1 << 16

    mutating func add(_ text: String) {
        buffer += text
        if buffer.utf8.count >= Self.size { flush() }
    }

    mutating func flush() {
        Output.print(buffer)
        buffer.removeAll(keepingCapacity: true)
    }

    deinit { Output.print(buffer) }
}
