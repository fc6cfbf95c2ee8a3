import Glibc
import IPVSKernel
import IPVSModel

// Parses a listing of the connection table again and again: the counterpart of parse.c.
// Usage: table-benchmark FILE TIMES

/// CPU time of this process so far, in seconds.
func cpuSeconds() -> Double {
    var usage = rusage()
    unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
        + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
}

/// What the rows say, in one number, to be compared with another parser's.
func checksum(_ rows: ConnectionRows) -> UInt64 {
    var sum: UInt64 = 0xcbf2_9ce4_8422_2325
    func mix(_ value: UInt64) { sum = (sum ^ value) &* 0x100_0000_01b3 }
    for (position, row) in rows.enumerated() {
        mix(UInt64(row.transportProtocol.rawValue))
        for endpoint in [row.client, row.virtual, row.realServer] {
            mix(endpoint.address.high)
            mix(endpoint.address.low)
            mix(UInt64(endpoint.port))
        }
        for letter in rows.states[row.stateNumber].rawValue.utf8 { mix(UInt64(letter)) }
        mix(UInt64(row.expiresIn))
        let entry = rows.entry(at: position)
        for text in [entry.persistenceEngine, entry.persistenceData] {
            for letter in (text ?? "").utf8 { mix(UInt64(letter)) }
        }
    }
    return sum
}

guard CommandLine.arguments.count == 3, let times = Int(CommandLine.arguments[2]), times > 0 else {
    print("usage: table-benchmark FILE TIMES")
    exit(64)
}
do {
    var best = Double.infinity
    var table = ConnectionTable.parse([])
    for _ in 0..<times {
        // As a program that reads the table once a while: nothing is left of the last reading but its memory.
        table = ConnectionTable.parse([])
        let start = cpuSeconds()
        table = try ConnectionTable.read(path: CommandLine.arguments[1])
        best = min(best, cpuSeconds() - start)
    }
    var usage = rusage()
    unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    let tenths = Int(best * 1e10 / Double(table.statistics.rows))
    let sum = String(checksum(table.rows), radix: 16)
    print(
        "\(tenths / 10).\(tenths % 10) ns/row, \(table.statistics.rows) rows, \(table.statistics.malformed) malformed, "
            + "\(usage.ru_maxrss / 1024) MB, checksum \(String(repeating: "0", count: 16 - sum.count))\(sum)")
} catch {
    print(error)
    exit(66)
}
