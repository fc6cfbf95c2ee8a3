import ConnectionTracing
import IPVSModel
import PacketDecoding
import TestSupport
import Testing

/// Random traffic: many clients, services that share real servers, port reuse, retransmissions, resets, losses.
private struct Traffic {
    struct Actor {
        var conversation: Conversation
        var step = 0
        /// Which of the ways through a connection this one takes.
        var plot: Int
    }

    var random: SeededGenerator
    /// The part of packets that a side does not see, in hundredths.
    let loss: Int
    var actors: [Actor] = []

    init(seed: UInt64, loss: Int) {
        random = SeededGenerator(seed: seed)
        self.loss = loss
        actors = (0..<60).map { _ in Actor(conversation: Conversation("192.168.122.1:1"), plot: 0) }
        for index in actors.indices { restart(index, isNew: true) }
    }

    /// Begins another connection, on the same client port half of the time.
    private mutating func restart(_ index: Int, isNew: Bool) {
        let old = actors[index].conversation
        let isUDP = index % 10 == 9
        if isUDP {
            actors[index] = Actor(
                conversation: Conversation(
                    "192.168.123.\(index):\(Int.random(in: 1...9, using: &random))", .names, to: .dns1, transport: 17),
                plot: 9)
            return
        }
        let (virtual, servers): (Endpoint, [Endpoint]) =
            index % 2 == 0 ? (.web, [.rs1, .rs2, .rs3]) : (.shop, [.rs2, .rs3])
        let port = isNew || Bool.random(using: &random) ? Int.random(in: 1...40, using: &random) : Int(old.client.port)
        var next = Conversation(
            "192.168.124.\(index):\(port)", virtual, to: servers.randomElement(using: &random)!,
            sequence: UInt32.random(in: 0 ... .max, using: &random))
        next.serverNext = UInt32.random(in: 0 ... .max, using: &random)
        actors[index] = Actor(conversation: next, plot: Int.random(in: 0...8, using: &random))
    }

    private mutating func seen() -> Sides {
        var sides: Sides = .both
        if Int.random(in: 0..<100, using: &random) < loss { sides.remove(.vip) }
        if Int.random(in: 0..<100, using: &random) < loss { sides.remove(.dip) }
        return sides
    }

    mutating func step(_ stage: inout Stage) {
        let index = Int.random(in: 0..<actors.count, using: &random)
        let (step, plot, sides) = (actors[index].step, actors[index].plot, seen())
        actors[index].step += 1
        var conversation = actors[index].conversation
        var isOver = false
        switch (plot, step) {
        case (9, _):
            stage.client(&conversation, [], payload: 30, seen: sides)
            if step % 2 == 0 { stage.server(&conversation, [], payload: 60, seen: sides) }
            isOver = step > 3
        case (_, 0): stage.client(&conversation, .syn, seen: sides)
        case (0, 1): stage.client(&conversation, .syn, seen: sides, repeated: conversation.clientNext &- 1)
        case (1, 1):
            stage.server(&conversation, [.rst, .ack], seen: sides)
            isOver = true
        case (2, 1): isOver = true
        case (_, 1), (0, 2): stage.server(&conversation, [.syn, .ack], seen: sides)
        case (_, 2), (0, 3): stage.client(&conversation, .ack, seen: sides)
        case (3, 4):
            stage.client(&conversation, .rst, seen: sides)
            isOver = true
        case (4, 4):
            stage.server(&conversation, .rst, seen: sides)
            isOver = true
        case (5, 4):
            stage.client(&conversation, .ack, payload: 70, seen: sides, repeated: conversation.clientNext &- 70)
        case (_, 3): stage.client(&conversation, [.psh, .ack], payload: 70, seen: sides)
        case (_, 4): stage.server(&conversation, [.psh, .ack], payload: 700, seen: sides)
        case (6, 5): isOver = true
        case (_, 5): stage.client(&conversation, [.fin, .ack], seen: sides)
        case (_, 6): stage.server(&conversation, [.fin, .ack], seen: sides)
        default:
            stage.client(&conversation, .ack, seen: sides)
            isOver = true
        }
        actors[index].conversation = conversation
        if isOver { restart(index, isNew: false) }
    }
}

