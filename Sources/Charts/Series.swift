/// How lines and bars differ: by colour, which everybody can tell apart, and by dashes, for print.
enum Series {
    static let first = 0

    /// Colours of the palette.
    static let colours = 7

    /// The class of a series: its colour, and dashes once all colours are used.
    static func name(_ index: Int) -> String { "s\(index % colours) d\(index / colours % 3)" }
}
