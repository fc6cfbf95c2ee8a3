/// One bar for each of a few things, and a mark where it should end.
package struct BarChart: Sendable {
    package struct Bar: Sendable {
        package var label: String
        /// 0 or more.
        package var value: Double
        /// The value in words.
        package var text: String
        /// Where the mark is; `nil` for none.
        package var due: Double?

        package init(label: String, value: Double, text: String, due: Double?) {
            self.label = label
            self.value = value
            self.text = text
            self.due = due
        }
    }

    private let bars: [Bar]
    private let markLegend: String

    private static let width = 480.0
    private static let rowHeight = 38.0

    /// - Parameter markLegend: What the marks mean.
    package init(_ bars: [Bar], markLegend: String) {
        self.bars = bars
        self.markLegend = markLegend
    }

    package func svg(title: String, description: String, id: String) -> String {
        let height = Double(bars.count) * Self.rowHeight + 24
        var drawing = Drawing(width: Self.width, height: height)
        let largest = bars.flatMap { [$0.value, $0.due ?? 0] }.max() ?? 0
        let scale = largest > 0 ? (Self.width - 4) / largest : 0
        for (index, bar) in bars.enumerated() {
            let y = Double(index) * Self.rowHeight
            drawing.text(bar.label, x: 0, y: y + 13)
            drawing.text(bar.text, x: Self.width, y: y + 13, anchor: .end, class: "label value")
            drawing.rectangle(x: 0, y: y + 19, width: Self.width, height: 12, class: "track")
            drawing.rectangle(x: 0, y: y + 19, width: bar.value * scale, height: 12, class: "fill s\(Series.first)")
            if let due = bar.due {
                drawing.line(from: (due * scale, y + 18), to: (due * scale, y + 34), class: "due")
            }
        }
        if bars.contains(where: { $0.due != nil }) {
            drawing.line(from: (5, height - 16), to: (5, height - 2), class: "due")
            drawing.text(markLegend, x: 14, y: height - 4)
        }
        return drawing.svg(title: title, description: description, id: id)
    }
}
