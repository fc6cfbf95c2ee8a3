/// How evenly assignments were spread between two changes of the configuration.
package struct StretchReport: Sendable, Hashable, Codable {
    /// The number of its first assignment, from 1.
    package var from: Int
    /// When that was made; `nil` if there is none.
    @OrNull package var time: UTCTime?
    /// Assignments whose choice was seen.
    package var assignments: Int
    package var measures: FairnessMeasures
    package var ideal: FairnessReference
    package var chance: FairnessReference

    init(_ stretch: SequenceFairness.Stretch, _ evidence: VirtualServiceEvidence, _ sequence: ServiceSequence) {
        from = stretch.range.lowerBound + 1
        time = stretch.range.isEmpty ? nil : UTCTime(evidence.assignments[stretch.range.lowerBound].time)
        var counts = Array(repeating: 0, count: sequence.servers.count)
        for choice in sequence.choices[stretch.range] where choice >= 0 { counts[choice] += 1 }
        let total = counts.reduce(0, +)
        assignments = total
        measures = FairnessMeasures(
            counts: counts, expected: stretch.dues.map { $0 * Double(total) },
            prefixDiscrepancy: stretch.prefixDiscrepancy,
            longestRun: SequenceFairness.longestRun(of: sequence.choices[stretch.range]))
        let dues = stretch.dues.filter { $0 > 0 }
        ideal = FairnessReference.ideal(total: total, dues: dues).better(of: measures)
        chance = .chance(total: total, dues: dues)
    }
}
