import ConnectionTracing
import IPVSModel
import PacketDecoding

/// The times of a capture file: an unsigned number of seconds.
private let latest = Int64(UInt32.max) * 1_000_000_000

/// Decodes packets of both sides with one decoder each, and traces what they tell.
///
/// An input is the link type, then for each packet: what is to be done and on which side, how much later it is, its
/// length in two bytes, and its bytes. `seeds.py` writes the same.
func tracePackets(_ input: [UInt8]) {
    var input = Bytes(input)
    let linkType = LinkType.allCases[Int(input.byte()) % LinkType.allCases.count]
    var decoders = [Tap.vip, .dip, .both].map { tap in
        var decoder = PacketDecoder(linkType: linkType, tap: tap)
        decoder.setTunnelPorts([6_080])
        return decoder
    }
    // As few connections as can be tracked, so that some must be given up.
    var tracer = ConnectionTracer(capacity: 64)
    tracer.update(to: .everyKind)
    var now: Int64 = 1_700_000_000_000_000_000
    var summaries: [PacketSummary] = []
    var packets = 0
    var decoded = 0
    while !input.isEmpty {
        let control = input.byte()
        let step = input.byte()
        // Powers of two up to six days, in either direction: a file may hold anything.
        let distance = Int64(1) << Int64(step & 0x3f) % 50
        now = step & 0x40 == 0 ? min(now + distance, latest) : max(now - distance, 0)
        let length = Int(input.word())
        let bytes = input.bytes(length)
        // Of a packet that was cut off, the length on the wire is longer than what was captured.
        let wireLength = control & 0x80 == 0 ? bytes.count : bytes.count * 97 + Int(step)
        var summary = PacketSummary()
        packets += 1
        if decoders[Int(control & 3) % 3].decode(bytes, wireLength: wireLength, time: now, into: &summary) {
            decoded += 1
            summaries.append(summary)
        }
        if control & 0x40 != 0 || summaries.count >= 40 {
            tracer.process(summaries.span)
            summaries = []
        }
        interfere(control >> 2 & 7, &tracer, now)
    }
    tracer.process(summaries.span)
    let failures = decoders.flatMap(\.failureCounts).reduce(0) { $0 + Int($1.count) }
    require(decoded + failures == packets, "every packet is decoded or counted")
    tracer.advance(to: now + 1_000_000_000_000)
    tracer.finish()
    expectSense(tracer.takeRecords())
    _ = tracer.takeEvents()
    _ = tracer.summary()
}

/// What happens between packets.
private func interfere(_ action: UInt8, _ tracer: inout ConnectionTracer, _ now: Int64) {
    switch action {
    case 1: tracer.advance(to: now)
    case 2: observe(&tracer, now)
    case 3: tracer.level = .handshake
    case 4: tracer.level = .full
    case 5:
        var fewer = KernelState.everyKind
        fewer.virtualServices.removeFirst()
        fewer.sysctls["net.ipv4.vs.secure_tcp"] = "3"
        tracer.update(to: fewer)
    case 6: tracer.update(to: .everyKind)
    case 7: expectSense(tracer.takeRecords())
    default: break
    }
}

/// Only configured services have connections, and something was seen of each.
private func expectSense(_ records: [ConnectionRecord]) {
    for record in records {
        require(
            KernelState.everyKind.virtualServices.contains { $0.identity == record.virtualService },
            "a connection is of a configured virtual service")
        require(
            record.entry != nil || [record.vip, record.dip].contains { $0.inPackets > 0 || $0.outPackets > 0 },
            "a connection has packets or an entry")
    }
}

extension PacketDecoder {
    /// Decodes the bytes of an array.
    fileprivate mutating func decode(
        _ bytes: [UInt8], wireLength: Int, time: Int64, into summary: inout PacketSummary
    ) -> Bool {
        unsafe decode(bytes.span.bytes, wireLength: wireLength, time: time, into: &summary)
    }
}
