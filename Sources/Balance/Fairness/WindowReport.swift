package import IPVSModel

/// The worst of all windows of so many assignments in a row.
package struct WindowReport: Sendable, Hashable, Codable {
    /// Assignments in a window.
    package var assignments: Int
    package var windows: Int
    /// The least of all windows.
    package var jain: Double
    package var maxShareError: Double
    /// The best that so many assignments allow.
    @OrNull package var idealMaxShareError: Double?
    /// What is to be expected of the worst of so many windows if choices are made at random.
    @OrNull package var chanceMaxShareError: Double?
    /// The real server that strayed most.
    package var realServer: Endpoint
    /// The number of the assignment with which that window begins, from 1.
    package var from: Int
    package var time: UTCTime

    enum CodingKeys: String, CodingKey {
        case assignments, windows, jain
        case maxShareError = "max_share_error"
        case idealMaxShareError = "ideal_max_share_error"
        case chanceMaxShareError = "chance_max_share_error"
        case realServer = "real_server"
        case from, time
    }

    /// - Returns: `nil` if there are not two windows side by side.
    init?(_ window: WindowFairness, _ evidence: VirtualServiceEvidence, _ sequence: ServiceSequence, dues: [Double]) {
        guard window.windows > window.size, let worst = window.worst else { return nil }
        assignments = window.size
        windows = window.windows
        jain = window.jain
        maxShareError = worst.shareError
        idealMaxShareError = FairnessReference.ideal(total: window.size, dues: dues).maxShareError
        chanceMaxShareError =
            Chance(total: window.windows + window.size - 1, probabilities: dues)
            .maxShareError(inWindowOf: window.size).finite
        realServer = sequence.servers[worst.server]
        from = worst.start + 1
        time = UTCTime(evidence.assignments[worst.start].time)
    }
}
