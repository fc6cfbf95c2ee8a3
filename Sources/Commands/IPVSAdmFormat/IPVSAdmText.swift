internal import IPVSModel

/// Text built column by column, as C's `printf` would with `%-18s` and its like. Columns are one blank apart.
struct Columns {
    private(set) var text: String

    init(_ text: String = "") { self.text = text }

    /// Adds a column at least `width` wide, filled up with blanks on the right.
    func pad(_ value: String, _ width: Int) -> Columns {
        Columns(text + separator + value.filledRight(to: width))
    }

    /// Adds the last column, without filling, and ends the line.
    func line(_ value: String) -> String { text + separator + value + "\n" }

    /// Ends the line; the blanks that fill the last column stay.
    func line() -> String { text + "\n" }

    private var separator: String { text.isEmpty ? "" : " " }
}

extension String {
    func filledRight(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - utf8.count)) }

    func filledLeft(to width: Int) -> String { String(repeating: " ", count: max(0, width - utf8.count)) + self }
}

/// Values as ipvsadm spells them.
enum IPVSAdmText {
    /// `a.b.c.d:port` or `[v6]:port`.
    static func endpoint(_ endpoint: Endpoint) -> String {
        let address = endpoint.address
        // glibc's inet_ntop writes ::a.b.c.d where RFC 5952 has two hexadecimal groups.
        guard !address.isIPv4, address.high == 0, address.low >> 32 == 0, address.low >> 16 != 0 else {
            return endpoint.description
        }
        return "[::\(IPAddress(ipv4: address.ipv4Bits))]:\(endpoint.port)"
    }

    /// A number in nine columns, from a hundred million on shortened by integer division.
    static func largeNumber(_ value: UInt64, isExact: Bool) -> String {
        if isExact {
            let digits = "\(value)"
            return digits.filledLeft(to: max(9, digits.utf8.count + 1))
        }
        return switch value {
        case ..<100_000_000: "\(value)".filledLeft(to: 9)
        case ..<1_000_000_000: "\(value / 1_000)".filledLeft(to: 8) + "K"
        case ..<100_000_000_000: "\(value / 1_000_000)".filledLeft(to: 8) + "M"
        case ..<100_000_000_000_000: "\(value / 1_000_000_000)".filledLeft(to: 8) + "G"
        default: "\(value / 1_000_000_000_000)".filledLeft(to: 8) + "T"
        }
    }
}
