/// Records in the order in which something happened to them: who goes first when the table is full.
///
/// What no longer holds is not taken out but skipped, so that adding costs a store at the end and nothing else.
struct AgeQueue {
    /// A record's number above the lower half of its first time, which tells it from a later one in the same place.
    private var entries: [UInt64] = []
    private var head = 0

    /// Adds a record of the table; drops what no longer holds once that may be most of the queue.
    mutating func append(
        _ number: UInt32, in flows: borrowing FlowTable, where holds: (borrowing FlowRecord) -> Bool
    ) {
        if entries.count >= 2 * flows.count + 4_096 {
            entries.removeFirst(head)
            head = 0
            var kept = 0
            for index in entries.indices where Self.record(entries[index], in: flows, where: holds) != nil {
                entries[kept] = entries[index]
                kept += 1
            }
            entries.removeLast(entries.count - kept)
        }
        entries.append(UInt64(number) << 32 | UInt64(truncatingIfNeeded: flows[number].first) & 0xffff_ffff)
    }

    /// Takes the oldest record that is still in the table and for which `holds` is true.
    ///
    /// - Parameter seed: Of the clients' hashes.
    mutating func popFirst(
        in flows: borrowing FlowTable, seed: UInt64, where holds: (borrowing FlowRecord) -> Bool
    ) -> UInt32? {
        while head < entries.count {
            // Those whose turn will come have not been looked at for long: first the record, then where it is found.
            if head + Self.ahead < entries.count {
                flows.prefetch(Self.number(entries[head + Self.ahead]))
                flows.prefetchSlot(flows[Self.number(entries[head + Self.ahead / 2])].client.hash(seed))
            }
            head += 1
            if let number = Self.record(entries[head - 1], in: flows, where: holds) { return number }
        }
        entries.removeAll(keepingCapacity: true)
        head = 0
        return nil
    }

    private static let ahead = 8

    private static func number(_ entry: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: entry >> 32) }

    private static func record(
        _ entry: UInt64, in flows: borrowing FlowTable, where holds: (borrowing FlowRecord) -> Bool
    ) -> UInt32? {
        let number = number(entry)
        let isSame =
            flows[number].marks.contains(.live)
            && UInt32(truncatingIfNeeded: flows[number].first) == UInt32(truncatingIfNeeded: entry)
        return isSame && holds(flows[number]) ? number : nil
    }
}
