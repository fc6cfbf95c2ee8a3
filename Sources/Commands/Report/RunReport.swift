package import Balance
package import IPVSModel
package import TraceStore

/// The whole story of a run: its verdict, and what lies behind it.
package struct RunReport: Sendable {
    /// This program's version.
    package var version: String
    package var verdict: VerdictReport
    package var story: RunStory
    /// Each service's settings, oldest first.
    package var configurations: [VirtualServiceIdentity: [ServiceConfiguration]]
    /// What `ab` printed beside what was seen; `nil` if nobody gave it.
    package var ab: ABCheck?

    /// - Parameters:
    ///   - evidence: Without the virtual services that nobody asked for.
    ///   - story: Of the same run.
    ///   - ab: What `ab` printed about its load.
    package init(
        version: String, evidence: RunEvidence, story: RunStory, thresholds: [Threshold] = [],
        baseline: RunEvidence? = nil, ab: ABOutput? = nil
    ) {
        self.version = version
        self.story = story
        verdict = Judge.verdict(on: evidence, thresholds: thresholds, baseline: baseline, whatIf: true)
        configurations = Dictionary(
            evidence.virtualServices.map { ($0.identity, $0.configurations) }, uniquingKeysWith: { first, _ in first })
        self.ab = ab.map { ABCheck($0, report: verdict, story: story) }
    }

    /// The verdict saved with the run, if it is another than this one: it had thresholds, or the judge has changed.
    var otherSavedVerdict: String? { story.run.verdict.flatMap { $0 == verdict.verdict.rawValue ? nil : $0 } }

    func story(of service: VirtualServiceIdentity) -> ServiceStory { story.services[service] ?? ServiceStory() }
}
