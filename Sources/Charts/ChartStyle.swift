/// The style sheet that every chart needs in its page.
package enum ChartStyle {
    /// Colours by Okabe and Ito, told apart by people who see few of them; their lighter relatives on a dark page.
    package static let css = """
        :root {
          --s0: #0072b2; --s1: #d55e00; --s2: #009e73; --s3: #cc79a7; --s4: #b07c00; --s5: #3a9bd4; --s6: #666666;
          --chart-text: #333; --chart-grid: #ddd; --chart-axis: #888; --chart-track: #f0f0f0; --chart-due: #000;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --s0: #56b4e9; --s1: #ff8c42; --s2: #2ecc9b; --s3: #e6a3c8; --s4: #f0d442; --s5: #9ad0f5; --s6: #aaaaaa;
            --chart-text: #ddd; --chart-grid: #3a3f45; --chart-axis: #888; --chart-track: #2a2e33; --chart-due: #fff;
          }
        }
        .chart { display: block; width: 100%; height: auto; }
        .chart text { font: 13px system-ui, sans-serif; fill: var(--chart-text); }
        @media (max-width: 520px) { .chart text { font-size: 16px; } }
        .chart .value { font-weight: 600; }
        .chart .track { fill: var(--chart-track); }
        .chart .heat { fill: var(--s0); }
        .chart .line { fill: none; stroke-linejoin: round; }
        .chart line.line { stroke-width: 3; }
        .chart .grid { stroke: var(--chart-grid); }
        .chart .axis { stroke: var(--chart-axis); }
        .chart .due { stroke: var(--chart-due); stroke-width: 2; }
        .chart .d1 { stroke-dasharray: 6 3; }
        .chart .d2 { stroke-dasharray: 2 3; }

        """
        + (0..<Series.colours).map {
            ".chart .fill.s\($0) { fill: var(--s\($0)); }\n.chart .line.s\($0) { stroke: var(--s\($0)); }\n"
        }.joined()
}
