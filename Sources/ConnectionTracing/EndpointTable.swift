import IPVSModel
import PacketDecoding

/// Tells in one look-up whether an address and port is a virtual service's or a real server's.
///
/// Open addressing at a sixteenth full, so that hardly anything stands in another's place; rebuilt whenever the
/// configuration changes.
struct EndpointTable {
    /// What an address and port is. The names of the parts are those of ``Lookup``.
    struct Match {
        var isKnown = false
        /// Whether it is where a packet goes, rather than where it comes from.
        var isDestination = false
        var isRealServer = false
        var virtual = FlowRecord.unknown
        var endpoint = FlowRecord.unknown
    }

    fileprivate struct Slot {
        var high: UInt64 = 0
        var low: UInt64 = 0
        /// Port and protocol in one number; no protocol is 0, so that 0 is a slot that is free.
        var key: UInt32 = 0
        var virtual = FlowRecord.unknown
        var endpoint = FlowRecord.unknown

        var isRealServer: Bool { endpoint != FlowRecord.unknown }
    }

    private var slots = [Slot](repeating: Slot(), count: 16)
    private var mask: UInt64 = 15
    /// A bit for every port that any entry has: most addresses that are nobody's are told by their port.
    private var ports = [UInt64](repeating: 0, count: 1_024)
    /// Whether any service takes every port of its address.
    private(set) var hasAnyPort = false

    struct Entry {
        var transport: UInt8
        var endpoint: Endpoint
        var isRealServer: Bool
        /// The virtual service's index, or the real server endpoint's.
        var index: UInt16
    }

    init(_ entries: [Entry] = []) {
        var capacity = 16
        while capacity < entries.count * 16 { capacity *= 2 }
        slots = Array(repeating: Slot(), count: capacity)
        mask = UInt64(capacity - 1)
        for entry in entries {
            let address = entry.endpoint.address
            let key = Self.key(port: entry.endpoint.port, transport: entry.transport)
            var slot = Int(Self.hash(address.high, address.low, key) & mask)
            while slots[slot].key != 0 { slot = (slot + 1) & Int(mask) }
            slots[slot] = Slot(
                high: address.high, low: address.low, key: key,
                virtual: entry.isRealServer ? FlowRecord.unknown : entry.index,
                endpoint: entry.isRealServer ? entry.index : FlowRecord.unknown)
            hasAnyPort = hasAnyPort || entry.endpoint.port == 0
            ports[Int(entry.endpoint.port >> 6)] |= 1 << UInt64(entry.endpoint.port & 63)
        }
    }

    @inline(__always)
    private static func key(port: UInt16, transport: UInt8) -> UInt32 { UInt32(port) << 8 | UInt32(transport) }

    @inline(__always)
    private static func hash(_ high: UInt64, _ low: UInt64, _ key: UInt32) -> UInt64 {
        let product = (low ^ high &* 0x9E37_79B9_7F4A_7C15 ^ UInt64(key) << 32) &* 0xD6E8_FEB8_6659_FD93
        return product >> 40
    }

    /// Which end of a packet is ours, its destination first.
    @inline(always)
    func match(_ packets: Span<PacketSummary>, _ index: Int) -> Match {
        // As a rule just one of the ports is known, and which one nobody can guess: no branch depends on it.
        guard let isDestination = isDestinationByPort(packets, index) else { return matchEither(packets[index]) }
        let end = isDestination ? 1 : 0
        let (high, low) = (packets[index].addresses[end].high, packets[index].addresses[end].low)
        let key = Self.key(port: packets[index].ports[end], transport: packets[index].transport)
        let place = Self.hash(high, low, key) & mask
        var found = Match(slots[Int(place)], high, low, key)
        if !found.isKnown { found = exact(high, low, key, after: place) }
        found.isDestination = isDestination
        return found
    }

    /// Which end of a packet is ours if any is; `nil` if the ports alone do not tell.
    @inline(always)
    func isDestinationByPort(_ packets: Span<PacketSummary>, _ index: Int) -> Bool? {
        let isDestination = mayHave(packets[index].ports[1])
        return !hasAnyPort && isDestination != mayHave(packets[index].ports[0]) ? isDestination : nil
    }

    @inline(never)
    private func matchEither(_ packet: PacketSummary) -> Match {
        var found = match(
            packet.destinationHigh, packet.destinationLow, port: packet.destinationPort, transport: packet.transport)
        found.isDestination = found.isKnown
        return found.isKnown
            ? found
            : match(packet.sourceHigh, packet.sourceLow, port: packet.sourcePort, transport: packet.transport)
    }

    func match(_ high: UInt64, _ low: UInt64, port: UInt16, transport: UInt8) -> Match {
        if mayHave(port) {
            let found = exact(high, low, Self.key(port: port, transport: transport))
            if found.isKnown { return found }
        }
        return hasAnyPort ? exact(high, low, Self.key(port: 0, transport: transport)) : Match()
    }

    @inline(__always)
    private func mayHave(_ port: UInt16) -> Bool { ports[Int(port >> 6)] >> UInt64(port & 63) & 1 != 0 }

    private func exact(_ high: UInt64, _ low: UInt64, _ key: UInt32) -> Match {
        let place = Self.hash(high, low, key) & mask
        let found = Match(slots[Int(place)], high, low, key)
        return found.isKnown ? found : exact(high, low, key, after: place)
    }

    @inline(never)
    private func exact(_ high: UInt64, _ low: UInt64, _ key: UInt32, after first: UInt64) -> Match {
        var place = first
        while slots[Int(place)].key != 0 {
            place = (place &+ 1) & mask
            let found = Match(slots[Int(place)], high, low, key)
            if found.isKnown { return found }
        }
        return Match()
    }
}

extension EndpointTable.Match {
    /// What a slot holds, if it is the one of an address and key.
    @inline(always)
    fileprivate init(_ slot: EndpointTable.Slot, _ high: UInt64, _ low: UInt64, _ key: UInt32) {
        isKnown = (slot.low ^ low) | (slot.high ^ high) | UInt64(slot.key ^ key) == 0
        isRealServer = slot.isRealServer
        virtual = slot.virtual
        endpoint = slot.endpoint
    }
}
