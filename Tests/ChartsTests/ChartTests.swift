import Charts
import Foundation
import Testing

@Suite struct ChartTests {
    /// What a picture's numbers must be.
    private func attributes(_ name: String, in svg: String) -> [Double] {
        svg.matches(of: try! Regex("\\b\(name)=\"([^\"]*)\"")).compactMap {
            $0.output[1].substring.flatMap { Double($0) }
        }
    }

    private func bars(_ values: [(Double, Double?)]) -> String {
        BarChart(
            values.map { .init(label: "a", value: $0.0, text: "b", due: $0.1) }, markLegend: "due"
        ).svg(title: "t", description: "d", id: "x")
    }

    @Test func `a bar is as long as its value, and the mark is at its due`() {
        let svg = bars([(0.5, 0.25), (0.25, 0.25)])
        // Of each pair of rectangles the first is the track.
        let widths = attributes("width", in: svg)
        #expect(widths == [480, 476, 480, 238])
        #expect(attributes("x1", in: svg) == [238, 238, 5])
    }

    @Test func `nothing at all is drawn without dividing by it`() {
        for svg in [
            bars([]), bars([(0, nil)]), bars([(0, 0)]),
            LineChart([], until: 0, isWhole: false, time: { "\($0)" }, value: { "\($0)" })
                .svg(title: "t", description: "d", id: "x"),
            HeatMap(bands: [], counts: [], until: 0, time: { "\($0)" }).svg(title: "t", description: "d", id: "x"),
        ] {
            #expect(!svg.contains("nan") && !svg.contains("inf"))
            #expect(svg.hasPrefix("<svg ") && svg.hasSuffix("</svg>\n"))
        }
    }

    @Test func `texts cannot break out of a picture`() {
        let evil = "<script>alert(1)</script>\"&"
        let svg =
            BarChart([.init(label: evil, value: 1, text: evil, due: nil)], markLegend: evil)
            .svg(title: evil, description: evil, id: "x")
            + LineChart(
                [.init(label: evil, points: [(0, 1)], colour: 0)], until: 1, isWhole: true, time: { _ in evil },
                value: { _ in evil }
            ).svg(title: evil, description: evil, id: "y")
            + HeatMap(bands: [evil], counts: [[1]], until: 1, time: { _ in evil })
            .svg(title: evil, description: evil, id: "z")
        #expect(!svg.contains("<script"))
        #expect(svg.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&amp;"))
    }

    @Test func `a line's points are in their places, the largest value below the top`() throws {
        let svg = LineChart(
            [.init(label: "a", points: [(0, 0), (5, 10), (10, 20)], colour: 1)], until: 10, isWhole: true,
            time: { "\($0)" }, value: { "\($0)" }
        ).svg(title: "t", description: "d", id: "x")
        let points = try #require(svg.firstMatch(of: /polyline points="([^"]*)"/)).output.1
        #expect(points == "52,180 261,95 470,10")
        #expect(svg.contains("class=\"line s1 d0\""))
    }

    @Test func `ticks are round numbers, and reach beyond the largest value`() {
        let labels = { (most: Double) in
            LineChart(
                [.init(label: "a", points: [(0, most)], colour: 0)], until: 1, isWhole: false, time: { _ in "" },
                value: { "<\($0)>" }
            ).svg(title: "t", description: "d", id: "x").matches(of: /&lt;([0-9.e+-]+)&gt;/).compactMap {
                Double($0.output.1).map { Double(($0 * 1e6).rounded() / 1e6) }
            }
        }
        #expect(labels(334) == [0, 100, 200, 300, 400])
        #expect(labels(7) == [0, 2, 4, 6, 8])
        #expect(labels(0.03) == [0, 0.01, 0.02, 0.03])
    }

    @Test func `each count of a heat map has its cell, and more is darker`() {
        let svg = HeatMap(bands: ["low", "high"], counts: [[1, 0, 1000], [0, 30, 0]], until: 3, time: { _ in "" })
            .svg(title: "t", description: "d", id: "x")
        let cells = svg.matches(of: /y="([0-9.]+)"[^>]* class="heat" fill-opacity="([0-9.]+)"/)
        // Five more are the legend's.
        #expect(cells.count == 3 + 5)
        let shades = cells.prefix(3).compactMap { Double($0.output.2) }
        #expect(shades == [0.2, 1, 0.4])
        // The lowest band is at the bottom.
        #expect(Double(cells[0].output.1)! > Double(cells[2].output.1)!)
    }

    @Test func `a picture is well-formed, and says what it is`() throws {
        let svg = bars([(1, 0.5)])
        #expect(svg.contains("role=\"img\" aria-labelledby=\"x-t x-d\""))
        #expect(svg.contains("<title id=\"x-t\">t</title>") && svg.contains("<desc id=\"x-d\">d</desc>"))
    }

    @Test func `the style sheet has a colour for every class of series, dark and light`() {
        let style = ChartStyle.css
        for index in 0..<7 {
            #expect(style.contains(".chart .line.s\(index) "))
            #expect(style.matches(of: try! Regex("--s\(index): #[0-9a-f]{6};")).count == 2)
        }
    }
}
