/// The unit in which a run's length is told along an axis.
struct TimeUnit: Sendable {
    let name: String
    let seconds: Double

    /// - Parameter span: In seconds.
    init(for span: Double) {
        (name, seconds) =
            switch span {
            case ..<1: ("ms", 0.001)
            case ..<300: ("s", 1)
            case ..<18_000: ("min", 60)
            case ..<432_000: ("h", 3_600)
            default: ("d", 86_400)
            }
    }

    /// `1.5 s`
    @Sendable func text(_ value: Double) -> String { "\(Self.trimmed(value)) \(name)" }

    /// With three decimals at most, none of them a trailing zero.
    @Sendable static func trimmed(_ value: Double) -> String {
        let text = Figures.fixed(value, 3)
        let digits = String(text.reversed().drop { $0 == "0" }.reversed())
        return digits.hasSuffix(".") ? String(digits.dropLast()) : digits
    }
}
