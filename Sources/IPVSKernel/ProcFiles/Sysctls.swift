internal import Glibc

/// The kernel settings that IPVS obeys.
package enum Sysctls {
    /// Reads every setting under `net.ipv4.vs`, and `net.ipv4.ip_forward`.
    ///
    /// A setting that cannot be read is left out; without `ip_vs` only `net.ipv4.ip_forward` is there.
    ///
    /// - Parameter root: Where the settings are.
    /// - Returns: Values by full name: `net.ipv4.vs.conn_reuse_mode` is `1`. A value of several fields has one blank
    ///   between them.
    package static func read(root: String = "/proc/sys") -> [String: String] {
        var values: [String: String] = [:]
        for path in ["net/ipv4/ip_forward"] + names(in: "\(root)/net/ipv4/vs").map({ "net/ipv4/vs/\($0)" }) {
            guard let text = try? InputFile.text(of: "\(root)/\(path)") else { continue }
            let name = path.split(separator: "/").joined(separator: ".")
            values[name] = text.split { $0.isWhitespace }.joined(separator: " ")
        }
        return values
    }

    /// The names in a directory; none if there is no such directory.
    private static func names(in directory: String) -> [String] {
        guard let stream = unsafe opendir(directory) else { return [] }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            // d_name ends with a NUL within the entry that readdir owns until its next call.
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names
    }
}
