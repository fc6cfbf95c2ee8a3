import ConnectionTracing
import IPVSModel
import PacketDecoding
import Testing

/// The kernel's table beside ours.
struct EntryTests {
    @Test func `a row lends its state, its timer and the times it was read`() throws {
        var stage = Stage()
        let start = stage.now
        var connection = Conversation("192.168.122.1:40000")
        stage.open(&connection)
        stage.now = start + 500_000_000
        stage.observe([.row(connection, .established, 899)])
        stage.now = start + 1_500_000_000
        stage.observe([.row(connection, .timeWait, 118)])
        let entry = try #require(stage.finish().first?.entry)
        #expect(entry.state == .timeWait)
        #expect(entry.expiresIn == 118)
        #expect(entry.firstSeen.rawValue == start + 500_000_000)
        #expect(entry.lastSeen.rawValue == start + 1_500_000_000)
    }

    @Test func `a connection whose row was never read has no entry`() throws {
        var stage = Stage()
        var connection = Conversation("192.168.122.1:40000")
        stage.open(&connection)
        #expect(try #require(stage.finish().first).entry == nil)
    }

    @Test func `a row tells the real server that no packet did, and is bound once`() {
        var stage = Stage()
        var connection = Conversation("192.168.122.1:40000", to: .rs3)
        stage.client(&connection, .syn, seen: .vip)
        for _ in 0..<3 { stage.observe([.row(connection, .synReceived, 59)]) }
        #expect(stage.server(.rs3).captured.connections == 1)
        #expect(stage.server(.rs3).captured.inPackets == 1)
        #expect(stage.server(.rs3).openConnections == 1)
        stage.client(&connection, .syn, repeated: 1_000)
        stage.server(&connection, [.syn, .ack])
        #expect(stage.server(.rs3).captured.connections == 1)
        #expect(stage.server(.rs3).captured.inPackets == 2)
    }

    @Test func `a row of a service for any port finds its connection`() throws {
        let any = Endpoint("192.168.122.100:0")!
        let server = Endpoint("10.10.10.10:0")!
        var stage = Stage([.stage(.tcp, any, [server])])
        var connection = Conversation(
            "192.168.122.1:40000", Endpoint("192.168.122.100:8443")!, to: Endpoint("10.10.10.10:8443")!)
        stage.open(&connection)
        stage.observe([.row(connection, .established, 899)])
        let record = try #require(stage.finish().first)
        #expect(record.virtualService == .endpoint(.tcp, any))
        #expect(record.realServer == server)
        #expect(record.entry?.state == .established)
        #expect(stage.tracer.summary().connectionsWithoutTableRow == 0)
    }

    @Test func `rows of no connection are counted by what they are`() {
        var stage = Stage()
        var known = Conversation("192.168.122.1:40000")
        stage.open(&known)
        let old = Conversation("192.168.122.2:40000")
        let peer = Conversation("192.168.122.3:40000")
        var template = Conversation("192.168.122.4:0")
        template.virtual = .web
        let rows = [
            ConnectionEntry.row(known, .established, 899), .row(old, .established, 700), .row(peer, .established, 800),
            .row(template, ConnectionState(rawValue: "ASSURED"), 50),
        ]
        stage.observe(rows, synced: [peer.client])
        let first = stage.tracer.summary()
        #expect(first.tableRows == 4)
        #expect(
            first.tableRowsWithoutConnection == [
                .init(reason: "synced", count: 1), .init(reason: "table_lag", count: 1),
                .init(reason: "template", count: 1),
            ])
        // Only a row that stays without packets began before us.
        stage.observe(rows, synced: [peer.client])
        #expect(
            stage.tracer.summary().tableRowsWithoutConnection == [
                .init(reason: "began_before_capture", count: 1), .init(reason: "synced", count: 1),
                .init(reason: "template", count: 1),
            ])
    }

    @Test func `a row read before its first packet arrived is only a lag`() {
        var stage = Stage()
        var connection = Conversation("192.168.122.1:40000")
        stage.observe([.row(connection, .synReceived, 59)])
        stage.open(&connection)
        stage.observe([.row(connection, .established, 899)])
        #expect(stage.tracer.summary().tableRowsWithoutConnection == [])
    }

    @Test func `connections that should have a row and have none are counted`() {
        var stage = Stage()
        var listed = Conversation("192.168.122.1:1")
        var missing = Conversation("192.168.122.1:2")
        var spent = Conversation("192.168.122.1:3")
        var unseen = Conversation("192.168.122.1:4")
        stage.client(&spent, .syn)
        stage.server(&spent, .rst)
        stage.now += 11_000_000_000
        stage.open(&listed)
        stage.open(&missing)
        stage.client(&unseen, .syn, seen: .vip)
        stage.observe([.row(listed, .established, 899)])
        #expect(stage.tracer.summary().connectionsWithoutTableRow == 1)
        var later = Conversation("192.168.122.1:5")
        stage.observe([.row(listed, .established, 899), .row(missing, .established, 899)])
        stage.open(&later)
        #expect(stage.tracer.summary().connectionsWithoutTableRow == 0)
    }

    @Test func `the predecessor's row does not become the successor's`() throws {
        var stage = Stage()
        var old = Conversation("192.168.122.1:40000", to: .rs1)
        stage.open(&old)
        stage.closeByClient(&old)
        var new = old.again(to: .rs2)
        stage.open(&new)
        stage.observe([.row(new, .established, 899), .row(old, .timeWait, 0)])
        let records = stage.finish()
        #expect(records.last?.entry?.state == .established)
        #expect(records.last?.realServer == .rs2)
        #expect(records.first?.entry == nil)
    }

    @Test func `a row read is written with the record, but not at once`() {
        var stage = Stage()
        var connection = Conversation("192.168.122.1:40000")
        stage.open(&connection)
        stage.closeByClient(&connection)
        stage.wait(seconds: 3)
        for _ in 0..<20 {
            stage.observe([.row(connection, .timeWait, 100)])
            stage.wait(seconds: 1)
        }
        #expect(stage.timesWritten == [1: 1])
        #expect(stage.finish().first?.entry?.expiresIn == 100)
        #expect(stage.timesWritten == [1: 2])
    }
}
