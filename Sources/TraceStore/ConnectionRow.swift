internal import ConnectionTracing
internal import IPVSModel

/// A connection record packed as table `connection` keeps it, ids of other tables apart.
///
/// A row is small because most columns are a small difference to another: SQLite stores an integer in as few bytes as
/// it needs, and 0, 1 and NULL in none.
struct ConnectionRow {
    var transportProtocol: Int64?
    var entryFirst: Int64?
    var entryLast: Int64?
    var unusual: String?
    var vipSYN: Int64?
    /// From `dip_syn` to `last`, in the order of the columns.
    var steps: [8 of Int64?]

    init(_ record: ConnectionRecord) {
        let own = record.virtualService.transportProtocol == record.transportProtocol
        transportProtocol = own ? nil : Int64(record.transportProtocol.rawValue)
        if let entry = record.entry {
            let tenth: Int64 = 100_000_000
            entryFirst = (entry.firstSeen.rawValue - record.firstSeen.rawValue) / tenth
            entryLast = (entry.lastSeen.rawValue - entry.firstSeen.rawValue) / tenth
        }
        unusual = Self.unusual(vip: record.vip, dip: record.dip)
        vipSYN = record.vip.syn.map(Self.nanoseconds)

        // Where the VIP side saw nothing at all, the DIP side tells the rest of the story.
        let side = record.vip.inPackets > 0 || record.vip.outPackets > 0 ? record.vip : record.dip
        var latest = (vipSYN ?? 0) / 100
        func step(to time: Duration?) -> Int64? {
            guard let time else { return nil }
            let ticks = Self.nanoseconds(time) / 100
            defer { latest = ticks }
            return ticks - latest
        }
        steps = [
            step(to: record.dip.syn), step(to: record.dip.synAck), step(to: record.vip.synAck), step(to: side.ack),
            step(to: side.firstRequest), step(to: side.firstResponse), step(to: side.end),
            step(to: record.lastSeen.since(record.firstSeen)),
        ]
    }

    private static func nanoseconds(_ duration: Duration) -> Int64 {
        let parts = duration.components
        return parts.seconds * 1_000_000_000 + parts.attoseconds / 1_000_000_000
    }

    private static func unusual(vip: SideRecord, dip: SideRecord) -> String? {
        var members: [String] = []
        if vip.inPackets != dip.inPackets || vip.outPackets != dip.outPackets || vip.inBytes != dip.inBytes
            || vip.outBytes != dip.outBytes
        {
            members.append(#""dip":[\#(dip.inPackets),\#(dip.outPackets),\#(dip.inBytes),\#(dip.outBytes)]"#)
        }
        let repeated = [vip.inRepeated, vip.outRepeated, dip.inRepeated, dip.outRepeated]
        if repeated != [0, 0, 0, 0] {
            members.append(#""repeated":[\#(repeated.map(String.init).joined(separator: ","))]"#)
        }
        return members.isEmpty ? nil : "{\(members.joined(separator: ","))}"
    }
}
