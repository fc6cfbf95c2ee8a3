/// A few lines over time.
package struct LineChart: Sendable {
    package struct Line: Sendable {
        package var label: String
        /// Seconds, and a value of 0 or more; in order of time.
        package var points: [(x: Double, y: Double)]
        /// Which colour; lines that belong together may share one.
        package var colour: Int
        package var isDashed: Bool
        /// In units of the picture. A line that is drawn later should be thinner where both may be one.
        package var width: Double

        package init(
            label: String, points: [(x: Double, y: Double)], colour: Int, isDashed: Bool = false, width: Double = 2
        ) {
            self.label = label
            self.points = points
            self.colour = colour
            self.isDashed = isDashed
            self.width = width
        }

        fileprivate var className: String { Series.name(colour) + (isDashed ? " d1" : "") }
    }

    private let lines: [Line]
    private let end: Double
    private let isWhole: Bool
    private let time: @Sendable (Double) -> String
    private let value: @Sendable (Double) -> String

    private static let width = 480.0
    private static let plotHeight = 170.0
    private static let (left, right, top, axis) = (52.0, 10.0, 10.0, 24.0)
    private static let legendRow = 18.0

    /// - Parameters:
    ///   - end: The right end of the time axis, in seconds.
    ///   - isWhole: Whether values are whole numbers.
    ///   - time: Seconds in words.
    ///   - value: A value in words.
    package init(
        _ lines: [Line], until end: Double, isWhole: Bool, time: @escaping @Sendable (Double) -> String,
        value: @escaping @Sendable (Double) -> String
    ) {
        self.lines = lines
        self.end = end
        self.isWhole = isWhole
        self.time = time
        self.value = value
    }

    package func svg(title: String, description: String, id: String) -> String {
        // Two legends side by side if they fit.
        let columns = lines.allSatisfy { $0.label.count <= 24 } ? 2 : 1
        let legendRows = (lines.count + columns - 1) / columns
        let bottom = Self.top + Self.plotHeight
        var drawing = Drawing(
            width: Self.width, height: bottom + Self.axis + Double(legendRows) * Self.legendRow + 6)

        let values = Ticks.values(upTo: lines.flatMap { $0.points.map(\.y) }.max() ?? 0, count: 4, whole: isWhole)
        let times = Ticks.values(upTo: end, count: 5)
        let yScale = Self.plotHeight / (values.last ?? 1)
        let xScale = (Self.width - Self.left - Self.right) / max(end, 1e-9)
        for tick in values {
            let y = bottom - tick * yScale
            drawing.line(from: (Self.left, y), to: (Self.width - Self.right, y), class: tick == 0 ? "axis" : "grid")
            drawing.text(value(tick), x: Self.left - 6, y: y + 4, anchor: .end)
        }
        for tick in times where tick <= end {
            let x = Self.left + tick * xScale
            drawing.line(from: (x, bottom), to: (x, bottom + 4), class: "axis")
            let anchor: Drawing.Anchor = tick == 0 ? .start : x > Self.width - 40 ? .end : .middle
            drawing.text(time(tick), x: x, y: bottom + 18, anchor: anchor)
        }
        for (index, line) in lines.enumerated() {
            let points = line.points.map { (x: Self.left + $0.x * xScale, y: bottom - $0.y * yScale) }
            if points.count > 1 { drawing.polyline(points, class: "line \(line.className)", width: line.width) }
            if points.count <= 40 { for point in points { drawing.dot(point, class: "fill \(line.className)") } }
            let x = Double(index % columns) * Self.width / Double(columns)
            let y = bottom + Self.axis + Double(index / columns) * Self.legendRow + 12
            drawing.line(from: (x, y - 4), to: (x + 24, y - 4), class: "line \(line.className)")
            drawing.text(line.label, x: x + 30, y: y)
        }
        return drawing.svg(title: title, description: description, id: id)
    }
}
