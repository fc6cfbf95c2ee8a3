internal import CPrefetch
internal import IPVSModel

/// Finds a row that came before: a hash index over an array of rows, with open addressing.
///
/// A `Set` of rows would hash with SipHash and keep each row twice. Four bytes a slot keep most of the index in the
/// processor's caches.
struct ConnectionRowIndex {
    /// The position in the array plus one in the lower bits, as many as the slots' numbers have, and some of the hash
    /// above; 0 is free. The count is a power of two and at least twice the rows'.
    private var slots = [UInt32](repeating: 0, count: 1 << 10)
    private var count = 0
    /// Random, so that nobody can choose client ports that all fall into one slot.
    private let seed = (UInt64.random(in: 0...UInt64.max), UInt64.random(in: 0...UInt64.max) | 1)

    /// Makes room for `more` rows. Without it ``insert(_:at:isSame:)`` may find no free slot.
    ///
    /// - Parameter hash: The hash of the row at a position.
    mutating func reserve(_ more: Int, hash: (Int) -> UInt64) {
        guard (count + more) * 2 > slots.count else { return }
        var size = slots.count
        while (count + more) * 2 > size { size *= 2 }
        slots = [UInt32](repeating: 0, count: size)
        let rows = count
        count = 0
        for position in 0..<rows { _ = insert(hash(position), at: position, isSame: { _ in false }) }
    }

    /// Asks the processor to fetch what ``insert(_:at:isSame:)`` will need: a slot is a cache miss in a large table.
    @inline(__always)
    func prefetch(_ hash: UInt64) {
        let slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        // The slot is within the array; the address is not read through.
        unsafe slots.withUnsafeBufferPointer { unsafe ipvscope_prefetch($0.baseAddress.unsafelyUnwrapped + slot) }
    }

    /// Notes that a row with this hash will stand at `position`.
    ///
    /// - Parameter isSame: Whether the row at a position is of the same connection.
    /// - Returns: `false` if such a row is there already.
    @inline(__always)
    mutating func insert(_ hash: UInt64, at position: Int, isSame: (Int) -> Bool) -> Bool {
        let mask = slots.count - 1
        let positionMask = UInt32(truncatingIfNeeded: mask)
        let tag = UInt32(truncatingIfNeeded: hash >> 32) & ~positionMask
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot] != 0 {
            if slots[slot] & ~positionMask == tag, isSame(Int(slots[slot] & positionMask) - 1) { return false }
            slot = (slot + 1) & mask
        }
        slots[slot] = tag | UInt32(truncatingIfNeeded: position + 1)
        count += 1
        return true
    }

    /// The hash of what tells one row from another: protocol, client, virtual service and real server.
    ///
    /// Multiplies and folds 128 bits, twice.
    @inline(__always)
    func hash(_ row: ConnectionRows.Packed) -> UInt64 {
        let first = UInt64(row.client) << 32 | UInt64(row.virtual)
        let second = UInt64(row.realServer) << 32 | UInt64(row.clientPort) << 16 | UInt64(row.virtualPort)
        let rest = UInt64(row.realServerPort) << 8 | UInt64(row.transportProtocol)
        return hash(first, second, rest)
    }

    /// The hash of the same of the row at `position`.
    func hash(_ rows: ConnectionRows, at position: Int) -> UInt64 {
        let row = rows.packed[position]
        return row.timer & ConnectionRows.Packed.isWide == 0 ? hash(row) : hash(row, rows.wide[Int(row.client)])
    }

    /// The hash of a row whose addresses are `wide`. It does not depend on why the row is wide.
    func hash(_ row: ConnectionRows.Packed, _ wide: ConnectionRows.Wide) -> UInt64 {
        var plain = row
        plain.client = wide.client.ipv4Bits
        plain.virtual = wide.virtual.ipv4Bits
        plain.realServer = wide.realServer.ipv4Bits
        if wide.client.isIPv4, wide.virtual.isIPv4, wide.realServer.isIPv4 { return hash(plain) }
        let addresses = [wide.client, wide.virtual, wide.realServer].reduce(UInt64(0)) { hash($0 ^ $1.high, $1.low, 0) }
        return hash(addresses, hash(plain), 0)
    }

    @inline(__always)
    private func hash(_ first: UInt64, _ second: UInt64, _ rest: UInt64) -> UInt64 {
        let product = (first ^ seed.0).multipliedFullWidth(by: second ^ seed.1)
        let again = (product.high ^ product.low ^ rest).multipliedFullWidth(by: seed.1)
        return again.high ^ again.low
    }
}
