import Balance
import IPVSModel
import TestSupport

extension Synthetic {
    /// A capture that lost packets: connections without a SYN on either side are none, those whose SYN was only seen
    /// when repeated a second later move in the order, and some are seen on the VIP side only.
    static func lossy(_ kernel: [Int], seed: UInt64, probability: Double) -> RunEvidence {
        var random = SeededGenerator(seed: seed)
        var rows = (1...3).map { number in
            RealServerEvidence(
                endpoint: server(number), kernel: counters(kernel.count { $0 == number }))
        }
        var assignments: [Assignment] = []
        for var assignment in Self.assignments(kernel) {
            let number = kernel[Int(assignment.connection) - 1]
            let lostSYN = random.happens(probability)
            let lostIn = (0..<5).count { _ in random.happens(probability) } + (lostSYN ? 1 : 0)
            let lostOut = (0..<5).count { _ in random.happens(probability) }
            if lostSYN, random.happens(0.5) { continue }
            if lostSYN { assignment.time = assignment.time.advanced(by: .seconds(1)) }
            if random.happens(probability * probability) {
                assignment.realServer = nil
            } else {
                rows[number - 1].captured.inPackets += UInt64(6 - lostIn)
                rows[number - 1].captured.outPackets += UInt64(5 - lostOut)
                rows[number - 1].captured.inBytes += UInt64(500 - 80 * lostIn)
                rows[number - 1].captured.outBytes += UInt64(900 - 180 * lostOut)
            }
            assignments.append(assignment)
        }
        var evidence = Self.evidence(kernel: kernel, captured: assignments.sorted { $0.time < $1.time })
        evidence.virtualServices[0].realServers = rows
        return evidence
    }
}