struct ConservationTests {
    @Test(arguments: UInt64(0)..<12, [0, 10])
    func `every packet is counted exactly once: in a connection, as unmatched, or as foreign`(seed: UInt64, loss: Int) {
        var traffic = Traffic(seed: seed, loss: loss)
        var stage = Stage()
        for round in 0..<6_000 {
            traffic.step(&stage)
            if round % 100 == 99 { stage.wait(seconds: round % 1_500 == 1_499 ? 70 : 0.2) }
        }
        let records = stage.finish()
        let summary = stage.tracer.summary()

        let matched = records.reduce(UInt64(0)) {
            $0 + UInt64($1.vip.inPackets + $1.vip.outPackets + $1.dip.inPackets + $1.dip.outPackets)
        }
        let unmatched = summary.virtualServices.reduce(0) { $0 + $1.unmatchedPackets }
        #expect(matched + unmatched + summary.foreignPackets == stage.packetsSent)
        if loss == 0 {
            #expect(summary.foreignPackets == 0)
            #expect(!records.contains { $0.realServer == nil })
        }

        for service in summary.virtualServices {
            for server in service.realServers {
                let own = records.filter { $0.virtualService == service.identity && $0.realServer == server.endpoint }
                var expected = TrafficCounters()
                for record in own {
                    expected.connections += record.origin.isAssignment ? 1 : 0
                    expected.inPackets += UInt64(record.vip.inPackets)
                    expected.inBytes += record.vip.inBytes
                    expected.outPackets += UInt64(record.dip.outPackets)
                    expected.outBytes += record.dip.outBytes
                }
                #expect(server.captured == expected)
            }
        }
        #expect(Set(records.map(\.id)).count == records.count)
        #expect(stage.tracer.eventsDropped == 0)
    }

    @Test(arguments: [1, 7, 31, 32, 33, 64, 1_000])
    func `it makes no difference in how large pieces packets are handed over`(piece: Int) {
        let play = { (size: Int) -> [ConnectionRecord] in
            var packets: [PacketSummary] = []
            for number in 0..<300 {
                packets += Self.packets(
                    of: Conversation("192.168.122.\(number % 7):\(100 + number)", to: [.rs1, .rs2][number % 2]),
                    at: Int64(number))
            }
            packets.sort { $0.time < $1.time }
            var tracer = ConnectionTracer(capacity: 1_000)
            tracer.update(to: .state(.stage))
            for start in stride(from: 0, to: packets.count, by: size) {
                tracer.process(Array(packets[start..<min(start + size, packets.count)]).span)
            }
            tracer.finish()
            return tracer.takeRecords()
        }
        #expect(play(piece) == play(1))
    }

    private static func packets(of conversation: Conversation, at start: Int64) -> [PacketSummary] {
        var recorder = PacketRecorder(conversation, start: start * 130_000)
        recorder.send(.syn, isIn: true)
        recorder.send([.syn, .ack], isIn: false)
        recorder.send(.ack, isIn: true)
        recorder.send([.fin, .ack], isIn: true)
        recorder.send([.fin, .ack], isIn: false)
        return recorder.packets
    }
}

/// Packets of one connection in a list, instead of on a stage.
private struct PacketRecorder {
    var packets: [PacketSummary] = []
    private let conversation: Conversation
    private var time: Int64
    private var next: [Bool: UInt32] = [true: 5, false: 7]

    init(_ conversation: Conversation, start: Int64) {
        self.conversation = conversation
        time = 1_700_000_000_000_000_000 + start
    }

    mutating func send(_ flags: TCPFlags, isIn: Bool) {
        for tap in isIn ? [Tap.vip, .dip] : [.dip, .vip] {
            var packet = PacketSummary()
            let near = tap == .vip ? conversation.virtual : conversation.server
            let (source, destination) = isIn ? (conversation.client, near) : (near, conversation.client)
            (packet.sourceHigh, packet.sourceLow, packet.sourcePort) = (
                source.address.high, source.address.low, source.port
            )
            (packet.destinationHigh, packet.destinationLow) = (destination.address.high, destination.address.low)
            packet.destinationPort = destination.port
            packet.transport = 6
            packet.flags = flags
            packet.sequence = next[isIn] ?? 0
            packet.acknowledgement = flags.contains(.ack) ? next[!isIn] ?? 0 : 0
            packet.ipLength = 40
            packet.tap = tap
            packet.time = time
            packets.append(packet)
            time += 17_000
        }
        next[isIn, default: 0] += flags.isDisjoint(with: [.syn, .fin]) ? 0 : 1
    }
}
