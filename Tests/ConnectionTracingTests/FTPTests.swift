import ConnectionTracing
import IPVSModel
import PacketDecoding
import Testing

/// A virtual service of FTP: data connections that no virtual service names.
struct FTPTests {
    private static let virtual = Endpoint("192.168.122.100:21")!
    private static let (first, second) = (Endpoint("10.10.10.10:21")!, Endpoint("10.10.10.20:2121")!)
    private static let services: [VirtualService] = [
        .stage(.tcp, virtual, [first, second]), .stage(.tcp, .web, [.rs1]),
    ]

    private static func control(_ client: String, to server: Endpoint = first) -> Conversation {
        Conversation(client, virtual, to: server)
    }

    /// A connection from a client to a port that the real server chose, and back.
    private static func data(
        _ client: String, to server: Endpoint = first, port: UInt16 = 42_279, virtualPort: UInt16? = nil
    ) -> Conversation {
        var data = Conversation(
            client, Endpoint(address: virtual.address, port: virtualPort ?? port),
            to: Endpoint(address: server.address, port: port), sequence: 5_000)
        data.serverNext = 700_000
        return data
    }

    /// A file of 500 bytes.
    private static func fetch(_ data: inout Conversation, _ stage: inout Stage) {
        stage.open(&data)
        stage.server(&data, [.psh, .ack], payload: 500)
        stage.client(&data, .ack)
        stage.closeByServer(&data)
    }

    @Test func `a passive data connection is its virtual service's, and no assignment`() throws {
        var stage = Stage(Self.services)
        var control = Self.control("192.168.122.1:50000")
        stage.open(&control)
        var data = Self.data("192.168.122.1:50001")
        Self.fetch(&data, &stage)
        let records = stage.finish()
        #expect(records.map(\.origin) == [.assigned, .ftpData])
        let record = try #require(records.last)
        #expect(record.virtualService == .endpoint(.tcp, Self.virtual))
        #expect(record.realServer == Self.first)
        #expect(record.outcome == .closed)
        #expect(record.responseBytes == 500)
        #expect(record.dip.inPackets == record.vip.inPackets)
        let captured = stage.server(Self.first, of: Self.virtual).captured
        #expect(captured.connections == 1)
        #expect(captured.inPackets == 2 + 4)
        #expect(captured.outPackets == 1 + 4)
        #expect(captured.outBytes == 40 + 4 * 40 + 500)
        #expect(stage.trace(Self.virtual).unmatchedPackets == 0)
    }

    @Test func `an active data connection, which the real server opens, is its virtual service's`() throws {
        var stage = Stage(Self.services)
        var control = Self.control("192.168.122.1:50000", to: Self.second)
        stage.open(&control)
        var data = Self.data("192.168.122.1:50001", to: Self.second, port: 2_120, virtualPort: 20)
        stage.server(&data, .syn)
        stage.client(&data, [.syn, .ack])
        stage.server(&data, .ack)
        stage.server(&data, [.psh, .ack], payload: 300)
        stage.client(&data, .ack)
        stage.closeByServer(&data)
        let record = try #require(stage.finish().last)
        #expect(record.origin == .ftpData)
        #expect(record.realServer == Self.second)
        #expect(record.outcome == .closed)
        #expect(record.responseBytes == 300)
        #expect(record.requestBytes == 0)
        #expect(stage.server(Self.second, of: Self.virtual).captured.outPackets == 1 + 5)
        #expect(stage.server(Self.second, of: Self.virtual).captured.connections == 1)
    }

    /// Something that happens on a port of no virtual service.
    struct Stranger: Sendable {
        var client = "192.168.122.1:50001"
        var port: UInt16 = 42_279
        var seen = Sides.both
        var answer: TCPFlags = [.syn, .ack]
    }

