package import IPVSModel

/// The connection entries in a saved listing of `ipvsadm -Lnc`.
///
/// What a terminal puts around a listing is passed over: the header of `watch`, a shell prompt, blank lines, rules of
/// `=` or `-`, blanks before a line, carriage returns.
package enum IPVSAdmListing {
    /// Reads a file, or the standard input if `path` is `-`.
    ///
    /// - Returns: At least one entry, in the listing's order.
    /// - Throws: ``KernelError`` naming the first line that is not an entry, and what was expected there.
    package static func read(path: String) throws(KernelError) -> [ConnectionEntry] {
        try parse(try InputFile.text(of: path), source: path == "-" ? "standard input" : path)
    }

    /// - Parameter source: The input's name, for errors.
    package static func parse(_ text: String, source: String) throws(KernelError) -> [ConnectionEntry] {
        let lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }
        let title = lines.firstIndex(where: isTitle)
        var entries: [ConnectionEntry] = []
        // What comes before the title is the terminal's.
        for (number, line) in zip(1..., lines) where number - 1 > title ?? -1 {
            let fields = line.split { $0.isWhitespace }.map(String.init)
            if fields.isEmpty || isDecoration(fields) { continue }
            if isTitle(line) {
                throw .malformed(source, line: number, "a second listing begins; judge one listing at a time")
            }
            switch entry(fields) {
            case .success(let entry): entries.append(entry)
            case .failure(let problem): throw .malformed(source, line: number, problem.text)
            }
        }
        guard !entries.isEmpty else {
            throw .malformed(source, "it holds no connection entry; save the output of: ipvsadm -Lnc")
        }
        return entries
    }

    private static func isTitle(_ line: Substring) -> Bool {
        line.split { $0.isWhitespace }.elementsEqual(["IPVS", "connection", "entries"])
    }

    private static func isDecoration(_ fields: [String]) -> Bool {
        fields.starts(with: ["pro", "expire", "state"]) || (fields[0] == "Every" && fields.count > 2)
            || (fields.count == 1 && fields[0].allSatisfy { "=-".contains($0) })
    }

    private struct Problem: Error {
        let text: String
    }

    /// `TCP 00:32  SYN_RECV    192.168.122.1:55989 192.168.122.100:80 10.10.10.10:80`, then perhaps the persistence
    /// engine and its data.
    private static func entry(_ fields: [String]) -> Result<ConnectionEntry, Problem> {
        func expected(_ what: String, _ found: String?) -> Result<ConnectionEntry, Problem> {
            .failure(Problem(text: "expected \(what), found \(found.map { "\"\($0)\"" } ?? "the end of the line")"))
        }
        guard let transport = TransportProtocol(fields[0]) else { return expected("a protocol such as TCP", fields[0]) }
        guard fields.count > 1, let expiresIn = seconds(fields[1]) else {
            return expected("the expiry as minutes and seconds such as 00:32", fields.dropFirst().first)
        }
        guard fields.count > 2, fields[2].allSatisfy({ !$0.isLowercase && $0 != ":" }) else {
            return expected("a state such as SYN_RECV", fields.dropFirst(2).first)
        }
        var endpoints: [Endpoint] = []
        for position in 3..<6 {
            guard position < fields.count, let endpoint = Endpoint(fields[position]) else {
                return expected(
                    "an address and port in numbers such as 192.168.122.1:55989 (list with -n)",
                    fields.dropFirst(position).first)
            }
            endpoints.append(endpoint)
        }
        return .success(
            ConnectionEntry(
                transportProtocol: transport, client: endpoints[0], virtual: endpoints[1], realServer: endpoints[2],
                state: ConnectionState(rawValue: fields[2]), expiresIn: expiresIn,
                persistenceEngine: fields.count > 6 ? fields[6] : nil,
                persistenceData: fields.count > 6 ? fields[7...].joined(separator: " ") : nil))
    }

    /// `mm:ss`, where minutes may have more than two digits.
    private static func seconds(_ text: String) -> UInt32? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ $0.utf8.count >= 2 && $0.utf8.allSatisfy { 48...57 ~= $0 } }),
            let minutes = UInt32(parts[0]), let seconds = UInt32(parts[1]), minutes < 10_000_000, seconds < 60
        else { return nil }
        return minutes * 60 + seconds
    }
}
