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
        vipSYN = record.vip.$syn.nanoseconds

        // Where the VIP side saw nothing at all, the DIP side tells the rest of the story.
        let side = record.vip.inPackets > 0 || record.vip.outPackets > 0 ? record.vip : record.dip
        var latest = (vipSYN ?? 0) / 100
        func step(to nanoseconds: Int64?) -> Int64? {
            guard let nanoseconds else { return nil }
            let ticks = nanoseconds / 100
            defer { latest = ticks }
            return ticks - latest
        }
        steps = [
            step(to: record.dip.$syn.nanoseconds), step(to: record.dip.$synAck.nanoseconds),
            step(to: record.vip.$synAck.nanoseconds), step(to: side.$ack.nanoseconds),
            step(to: side.$firstRequest.nanoseconds), step(to: side.$firstResponse.nanoseconds),
            step(to: side.$end.nanoseconds), step(to: record.lastSeen.rawValue - record.firstSeen.rawValue),
        ]
    }

    private static func unusual(vip: SideRecord, dip: SideRecord) -> String? {
        let isRepeated = vip.inRepeated | vip.outRepeated | dip.inRepeated | dip.outRepeated != 0
        let isSame =
            vip.inPackets == dip.inPackets && vip.outPackets == dip.outPackets && vip.inBytes == dip.inBytes
            && vip.outBytes == dip.outBytes
        if isSame, !isRepeated { return nil }
        var members: [String] = []
        if !isSame {
            members.append(#""dip":[\#(dip.inPackets),\#(dip.outPackets),\#(dip.inBytes),\#(dip.outBytes)]"#)
        }
        if isRepeated {
            let repeated = [vip.inRepeated, vip.outRepeated, dip.inRepeated, dip.outRepeated]
            members.append(#""repeated":[\#(repeated.map(String.init).joined(separator: ","))]"#)
        }
        return "{\(members.joined(separator: ","))}"
    }
}
