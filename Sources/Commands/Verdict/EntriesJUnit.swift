import Balance
import IPVSModel

/// A listing's judgement as one test suite. Nothing is proven by a listing, so every test is skipped, with the finding.
enum EntriesJUnit {
    static func render(_ report: EntriesReport) -> String {
        JUnitSuite(
            name: "ipvscope entries", timestamp: nil, duration: nil,
            cases: report.virtualServices.map { service in
                .init(
                    className: service.virtualService.description, name: "order",
                    result: .skipped(
                        message: service.orderSentence + "; inconclusive: " + report.reasons.joined(separator: "; ")))
            }
        ).render()
    }
}
