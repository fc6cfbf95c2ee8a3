import Balance
import Charts

/// A report as text, Markdown and HTML print it.
struct ReportDocument {
    var title: String
    var verdict: Verdict
    /// The run's; then one group per virtual service; then the rest.
    var groups: [Group]

    /// What belongs to one virtual service, or to the run.
    struct Group {
        /// `nil` for the run as a whole.
        var title: String?
        var verdict: Verdict?
        var sections: [Section]
    }

    struct Section {
        var title: String
        var blocks: [Block]
    }

    enum Block {
        case text(String)
        case list([String])
        case table(Table)
        /// A picture, which has the same figures in a table.
        case figure(Figure)
    }

    struct Table {
        /// What it shows, in a few words.
        var caption: String
        var titles: [String]
        var rows: [[String]]
        /// The columns that hold words rather than figures.
        var words: Set<Int> = [0]
    }

    struct Figure {
        var title: String
        /// What it shows, for who cannot see it.
        var description: String
        var chart: Chart
        /// `nil` if the figures stand beside it in a table of their own.
        var table: Table?
    }

    enum Chart {
        case bars(BarChart)
        case lines(LineChart)
        case heat(HeatMap)

        /// - Parameter id: Unique in the page.
        func svg(_ figure: Figure, id: String) -> String {
            switch self {
            case .bars(let chart): chart.svg(title: figure.title, description: figure.description, id: id)
            case .lines(let chart): chart.svg(title: figure.title, description: figure.description, id: id)
            case .heat(let chart): chart.svg(title: figure.title, description: figure.description, id: id)
            }
        }
    }

    init(_ report: RunReport) {
        let run = report.verdict.run
        title = "run \(run.id), \(run.name)"
        verdict = report.verdict.verdict
        groups =
            [Group(title: nil, verdict: nil, sections: [report.overview])]
            + report.verdict.virtualServices.map { service in
                Group(
                    title: "\(service.virtualService) \(service.scheduler)", verdict: service.verdict,
                    sections: ServiceSections(service, report).sections)
            }
            + [
                Group(
                    title: "The run", verdict: nil,
                    sections: [report.abSection, report.eventSection, report.environment].compactMap(\.self))
            ]
    }
}
