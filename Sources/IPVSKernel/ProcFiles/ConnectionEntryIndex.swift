internal import IPVSModel

/// What tells one row of the connection table from another.
struct ConnectionEntryKey {
    let transportProtocol: TransportProtocol
    let client: Endpoint
    let virtual: Endpoint
    let realServer: Endpoint
}

/// Finds a row that came before: a hash index over an array of entries, with open addressing.
///
/// A `Set` of entries would hash with SipHash and keep each entry twice.
struct ConnectionEntryIndex {
    /// The hash's upper half above the position in the array plus one; 0 is free. The count is a power of two and at least
    /// twice the entries'.
    private var slots = [UInt64](repeating: 0, count: 1 << 10)
    private var count = 0
    /// Random, so that nobody can choose client ports that all fall into one slot.
    private let seed = UInt64.random(in: 0...UInt64.max) | 1

    private static let positionMask: UInt64 = 0xffff_ffff

    /// Notes that an entry with this key will be at the end of `entries`.
    ///
    /// - Returns: `false` if the same protocol, client, virtual service and real server is there already.
    @inline(__always)
    mutating func insert(_ key: ConnectionEntryKey, into entries: [ConnectionEntry]) -> Bool {
        if (count + 1) * 2 > slots.count { grow() }
        let hash = hash(key) & ~Self.positionMask
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: hash >> 32) & mask
        while slots[slot] != 0 {
            if slots[slot] & ~Self.positionMask == hash {
                let position = Int(truncatingIfNeeded: slots[slot] & Self.positionMask) - 1
                if isSame(key, as: entries[position]) { return false }
            }
            slot = (slot + 1) & mask
        }
        slots[slot] = hash | UInt64(entries.count + 1)
        count += 1
        return true
    }

    @inline(never)
    private func isSame(_ key: ConnectionEntryKey, as other: ConnectionEntry) -> Bool {
        other.client == key.client && other.virtual == key.virtual && other.realServer == key.realServer
            && other.transportProtocol == key.transportProtocol
    }

    @inline(never)
    private mutating func grow() {
        let old = slots
        slots = [UInt64](repeating: 0, count: old.count * 2)
        let mask = slots.count - 1
        for value in old where value != 0 {
            var slot = Int(truncatingIfNeeded: value >> 32) & mask
            while slots[slot] != 0 { slot = (slot + 1) & mask }
            slots[slot] = value
        }
    }

    /// Multiplies and folds 128 bits, twice.
    @inline(__always)
    private func hash(_ key: ConnectionEntryKey) -> UInt64 {
        let ports =
            UInt64(key.client.port) << 48 | UInt64(key.virtual.port) << 32
            | UInt64(key.realServer.port) << 16 | UInt64(key.transportProtocol.rawValue)
        let addresses =
            key.client.address.low &+ key.virtual.address.low &* 0x9e37_79b9_7f4a_7c15
            &+ key.realServer.address.low &* 0xc2b2_ae3d_27d4_eb4f
        let high = key.client.address.high ^ key.virtual.address.high
        let first = (addresses ^ seed).multipliedFullWidth(by: ports ^ 0xa076_1d64_78bd_642f)
        let second = (first.high ^ first.low ^ high).multipliedFullWidth(by: seed ^ 0xe703_7ed1_a0b4_28db)
        return second.high ^ second.low
    }
}
