import Balance
import IPVSModel

/// A listing's judgement as one test suite. Nothing is proven by a listing, so every test is an error, with the finding.
enum EntriesJUnit {
    static func render(_ report: EntriesReport) -> String {
        JUnitSuite(
            name: "ipvscope entries", timestamp: nil, duration: nil,
            cases: report.virtualServices.map { service in
                .init(
                    className: service.virtualService.description, name: "order",
                    result: inconclusive(service.orderSentence, report))
            }
                + (report.virtualServices.isEmpty
                    ? [.init(className: "ipvscope", name: "order", result: inconclusive("nothing to judge", report))]
                    : [])
        ).render()
    }

    private static func inconclusive(_ finding: String, _ report: EntriesReport) -> JUnitSuite.Result {
        .error(
            type: "order", message: "\(finding); inconclusive: " + report.reasons.joined(separator: "; "), details: "")
    }
}
