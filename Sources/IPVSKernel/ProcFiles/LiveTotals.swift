package import IPVSModel

/// The namespace's totals over all virtual services.
///
/// - Source: `/proc/net/ip_vs_stats_percpu`, whose numbers are hexadecimal.
package struct LiveTotals: Sendable, Hashable {
    /// The sum of the raw counters of all CPUs: without the two seconds' lag, and not affected by `ipvsadm -Z`.
    package var live: TrafficCounters

    /// What netlink and `/proc/net/ip_vs_stats` show: folded every two seconds, counted from the last `ipvsadm -Z`.
    package var folded: TrafficCounters

    package static func read(path: String = "/proc/net/ip_vs_stats_percpu") throws(KernelError) -> LiveTotals {
        try parse(try InputFile.text(of: path), source: path)
    }

    /// - Parameter source: The file's name, for errors.
    package static func parse(_ text: String, source: String) throws(KernelError) -> LiveTotals {
        var totals = LiveTotals(live: TrafficCounters(), folded: TrafficCounters())
        var hasFolded = false
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let fields = line.split(separator: " ")
            // Two title lines come before, the rates after an empty line.
            if hasFolded { break }
            guard fields.count == 6, let first = fields.first, first != "CPU", first != "Total" else { continue }
            let values = fields.dropFirst().compactMap { UInt64($0, radix: 16) }
            guard values.count == 5, first == "~" || UInt32(first, radix: 16) != nil else {
                throw .malformed(source, line: number + 1, "expected a CPU and five hexadecimal numbers")
            }
            let counters = TrafficCounters(
                connections: values[0], inPackets: values[1], outPackets: values[2], inBytes: values[3],
                outBytes: values[4])
            if first == "~" {
                totals.folded = counters
                hasFolded = true
            } else {
                totals.live = totals.live + counters
            }
        }
        guard hasFolded else {
            throw .malformed(source, "the row of totals (\"~\") is missing; is this ip_vs_stats_percpu?")
        }
        return totals
    }
}
