import PacketDecoding
import TestSupport
import Testing

/// Bytes nobody made on purpose: each is decoded or counted, and none traps.
struct RandomBytesTests {
    private static let rounds = 8_000

    @Test(arguments: LinkType.allCases)
    func `random bytes are decoded or counted`(linkType: LinkType) {
        var random = SeededGenerator(seed: UInt64(linkType.rawValue))
        expectAnswers(linkType, &random) { random in
            (0..<Int.random(in: 0...160, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
        }
    }

    @Test(arguments: LinkType.allCases)
    func `good packets with a few bad bytes are decoded or counted`(linkType: LinkType) {
        var random = SeededGenerator(seed: 1_000 + UInt64(linkType.rawValue))
        let seeds = HeaderMix.all.map(\.bytes)
        expectAnswers(linkType, &random) { random in
            var bytes = seeds.randomElement(using: &random)!
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            return Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random)))
        }
    }

    private func expectAnswers(
        _ linkType: LinkType, _ random: inout SeededGenerator, _ make: (inout SeededGenerator) -> [UInt8]
    ) {
        var decoder = PacketDecoder(linkType: linkType, tap: .both)
        var packet = PacketSummary()
        var decoded = 0
        var contradictions = 0
        for round in 0..<Self.rounds {
            let bytes = make(&random)
            // The wire length of a damaged capture may be anything.
            let wireLength = round % 4 == 0 ? Int.random(in: 0...Int(UInt32.max), using: &random) : bytes.count
            guard decoder.decode(bytes, wireLength: wireLength, time: Int64(round), into: &packet) else {
                continue
            }
            decoded += 1
            let isFragment = packet.marks.contains(.laterFragment)
            let isError = packet.marks.contains(.icmpError)
            if !isFragment && packet.payloadLength >= packet.ipLength || isFragment && isError
                || !isFragment && ![6, 17, 132].contains(packet.transport)
            {
                contradictions += 1
            }
        }
        #expect(decoded + decoder.failureCounts.reduce(0) { $0 + Int($1.count) } == Self.rounds)
        #expect(contradictions == 0)
    }
}
