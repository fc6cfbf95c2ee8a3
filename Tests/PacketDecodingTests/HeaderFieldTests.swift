import IPVSModel
import PacketDecoding
import Testing

struct HeaderFieldTests {
    @Test(arguments: HeaderMix.all)
    func `every mix of headers leads to the fields it holds`(mix: HeaderMix) throws {
        let packet = try #require(Decoded(mix.bytes, mix.linkType).summary)

        #expect(packet.source == mix.source)
        #expect(packet.destination == mix.destination)
        #expect(packet.transport == mix.transport.rawValue)
        #expect(packet.ipLength == mix.ipLength)
        #expect(packet.payloadLength == mix.payloadLength)
        #expect(packet.sequence == mix.sequence)
        #expect(packet.acknowledgement == mix.acknowledgement)
        #expect(packet.flags == mix.flags)
        #expect(packet.marks == mix.marks)
        #expect(packet.linkDestination == (mix.linkType == .ethernet ? 0x0200_0000_0001 : 0))
        #expect(packet.time == 1_234_567_890)
        #expect(packet.tap == .dip)
    }

    @Test(arguments: HeaderMix.all.filter { $0.marks == .tunnelled })
    func `a tunnel is looked into wherever the director's own packets may be, and not on the VIP side`(
        mix: HeaderMix
    ) throws {
        let both = try #require(Decoded(mix.bytes, mix.linkType, tap: .both).summary)
        #expect(both.destination == mix.destination)
        let vip = Decoded(mix.bytes, mix.linkType, tap: .vip)
        if let packet = vip.summary {
            // Generic UDP encapsulation is a datagram like any other there.
            #expect(packet.transport == TransportProtocol.udp.rawValue)
            #expect(packet.destination.port == UInt16(Wire.tunnelPort))
            #expect(packet.marks == [])
        } else {
            #expect(vip.failures == ["unsupported_protocol"])
        }
    }

    @Test(arguments: [
        (UInt8(0), SCTPEvent.data), (1, .`init`), (2, .initAck), (6, .abort), (7, .shutdown), (8, .shutdownAck),
        (9, .error), (10, .cookieEcho), (11, .cookieAck), (14, .shutdownComplete), (3, .data), (255, .data),
    ])
    func `the first chunk of SCTP tells the event`(type: UInt8, event: SCTPEvent) throws {
        let bytes = Wire.ethernet(0x0800, Wire.ipv4(132, Wire.sctp([(type, [1, 2, 3, 4])])))
        let packet = try #require(Decoded(bytes).summary)
        #expect(SCTPEvent(flags: packet.flags) == event)
    }

    @Test(arguments: [UInt8(10), 11], 0...5)
    func `an ABORT is found behind a COOKIE of any length`(cookie: UInt8, length: Int) throws {
        let chunks: [(UInt8, [UInt8])] = [(cookie, [UInt8](repeating: 6, count: length)), (6, [])]
        let packet = try #require(Decoded(Wire.ethernet(0x0800, Wire.ipv4(132, Wire.sctp(chunks)))).summary)
        #expect(SCTPEvent(flags: packet.flags) == .abort)
    }

    @Test func `no two events of SCTP share flags`() {
        #expect(Set(SCTPEvent.allCases.map(\.flags)).count == SCTPEvent.allCases.count)
    }

    @Test func `a packet summary takes 80 bytes, as its documentation says`() {
        #expect(MemoryLayout<PacketSummary>.size == 80)
    }

    @Test(arguments: [TCPFlags.syn, [.syn, .ack], .fin, .rst, [.fin, .psh, .ack], []])
    func `TCP flags are kept`(flags: TCPFlags) throws {
        let packet = try #require(Decoded(Wire.ethernet(0x0800, Wire.ipv4(6, Wire.tcp(flags: flags)))).summary)
        #expect(packet.flags == flags)
    }

    @Test func `a field of an earlier packet does not leak into the next one`() throws {
        var decoder = PacketDecoder(linkType: .ethernet, tap: .vip)
        var packet = PacketSummary()
        let first = Wire.ethernet(0x0800, Wire.ipv4(6, Wire.tcp(flags: .syn)))
        let second = Wire.ethernet(0x86dd, Wire.ipv6(17, Wire.udp()))
        #expect(decoder.decode(first, wireLength: first.count, time: 1, into: &packet))
        #expect(decoder.decode(second, wireLength: second.count, time: 2, into: &packet))

        #expect(packet.sequence == 0)
        #expect(packet.acknowledgement == 0)
        #expect(packet.flags == [])
        #expect(packet.tap == .vip)
        #expect(packet.time == 2)
    }

    @Test func `a super-packet is as long as its frame says`() throws {
        let bytes = Wire.ethernet(0x0800, Wire.ipv4(6, totalLength: 0, Wire.tcp()))
        let packet = try #require(Decoded(bytes, wireLength: 14 + 20 + 20 + 200_000).summary)
        #expect(packet.ipLength == 200_040)
        #expect(packet.payloadLength == 200_000)
    }
}

struct CaptureOrderTests {
    @Test func `a packet is never before the one ahead of it, unless the clock was set back`() {
        var decoder = PacketDecoder(linkType: .ethernet, tap: .vip)
        var packet = PacketSummary()
        let bytes = Wire.ethernet(0x0800, Wire.ipv4(6, Wire.tcp()))
        let start: Int64 = 1_700_000_000_000_000_000
        let offsets: [Int64] = [0, 5_000, 2_000, 5_001, -999_000_000, -1_000_000_000, -999_999_999]
        let seen = offsets.map { offset in
            _ = decoder.decode(bytes, wireLength: bytes.count, time: start + offset, into: &packet)
            return packet.time - start
        }
        #expect(seen == [0, 5_000, 5_000, 5_001, 5_001, -1_000_000_000, -999_999_999])
        #expect(packet.ordinal == 6)
    }
}
