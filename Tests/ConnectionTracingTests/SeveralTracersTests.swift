import ConnectionTracing
import IPVSModel
import PacketDecoding
import Testing

/// Tracers that each trace a share of the clients, as one.
private struct Team {
    final class Member {
        var tracer: ConnectionTracer

        init(isNumberedLater: Bool) {
            tracer = ConnectionTracer(capacity: 10_000, isNumberedLater: isNumberedLater)
            tracer.update(to: .state(.stage))
        }
    }

    let members: [Member]
    private let sharder: ClientSharder
    private var nextID: Int64 = 1
    /// As last written, by id.
    private var records: [Int64: ConnectionRecord] = [:]
    private var events: [TraceEvent] = []

    init(count: Int) {
        members = (0..<count).map { _ in Member(isNumberedLater: count > 1) }
        sharder = members[0].tracer.makeSharder()
    }

    mutating func trace(_ packets: [PacketSummary], until time: Int64) {
        var shares = members.map { _ in [PacketSummary]() }
        var owners = [UInt8](repeating: 0, count: packets.count)
        var span = owners.mutableSpan
        sharder.deal(packets.span, count: members.count, into: &span)
        for (packet, owner) in zip(packets, owners) { shares[Int(owner)].append(packet) }
        for (member, share) in zip(members, shares) {
            member.tracer.process(share.span)
            var now = packets.last?.time ?? time
            while now < time {
                now = min(now + 500_000_000, time)
                member.tracer.advance(to: now)
            }
        }
        number()
        collect()
    }

    private mutating func number() {
        guard members.count > 1 else { return }
        let births = members.map { $0.tracer.unnumbered }
        let order = births.enumerated().flatMap { member, births in
            births.indices.map { (birth: births[$0], member: member, index: $0) }
        }.sorted { $0.birth < $1.birth }
        var ids = births.map { Array(repeating: Int64(0), count: $0.count) }
        for place in order {
            ids[place.member][place.index] = nextID
            nextID += 1
        }
        for (member, ids) in zip(members, ids) { member.tracer.number(ids) }
    }

    private mutating func collect() {
        for member in members {
            for record in member.tracer.takeRecords() { records[record.id] = record }
            events += member.tracer.takeEvents()
        }
    }

    mutating func finish() -> (records: [ConnectionRecord], events: [TraceEvent]) {
        for member in members { member.tracer.finish() }
        collect()
        let ordered = events.sorted {
            ($0.time, $0.connection ?? 0, $0.kind.rawValue) < ($1.time, $1.connection ?? 0, $1.kind.rawValue)
        }
        return (records.values.sorted { $0.id < $1.id }, ordered)
    }

    func summary() -> TraceSummary {
        members.reduce(into: TraceSummary()) { sum, member in sum.add(member.tracer.summary()) }
    }
}

struct SeveralTracersTests {
    /// Minutes of random traffic: what is captured, and until when.
    private static func batches(seed: UInt64, loss: Int) -> [(packets: [PacketSummary], until: Int64)] {
        var director = Director(seed: seed, loss: loss)
        var stage = Stage()
        return (0..<60).map { _ in
            stage.held = []
            for _ in 0..<100 { director.step(&stage) }
            director.wait(&stage)
            return (stage.held ?? [], stage.now)
        }
    }

    @Test(arguments: UInt64(0)..<4, [0, 10])
    func `they find the same connections and events as one, under the same ids`(seed: UInt64, loss: Int) {
        let batches = Self.batches(seed: seed, loss: loss)
        var one = Team(count: 1)
        for batch in batches { one.trace(batch.packets, until: batch.until) }
        let expected = one.finish()
        #expect(expected.records.count > 300)
        for count in 2...3 {
            var several = Team(count: count)
            for batch in batches { several.trace(batch.packets, until: batch.until) }
            let found = several.finish()
            #expect(found.records == expected.records)
            #expect(found.events == expected.events)
            #expect(
                several.members.allSatisfy {
                    $0.tracer.summary().virtualServices[0].realServers[0].captured.connections > 0
                })
            for (sum, whole) in zip(several.summary().virtualServices, one.summary().virtualServices) {
                #expect(sum.unmatchedPackets == whole.unmatchedPackets)
                #expect(Set(sum.causes) == Set(whole.causes))
                #expect(sum.troubles == whole.troubles)
                #expect(sum.realServers.map(\.captured) == whole.realServers.map(\.captured))
                #expect(sum.realServers.map(\.activeEntries) == whole.realServers.map(\.activeEntries))
                #expect(sum.realServers.map(\.inactiveEntries) == whole.realServers.map(\.inactiveEntries))
                #expect(sum.realServers.map(\.outcomes) == whole.realServers.map(\.outcomes))
                #expect(sum.realServers.map(\.troubles) == whole.realServers.map(\.troubles))
            }
        }
    }

    @Test(arguments: [false, true])
    func `before it has an id, a newer connection still is the newer one`(isNumberedLater: Bool) {
        var stage = Stage(isNumberedLater: isNumberedLater)
        var one = Conversation("192.168.122.1:40000", .web, to: .rs2, sequence: 1_000)
        var two = Conversation("192.168.122.1:40000", .shop, to: .rs2, sequence: 0x8000_0000)
        stage.open(&one)
        stage.open(&two)
        stage.server(&two, [.psh, .ack], payload: 30, seen: .dip)
        _ = stage.finish()
        #expect(stage.server(.rs2, of: .web).captured.outPackets == 1)
        #expect(stage.server(.rs2, of: .shop).captured.outPackets == 2)
    }
}
