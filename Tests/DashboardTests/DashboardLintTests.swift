import MetricCatalog
import Testing

/// The rules of Grafana's dashboard-linter, and the catalogue as the judge of names.
struct DashboardLintTests {
    @Test
    func `there are dashboards, and each has its own uid and title`() throws {
        let dashboards = try Dashboard.files.map(Dashboard.read)
        #expect(!dashboards.isEmpty)
        #expect(Set(dashboards.map(\.uid)).count == dashboards.count)
        #expect(Set(dashboards.map(\.title)).count == dashboards.count)
    }

    @Test(arguments: Dashboard.files)
    func `a dashboard has a uid Grafana takes, says what it is for, and is not edited in place`(file: String) throws {
        let dashboard = try Dashboard.read(file)
        #expect(dashboard.uid.wholeMatch(of: /ipvscope-[a-z-]{1,31}/) != nil)
        #expect(!dashboard.title.isEmpty)
        #expect(dashboard.description.hasSuffix("."))
        #expect(!dashboard.editable)
    }

    @Test(arguments: Dashboard.files)
    func `a dashboard asks for datasource, job and instance, each with all as an answer`(file: String) throws {
        let variables = try Dashboard.read(file).templating.list
        #expect(variables.prefix(3).map(\.name) == ["datasource", "job", "instance"])
        #expect(variables.first?.type == "datasource")
        for variable in variables.dropFirst() {
            #expect(variable.type == "query")
            #expect(variable.datasource == .variable)
            #expect(variable.refresh == 2, "2 asks anew when the time range changes")
            #expect(variable.multi == true && variable.includeAll == true && variable.allValue == ".+")
            let metrics = variable.definition?.firstMatch(of: /^label_values\(([a-z_]+)/)
            #expect(metrics.flatMap { Metric(rawValue: String($0.1)) } != nil)
        }
    }

    @Test(arguments: Dashboard.files)
    func `a panel has title, description, unit, datasource and queries, and a place of its own`(file: String) throws {
        let panels = try Dashboard.read(file).panels
        #expect(Set(panels.map(\.id)).count == panels.count)
        #expect(Set(panels.map(\.title)).count == panels.count)
        for (index, panel) in panels.enumerated() {
            #expect(!panel.title.isEmpty)
            #expect(panel.description.hasSuffix("."), "\(panel.title)")
            #expect(Self.units.contains(panel.fieldConfig.defaults.unit), "\(panel.title)")
            #expect(panel.datasource == .variable)
            #expect(!panel.targets.isEmpty, "\(panel.title)")
            #expect(Set(panel.targets.map(\.refId)).count == panel.targets.count, "\(panel.title)")
            #expect(panel.targets.allSatisfy { $0.datasource == .variable && !$0.legendFormat.isEmpty })
            #expect(panel.gridPos.x + panel.gridPos.w <= 24)
            #expect(!panels[..<index].contains { $0.gridPos.overlaps(panel.gridPos) }, "\(panel.title)")
        }
    }

    @Test(arguments: Dashboard.files)
    func `a query names only metrics and labels of the catalogue, with job and instance matched`(file: String) throws {
        for (panel, target) in try Dashboard.read(file).queries {
            let expression = PromQL(target.expr)
            #expect(!expression.selectors.isEmpty, "\(panel.title)")
            var labels: Set = ["job", "instance"]
            for selector in expression.selectors {
                let series = try #require(Series(selector.metric), "\(panel.title): \(selector.metric)")
                labels.formUnion(series.labels)
                for matcher in selector.matchers {
                    #expect(series.labels.contains(matcher.label), "\(panel.title): \(matcher.label)")
                }
                for label in ["job", "instance"] {
                    #expect(
                        selector.matchers.contains(PromQL.Matcher(label: label, condition: "=~\"$\(label)\"")),
                        "\(panel.title): \(selector.metric) without \(label)=~\"$\(label)\"")
                }
            }
            #expect(labels.isSuperset(of: expression.groupingLabels), "\(panel.title)")
            let legend = target.legendFormat.matches(of: /\{\{\s*([^}\s]*)\s*\}\}/).map { String($0.1) }
            #expect(labels.isSuperset(of: legend), "\(panel.title)")
        }
    }

    @Test(arguments: Dashboard.files)
    func `counters are seen only through rate or increase over $__rate_interval, and gauges never are`(
        file: String
    ) throws {
        for (panel, target) in try Dashboard.read(file).queries {
            for selector in PromQL(target.expr).selectors {
                let isRated = ["rate", "increase"].contains(selector.function)
                #expect(isRated == Series(selector.metric)?.isCounter, "\(panel.title): \(selector.metric)")
                #expect(selector.range == (isRated ? "$__rate_interval" : nil), "\(panel.title): \(selector.metric)")
            }
        }
    }

    /// Grafana's units that a panel of ours may have.
    static let units: Set = ["bool_yes_no", "percentunit", "short", "pps", "cps", "Bps", "bytes", "s"]

    /// A series name of the exposition: a metric, or a part of a histogram.
    struct Series {
        let isCounter: Bool
        let labels: Set<String>

        init?(_ name: String) {
            let own: Set = ["job", "instance"]
            if let metric = Metric(rawValue: name), metric.definition.kind != .histogram {
                isCounter = metric.definition.kind == .counter
                labels = own.union(metric.definition.labels)
                return
            }
            for suffix in ["_bucket", "_sum", "_count"] where name.hasSuffix(suffix) {
                let metric = Metric(rawValue: String(name.dropLast(suffix.count)))
                guard let metric, metric.definition.kind == .histogram else { continue }
                isCounter = true
                labels = own.union(metric.definition.labels).union(suffix == "_bucket" ? ["le"] : [])
                return
            }
            return nil
        }
    }
}
