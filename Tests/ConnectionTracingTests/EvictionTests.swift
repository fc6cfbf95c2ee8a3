import ConnectionTracing
import IPVSModel
import PacketDecoding
import Testing

struct EvictionTests {
    private static let capacity = 64

    private static func fill(
        _ stage: inout Stage, _ ports: Range<Int>, _ play: (inout Stage, inout Conversation) -> Void
    ) {
        for port in ports {
            var connection = Conversation("192.168.122.9:\(port)")
            play(&stage, &connection)
        }
    }

    @Test func `what is closed goes first, then what is half open, and established connections never`() {
        var stage = Stage(capacity: Self.capacity)
        Self.fill(&stage, 1..<21) { $0.open(&$1) }
        Self.fill(&stage, 21..<41) { $0.client(&$1, .syn) }
        Self.fill(&stage, 41..<65) { stage, connection in
            stage.open(&connection)
            stage.closeByClient(&connection)
        }
        #expect(stage.tracer.summary().trackedConnections == 64)

        Self.fill(&stage, 1_000..<1_024) { $0.open(&$1) }
        stage.collect()
        #expect(Set(stage.records.map(\.outcome)) == [.closed])
        #expect(stage.records.count == 24)
        Self.fill(&stage, 2_000..<2_020) { $0.open(&$1) }
        stage.collect()
        #expect(stage.records.filter { $0.outcome == .evicted }.map(\.client.port) == Array(21..<41))
        // Only established ones are left: there is no room for a newcomer, and they stay.
        Self.fill(&stage, 3_000..<3_010) { $0.client(&$1, .syn) }
        stage.collect()
        #expect(stage.records.count == 44)
        let summary = stage.tracer.summary()
        #expect(summary.trackedConnections == 64)
        #expect(summary.capacity == 64)
        #expect(summary.evictedConnections == 44)
        #expect(summary.virtualServices[0].unmatchedPackets >= 10)
    }

    @Test func `a flood of SYNs does not push out an established connection`() {
        var stage = Stage(capacity: 1_000)
        var kept = (1...500).map { Conversation("192.168.122.9:\($0)") }
        for index in kept.indices { stage.open(&kept[index]) }
        for number in 0..<20_000 {
            var flood = Conversation("10.\(number / 65_536).\(number / 256 % 256).\(number % 256):7777")
            stage.client(&flood, .syn, seen: number % 2 == 0 ? .both : .vip)
        }
        for index in kept.indices {
            stage.exchange(&kept[index])
            stage.closeByClient(&kept[index])
        }
        let records = stage.finish().filter { $0.client.port <= 500 }
        #expect(records.count == 500)
        #expect(records.allSatisfy { $0.outcome == .closed && $0.vip.inPackets == 6 && $0.origin == .assigned })
        #expect(stage.tracer.summary().evictedConnections >= 19_000)
    }

    @Test func `events beyond the limit are counted, not kept`() {
        var stage = Stage(capacity: 64)
        for number in 0..<12_000 {
            var flood = Conversation("10.0.\(number / 256).\(number % 256):7777")
            stage.client(&flood, .syn)
        }
        #expect(stage.tracer.takeEvents().count == 10_000)
        #expect(stage.tracer.eventsDropped == 12_000 - 64 - 10_000)
    }
}
