import IPVSModel

/// Tells in one look-up whether an address and port is a virtual service's or a real server's.
///
/// Open addressing at a quarter full, rebuilt whenever the configuration changes.
struct EndpointTable {
    /// What an address and port is.
    enum Role: UInt8 {
        case none, service, realServer
    }

    struct Match {
        var role: Role
        /// The virtual service's index, or the real server endpoint's.
        var index: UInt16
    }

    private struct Slot {
        var high: UInt64 = 0
        var low: UInt64 = 0
        /// Port, protocol and role in one word; 0 is a free slot.
        var rest: UInt64 = 0
        var index: UInt16 = 0
    }

    private var slots = [Slot](repeating: Slot(), count: 16)
    private var mask: UInt64 = 15
    /// A bit for every port that any entry has: most addresses that are nobody's are told by their port.
    private var ports = [UInt64](repeating: 0, count: 1_024)
    /// Whether any service takes every port of its address.
    private var hasAnyPort = false

    struct Entry {
        var transport: UInt8
        var endpoint: Endpoint
        var role: Role
        var index: UInt16
    }

    init(_ entries: [Entry] = []) {
        var capacity = 16
        while capacity < entries.count * 4 { capacity *= 2 }
        slots = Array(repeating: Slot(), count: capacity)
        mask = UInt64(capacity - 1)
        for entry in entries {
            let address = entry.endpoint.address
            let key = Self.key(port: entry.endpoint.port, transport: entry.transport)
            var slot = Int(Self.hash(address.high, address.low, key) & mask)
            while slots[slot].rest != 0 { slot = (slot + 1) & Int(mask) }
            slots[slot] = Slot(
                high: address.high, low: address.low, rest: key | UInt64(entry.role.rawValue), index: entry.index)
            hasAnyPort = hasAnyPort || entry.endpoint.port == 0
            ports[Int(entry.endpoint.port >> 6)] |= 1 << UInt64(entry.endpoint.port & 63)
        }
    }

    @inline(__always)
    private static func key(port: UInt16, transport: UInt8) -> UInt64 {
        UInt64(port) << 16 | UInt64(transport) << 8
    }

    @inline(__always)
    private static func hash(_ high: UInt64, _ low: UInt64, _ key: UInt64) -> UInt64 {
        let product = (low ^ high &* 0x9E37_79B9_7F4A_7C15 ^ key << 20) &* 0xD6E8_FEB8_6659_FD93
        return product >> 32 ^ product
    }

    @inline(__always)
    func match(_ high: UInt64, _ low: UInt64, port: UInt16, transport: UInt8) -> Match {
        if ports[Int(port >> 6)] & 1 << UInt64(port & 63) != 0 {
            let found = exact(high, low, Self.key(port: port, transport: transport))
            if found.role != .none { return found }
        }
        guard hasAnyPort else { return Match(role: .none, index: 0) }
        return exact(high, low, Self.key(port: 0, transport: transport))
    }

    @inline(__always)
    private func exact(_ high: UInt64, _ low: UInt64, _ key: UInt64) -> Match {
        var slot = Int(Self.hash(high, low, key) & mask)
        while true {
            let candidate = slots[slot]
            if candidate.rest == 0 { return Match(role: .none, index: 0) }
            if candidate.low == low, candidate.high == high, candidate.rest & ~0xff == key {
                return Match(
                    role: Role(rawValue: UInt8(truncatingIfNeeded: candidate.rest)) ?? .none, index: candidate.index)
            }
            slot = (slot + 1) & Int(mask)
        }
    }
}
