import IPVSModel
import PacketDecoding
import Testing

struct HeaderFieldTests {
    @Test(arguments: HeaderMix.all)
    func `every mix of headers leads to the same fields`(mix: HeaderMix) throws {
        let packet = try #require(Decoded(mix.bytes, mix.linkType).summary)

        let client = mix.isIPv4 ? "192.168.122.1" : "fd00:122::1"
        let virtual = mix.isIPv4 ? "192.168.122.100" : "fd00:122::100"
        #expect(packet.source == Endpoint(address: IPAddress(client)!, port: 40_000))
        #expect(packet.destination == Endpoint(address: IPAddress(virtual)!, port: mix.isTCP ? 80 : 53))
        #expect(packet.transport == (mix.isTCP ? 6 : 17))
        #expect(packet.ipLength == UInt32(mix.ipLength))
        #expect(packet.payloadLength == UInt32(mix.payloadLength))
        // A datagram is told from the next one by its identification, which IPv6 lacks.
        #expect(packet.sequence == (mix.isTCP ? 0x0102_0304 : mix.isIPv4 ? 0xabcd : 0))
        #expect(packet.acknowledgement == (mix.isTCP ? 0x0506_0708 : 0))
        #expect(packet.flags.contains(.ack) == mix.isTCP)
        #expect(packet.time == 1_234_567_890)
        #expect(packet.tap == .dip)
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
