/// The size of the connection table.
///
/// Kernels before 7.1 have no such file. The format is taken from the kernel's source; no kernel that has it was at hand
/// to read it from.
///
/// - Source: `ip_vs_status_show` in `net/netfilter/ipvs/ip_vs_ctl.c`, shown as `/proc/net/ip_vs_status`.
package struct ConnectionTableStatus: Sendable, Hashable {
    /// Entries in the table, templates included.
    package var entries: Int
    /// Hash buckets; the kernel changes their number as the table grows and shrinks.
    package var buckets: Int

    package init(entries: Int, buckets: Int) {
        self.entries = entries
        self.buckets = buckets
    }

    /// - Throws: ``KernelError`` if there is no such file, or it is not understood.
    package static func read(path: String = "/proc/net/ip_vs_status") throws(KernelError) -> ConnectionTableStatus {
        try parse(try InputFile.text(of: path), source: path)
    }

    /// - Parameter source: The file's name, for errors.
    package static func parse(_ text: String, source: String) throws(KernelError) -> ConnectionTableStatus {
        var values: [Substring: Int] = [:]
        for line in text.split(separator: "\n") {
            // A name, a colon, a tab, a number, and perhaps more in parentheses.
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, let number = parts[1].split(whereSeparator: \.isWhitespace).first else { continue }
            values[parts[0]] = Int(number)
        }
        guard let entries = values["Conns"], let buckets = values["Conn buckets"], entries >= 0, buckets >= 0 else {
            throw .malformed(source, "the number of connections or of buckets is missing; is this ip_vs_status?")
        }
        return ConnectionTableStatus(entries: entries, buckets: buckets)
    }
}