    @Test(arguments: [
        Stranger(client: "192.168.122.2:50001"), Stranger(port: 22), Stranger(port: 20, seen: .vip),
        // On the way to the real server itself, and what the director answers itself.
        Stranger(seen: .dip), Stranger(seen: .vip), Stranger(seen: .vip, answer: .rst),
    ])
    func `what is no data connection is neither written nor counted`(stranger: Stranger) {
        var stage = Stage(Self.services)
        var control = Self.control("192.168.122.1:50000")
        stage.open(&control)
        var other = Self.data(stranger.client, port: stranger.port)
        stage.client(&other, .syn, seen: stranger.seen)
        stage.client(&other, .syn, seen: stranger.seen, repeated: 5_000)
        stage.server(&other, stranger.answer, seen: stranger.seen)
        stage.client(&other, .ack, seen: stranger.seen)
        stage.client(&other, [.fin, .ack], seen: stranger.seen)
        #expect(stage.finish(after: 1_000).map(\.origin) == [.assigned])
        #expect(stage.server(Self.first, of: Self.virtual).captured.inPackets == 2)
        #expect(stage.events.isEmpty)
        #expect(stage.trace(Self.virtual).unmatchedPackets == 0)
    }

    @Test func `a data connection goes to the real server that it is sent on to, of two control connections`() {
        var stage = Stage(Self.services)
        for (port, server) in [(50_000, Self.first), (50_001, Self.second)] {
            var control = Self.control("192.168.122.1:\(port)", to: server)
            stage.open(&control)
        }
        var data = Self.data("192.168.122.1:50002", to: Self.second)
        Self.fetch(&data, &stage)
        #expect(stage.finish().map(\.realServer) == [Self.first, Self.second, Self.second])
    }

    @Test func `without a control connection in the table there is no data connection`() {
        var stage = Stage(Self.services)
        var control = Self.control("192.168.122.1:50000")
        stage.open(&control)
        stage.wait(seconds: 1_000)
        var data = Self.data("192.168.122.1:50001")
        Self.fetch(&data, &stage)
        #expect(stage.finish().map(\.origin) == [.assigned])
    }

    @Test
    func `a control connection known from the kernel's table is enough, and the data connection may be under way`() {
        var stage = Stage(Self.services)
        let control = Self.control("192.168.122.1:50000")
        for _ in 0..<2 { stage.observe([.row(control, .established, 800)]) }
        var data = Self.data("192.168.122.1:50001")
        stage.client(&data, .ack)
        stage.server(&data, [.psh, .ack], payload: 700)
        #expect(stage.finish().map(\.origin) == [.beganBefore])
        #expect(stage.server(Self.first, of: Self.virtual).captured.outBytes == 740)
    }

    @Test
    func `a row of the kernel's table tells the real server of a data connection, which is none of the service's`() {
        var stage = Stage(Self.services)
        var control = Self.control("192.168.122.1:50000")
        stage.open(&control)
        var data = Self.data("192.168.122.1:50001")
        stage.client(&data, .syn, seen: .vip)
        stage.observe([.row(control, .established, 899), .row(data, .synReceived, 59)])
        #expect(stage.finish().map(\.realServer) == [Self.first, Self.first])
        #expect(stage.trace(Self.virtual).table?.rows == 1)
        #expect(stage.server(Self.first, of: Self.virtual).captured.inPackets == 3)
    }

    @Test func `the client's port used again is a data connection of its own`() {
        var stage = Stage(Self.services)
        var control = Self.control("192.168.122.1:50000")
        stage.open(&control)
        var data = Self.data("192.168.122.1:50001")
        Self.fetch(&data, &stage)
        var again = Self.data("192.168.122.1:50001", port: 42_280)
        again.clientNext = 1_000_000
        Self.fetch(&again, &stage)
        #expect(stage.finish().map(\.origin) == [.assigned, .ftpData, .ftpData])
        #expect(stage.cause("port_reuse") == 0)
    }

    @Test(arguments: [0.0, 1_000])
    func `a reply of a control connection counts as long as the kernel made it`(wait: Double) {
        var stage = Stage(Self.services)
        var control = Self.control("192.168.122.1:50000")
        stage.open(&control)
        // 10.10.10.10 becomes 192.168.122.100.
        stage.server(&control, [.psh, .ack], payload: 50, seen: .dip)
        control.serverNext -= 50
        stage.server(&control, [.psh, .ack], payload: 54, seen: .vip)
        stage.wait(seconds: wait)
        let captured = stage.server(Self.first, of: Self.virtual).captured
        #expect(captured.outPackets == 2)
        #expect(captured.outBytes == 40 + 40 + 54)
    }
}
