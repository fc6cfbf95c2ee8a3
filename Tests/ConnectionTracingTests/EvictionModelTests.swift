import ConnectionTracing
import IPVSModel
import PacketDecoding
import TestSupport
import Testing

/// Who goes first from a full table, beside two plain lists.
private struct EvictionModel {
    let capacity: Int
    /// In the order in which they began.
    var halfOpen: [UInt16] = []
    /// In the order in which they ended.
    var closed: [UInt16] = []
    var established: [UInt16] = []
    var evicted: [UInt16] = []
    var refused = 0

    /// - Returns: Whether there was room for the newcomer.
    mutating func begin(_ port: UInt16) -> Bool {
        if halfOpen.count + closed.count + established.count == capacity {
            if !closed.isEmpty {
                evicted.append(closed.removeFirst())
            } else if !halfOpen.isEmpty {
                evicted.append(halfOpen.removeFirst())
            } else {
                refused += 1
                return false
            }
        }
        halfOpen.append(port)
        return true
    }
}

struct EvictionModelTests {
    @Test(arguments: UInt64(0)..<8)
    func `connections leave a full table in exactly the order of the model`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        // An even seed fills the table with established connections, too, until there is no room.
        let establishing = seed % 2 == 0 ? 60 : 25
        var stage = Stage(capacity: 64)
        var model = EvictionModel(capacity: 64)
        var conversations: [UInt16: Conversation] = [:]
        for step in 0..<5_000 {
            let dice = Int.random(in: 0..<100, using: &random)
            if dice < 40 {
                let port = UInt16(1 + step)
                var connection = Conversation("192.168.122.9:\(port)")
                let hasRoom = model.begin(port)
                stage.client(&connection, .syn, seen: hasRoom ? .both : .vip)
                if hasRoom { conversations[port] = connection }
            } else if dice < 40 + establishing * 40 / 100, let port = model.halfOpen.randomElement(using: &random) {
                stage.server(&conversations[port]!, [.syn, .ack])
                stage.client(&conversations[port]!, .ack)
                model.halfOpen.removeAll { $0 == port }
                model.established.append(port)
            } else if dice < 80, let port = model.halfOpen.randomElement(using: &random) {
                stage.server(&conversations[port]!, [.rst, .ack])
                model.halfOpen.removeAll { $0 == port }
                model.closed.append(port)
            } else if dice >= 80, dice < 95 || seed % 2 == 1, let port = model.established.randomElement(using: &random)
            {
                stage.closeByClient(&conversations[port]!)
                model.established.removeAll { $0 == port }
                model.closed.append(port)
            }
        }
        // No time was told, so nothing is written but what was evicted.
        let evicted = stage.tracer.takeRecords()
        #expect(evicted.map(\.client.port) == model.evicted)
        #expect(model.evicted.count > 500)
        #expect(stage.tracer.summary().evictedConnections == UInt64(model.evicted.count))
        #expect(stage.trace().unmatchedPackets == UInt64(model.refused))
        #expect(
            stage.server(.rs1).openConnections == UInt64(model.halfOpen.count + model.established.count))
    }
}
