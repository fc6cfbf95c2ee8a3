import FoundationEssentials
import IPVSModel

/// Where the web interface listens: what `--web.listen-address` takes.
package struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
    /// The default: only this machine may ask.
    package static let standard = Self(host: "127.0.0.1", port: 19100)

    /// An IP address without brackets, or a host name; empty for every address of this machine.
    package var host: String
    /// 0 lets the system choose.
    package var port: UInt16

    package init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// Reads `127.0.0.1:19100`, `[::1]:19100`, `director:19100` or `:19100`.
    package init(parsing text: String) throws(WebInterfaceError) {
        guard let colon = text.lastIndex(of: ":"),
            text[text.index(after: colon)...].utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let port = UInt16(text[text.index(after: colon)...]),
            let host = Self.host(in: text[..<colon])
        else { throw WebInterfaceError(.invalidAddress, text: text) }
        self.init(host: host, port: port)
    }

    private static func host(in text: Substring) -> String? {
        if text.hasPrefix("["), text.hasSuffix("]") {
            let inner = String(text.dropFirst().dropLast())
            return inner.contains(":") && IPAddress(inner) != nil ? inner : nil
        }
        let isName = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        // What looks like an IPv4 address must be one: a resolver reads 127.1 as 127.0.0.1.
        let isNumber = text.utf8.allSatisfy { $0 == UInt8(ascii: ".") || $0 <= UInt8(ascii: "9") }
        guard isName, !isNumber || text.isEmpty || IPAddress(String(text)) != nil else { return nil }
        return String(text)
    }

    /// In the form that ``init(parsing:)`` reads.
    package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// What to bind: every address is IPv6's wildcard, which takes IPv4 too, unless the kernel has no IPv6.
    var bindingHost: String {
        guard host.isEmpty else { return host }
        return FileManager.default.fileExists(atPath: "/proc/net/if_inet6") ? "::" : "0.0.0.0"
    }
}
