/// The style sheet of a report, beside that of its charts.
enum ReportStyle {
    static let css = """
        :root {
          --page: #fff; --text: #1d2125; --quiet: #545b63; --rule: #d5d9de; --panel: #f6f7f9;
          --pass: #006b4f; --fail: #a83200; --inconclusive: #6b5200; --on-badge: #fff;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --page: #14171a; --text: #e6e8ea; --quiet: #a3abb3; --rule: #363c42; --panel: #1d2125;
            --pass: #2ecc9b; --fail: #ff8c42; --inconclusive: #f0d442; --on-badge: #14171a;
          }
        }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--page); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
        main { max-width: 1120px; margin: 0 auto; padding: 16px; }
        h1, h2, h3, p, li, caption { overflow-wrap: anywhere; }
        h1 { font-size: 1.5rem; margin: 8px 0; }
        h2 { font-size: 1.25rem; margin: 40px 0 8px; padding-top: 12px; border-top: 2px solid var(--rule); }
        h3 { font-size: 1rem; margin: 24px 0 4px; }
        p, ul { margin: 4px 0 8px; }
        ul { padding-left: 20px; }
        .badge {
          display: inline-block; padding: 0 10px; border-radius: 4px; color: var(--on-badge); font-size: 0.9em;
        }
        .badge.pass { background: var(--pass); }
        .badge.fail { background: var(--fail); }
        .badge.inconclusive { background: var(--inconclusive); }
        .figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); gap: 16px; margin: 8px 0; }
        figure { margin: 0; padding: 12px; background: var(--panel); border: 1px solid var(--rule); border-radius: 6px; min-width: 0; max-width: 620px; }
        figcaption { font-weight: 600; margin-bottom: 8px; }
        figure .chart .track { fill: var(--page); }
        details { margin-top: 8px; }
        summary { cursor: pointer; color: var(--quiet); }
        .scroll { overflow-x: auto; margin: 8px 0 16px; }
        table { border-collapse: collapse; font-size: 0.87rem; font-variant-numeric: tabular-nums; }
        caption { text-align: left; color: var(--quiet); padding-bottom: 4px; }
        th, td { padding: 3px 12px 3px 0; text-align: right; vertical-align: top; border-bottom: 1px solid var(--rule); white-space: nowrap; }
        th { font-weight: 600; }
        tbody th { font-weight: 400; }
        th.w, td.w { text-align: left; }
        td.long { white-space: normal; min-width: 18em; max-width: 46em; }
        @media print {
          :root { color-scheme: light; }
          body { font-size: 10pt; }
          main { max-width: none; padding: 0; }
          section > h3, h2 { break-after: avoid; }
          figure, tr { break-inside: avoid; }
          .scroll { overflow: visible; }
          summary { display: none; }
        }

        """
}
