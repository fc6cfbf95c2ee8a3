/// SVG put together from few shapes. Colours come from the style sheet, so that a page can be dark or light.
struct Drawing {
    let width: Double
    var height: Double
    private var elements = ""

    init(width: Double, height: Double) {
        self.width = width
        self.height = height
    }

    enum Anchor: String {
        case start, middle, end
    }

    mutating func rectangle(
        x: Double, y: Double, width: Double, height: Double, class name: String, opacity: Double? = nil
    ) {
        elements +=
            "<rect x=\"\(Self.number(x))\" y=\"\(Self.number(y))\" width=\"\(Self.number(width))\" "
            + "height=\"\(Self.number(height))\" class=\"\(name)\""
            + (opacity.map { " fill-opacity=\"\(Self.number($0, decimals: 2))\"" } ?? "") + "/>\n"
    }

    mutating func line(from start: (x: Double, y: Double), to end: (x: Double, y: Double), class name: String) {
        elements +=
            "<line x1=\"\(Self.number(start.x))\" y1=\"\(Self.number(start.y))\" x2=\"\(Self.number(end.x))\" "
            + "y2=\"\(Self.number(end.y))\" class=\"\(name)\"/>\n"
    }

    mutating func polyline(_ points: [(x: Double, y: Double)], class name: String, width: Double) {
        let text = points.map { "\(Self.number($0.x)),\(Self.number($0.y))" }.joined(separator: " ")
        elements += "<polyline points=\"\(text)\" class=\"\(name)\" stroke-width=\"\(Self.number(width))\"/>\n"
    }

    mutating func dot(_ point: (x: Double, y: Double), class name: String) {
        elements +=
            "<circle cx=\"\(Self.number(point.x))\" cy=\"\(Self.number(point.y))\" r=\"2.5\" class=\"\(name)\"/>\n"
    }

    mutating func text(_ text: String, x: Double, y: Double, anchor: Anchor = .start, class name: String = "label") {
        elements +=
            "<text x=\"\(Self.number(x))\" y=\"\(Self.number(y))\" text-anchor=\"\(anchor.rawValue)\" class=\"\(name)\">"
            + "\(XMLText.escaped(text))</text>\n"
    }

    /// - Parameters:
    ///   - title: What the picture is called.
    ///   - description: What it shows, for who cannot see it.
    ///   - id: Unique in the page; letters, digits and hyphens.
    func svg(title: String, description: String, id: String) -> String {
        "<svg viewBox=\"0 0 \(Self.number(width)) \(Self.number(height))\" role=\"img\" aria-labelledby=\"\(id)-t \(id)-d\" "
            + "class=\"chart\">\n<title id=\"\(id)-t\">\(XMLText.escaped(title))</title>\n"
            + "<desc id=\"\(id)-d\">\(XMLText.escaped(description))</desc>\n\(elements)</svg>\n"
    }

    /// A finite number with at most so many decimals, none of them a trailing zero.
    static func number(_ value: Double, decimals: Int = 1) -> String {
        guard value.isFinite else { return "0" }
        let scale: Int64 = (0..<decimals).reduce(1) { scale, _ in scale * 10 }
        let scaled = Int64((value * Double(scale)).rounded())
        let fraction = String(scaled.magnitude % UInt64(scale) + UInt64(scale)).dropFirst()
        let digits = String(fraction.reversed().drop { $0 == "0" }.reversed())
        return (scaled < 0 ? "-" : "") + "\(scaled.magnitude / UInt64(scale))" + (digits.isEmpty ? "" : ".\(digits)")
    }
}
