import Testing

struct PromQLTests {
    typealias Selector = PromQL.Selector
    typealias Matcher = PromQL.Matcher

    @Test(arguments: [
        ("up", [Selector(metric: "up")], []),
        (
            #"sum by (a, b) (rate(x_total{job=~"$job",c!="d}\""}[$__rate_interval]))"#,
            [
                Selector(
                    metric: "x_total",
                    matchers: [
                        Matcher(label: "job", condition: #"=~"$job""#), Matcher(label: "c", condition: #"!="d}\"""#),
                    ],
                    range: "$__rate_interval", function: "rate")
            ], ["a", "b"]
        ),
        ("a / on (x) group_left () sum(b)", [Selector(metric: "a"), Selector(metric: "b", function: "sum")], ["x"]),
        ("(a) > 1e3", [Selector(metric: "a")], []),
        (
            "histogram_quantile(0.99, sum by (le) (h_bucket)) or vector(1)",
            [Selector(metric: "h_bucket", function: "sum")], ["le"]
        ),
        (#"label_replace(a, "b", "$1", "c", "(.*)")"#, [Selector(metric: "a", function: "label_replace")], []),
        ("a and b unless (c)", [Selector(metric: "a"), Selector(metric: "b"), Selector(metric: "c")], []),
    ])
    func `metrics, labels and functions are found`(text: String, selectors: [Selector], labels: [String]) {
        let expression = PromQL(text)
        #expect(expression.selectors == selectors)
        #expect(expression.groupingLabels == labels)
    }
}
