import Testing
import TraceStore

struct SchemaReferenceTests {
    @Test func `every table, view and column is explained`() throws {
        let relations = try SchemaRelation.all()
        #expect(relations.count { $0.kind == .view } >= 11)
        #expect(relations.count { $0.kind == .table } >= 18)
        for relation in relations {
            #expect(relation.meaning.hasSuffix("."), "\(relation.name): \(relation.meaning)")
            #expect(!relation.columns.isEmpty)
            for column in relation.columns {
                #expect(!column.meaning.isEmpty, "\(relation.name).\(column.name)")
                #expect(!column.meaning.contains("-- "), "\(relation.name).\(column.name)")
            }
        }
    }

    /// Comments behind a column, below it, above it, and of several lines.
    @Test(arguments: [
        (
            "connection", "vip_in_packets",
            "VIP side, towards the real server; as captured, so at level handshake only SYN, FIN and RST count"
        ),
        ("connection", "last", "the last packet on either side"),
        ("real_server", "endpoint", "10.10.10.10:80, [fd00::10]:80; NULL: \"it was not seen which one\""),
        ("connections", "forwarding_delay_in", "the SYN: in on the VIP side, out on the DIP side"),
        ("connections", "entry_expires", "the kernel's timer then, in seconds"),
        ("latency", "p50", "half took no longer"),
        ("timeline", "detail", "in words"),
    ])
    func `a column has its own comment`(relation: String, column: String, meaning: String) throws {
        let found = try #require(SchemaRelation.all().first { $0.name == relation })
        #expect(found.columns.first { $0.name == column }?.meaning == meaning)
    }

    @Test func `a table's own comment is all of its lines`() throws {
        let connection = try #require(SchemaRelation.all().first { $0.name == "connection" })
        #expect(connection.meaning.hasPrefix("One row a connection, packed: view connections gives names"))
        #expect(connection.meaning.hasSuffix("So most are a latency."))
    }
}
