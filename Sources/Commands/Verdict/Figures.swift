/// Numbers as people read them.
enum Figures {
    /// What stands for a number that is not known.
    static let unknown = "–"

    /// With so many decimals.
    static func fixed(_ value: Double?, _ decimals: Int) -> String {
        guard let value, value.isFinite else { return unknown }
        let scale = (0..<decimals).reduce(1.0) { scale, _ in scale * 10 }
        let scaled = (value.magnitude * scale).rounded()
        guard scaled < 1e15 else { return "\(value)" }
        let digits = String(Int64(scaled))
        let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
        let sign = value < 0 && scaled > 0 ? "-" : ""
        guard decimals > 0 else { return sign + padded }
        return sign + padded.dropLast(decimals) + "." + padded.suffix(decimals)
    }

    /// 0.333 as `33.3 %`.
    static func percent(_ share: Double?, _ decimals: Int) -> String {
        share.map { fixed($0 * 100, decimals) + " %" } ?? unknown
    }

    /// Seconds in the unit that suits them: `214 µs`, `1.50 ms`, `2.003 s`.
    static func seconds(_ value: Double?) -> String {
        guard let value else { return unknown }
        if value < 0.001 { return fixed(value * 1e6, 0) + " µs" }
        return value < 1 ? fixed(value * 1e3, 2) + " ms" : fixed(value, 3) + " s"
    }

    static func count(_ value: (some BinaryInteger)?) -> String { value.map { "\($0)" } ?? unknown }

    /// `1 packet`, `2 packets`.
    static func plural(_ count: some BinaryInteger, _ noun: String) -> String {
        count == 1 ? "1 \(noun)" : "\(count) \(noun)s"
    }
}
