/// How often values of several bands occurred, step by step.
package struct HeatMap: Sendable {
    private let bands: [String]
    private let counts: [[Int]]
    private let end: Double
    private let time: @Sendable (Double) -> String

    private static let width = 480.0
    private static let (left, right, top) = (72.0, 10.0, 4.0)
    private static let rowHeight = 18.0
    private static let shades = 5

    /// - Parameters:
    ///   - bands: Their names, the lowest first.
    ///   - counts: By band, then by step.
    ///   - end: The right end of the time axis, in seconds.
    ///   - time: Seconds in words.
    package init(
        bands: [String], counts: [[Int]], until end: Double, time: @escaping @Sendable (Double) -> String
    ) {
        self.bands = bands
        self.counts = counts
        self.end = end
        self.time = time
    }

    package func svg(title: String, description: String, id: String) -> String {
        let bottom = Self.top + Double(bands.count) * Self.rowHeight
        var drawing = Drawing(width: Self.width, height: bottom + 48)
        let steps = counts.map(\.count).max() ?? 0
        let most = counts.flatMap(\.self).max() ?? 0
        let plot = Self.width - Self.left - Self.right
        let cell = plot / Double(max(steps, 1))

        drawing.rectangle(x: Self.left, y: Self.top, width: plot, height: bottom - Self.top, class: "track")
        for (band, row) in counts.enumerated() {
            let y = bottom - Double(band + 1) * Self.rowHeight
            drawing.text(bands[band], x: Self.left - 6, y: y + 13, anchor: .end)
            for (step, count) in row.enumerated() where count > 0 {
                drawing.rectangle(
                    x: Self.left + Double(step) * cell, y: y, width: cell, height: Self.rowHeight, class: "heat",
                    opacity: Self.opacity(of: count, most: most))
            }
        }
        for tick in Ticks.values(upTo: end, count: 5) where tick <= end {
            let x = Self.left + tick * plot / max(end, 1e-9)
            drawing.line(from: (x, bottom), to: (x, bottom + 4), class: "axis")
            let anchor: Drawing.Anchor = tick == 0 ? .start : x > Self.width - 40 ? .end : .middle
            drawing.text(time(tick), x: x, y: bottom + 18, anchor: anchor)
        }
        if most > 0 { legend(upTo: most, y: bottom + 30, in: &drawing) }
        return drawing.svg(title: title, description: description, id: id)
    }

    private func legend(upTo most: Int, y: Double, in drawing: inout Drawing) {
        let shown = most == 1 ? [Self.shades - 1] : Array(0..<Self.shades)
        if most > 1 { drawing.text("1", x: Self.left, y: y + 12, anchor: .end) }
        for (place, shade) in shown.enumerated() {
            drawing.rectangle(
                x: Self.left + 6 + Double(place) * 22, y: y, width: 22, height: 14, class: "heat",
                opacity: Self.opacity(shade: shade))
        }
        drawing.text(
            "\(most) connection\(most == 1 ? "" : "s")", x: Self.left + 12 + Double(shown.count) * 22, y: y + 12)
    }

    /// Shades are by orders of magnitude, so that a single one is seen beside a thousand.
    private static func opacity(of count: Int, most: Int) -> Double {
        var (shade, bits) = (0, 0)
        let all = max(Int.bitWidth - most.leadingZeroBitCount, 1)
        bits = Int.bitWidth - count.leadingZeroBitCount
        shade = all == 1 ? shades - 1 : (bits - 1) * (shades - 1) / (all - 1)
        return opacity(shade: min(shade, shades - 1))
    }

    private static func opacity(shade: Int) -> Double { 0.2 + 0.8 * Double(shade) / Double(shades - 1) }
}
