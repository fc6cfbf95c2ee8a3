public import IPVSModel

/// Maglev hashing: by the client's address, and its port with the flag `mh-port`.
///
/// Each server has a way of its own through the 4093 places of the table, which its address and port decide; in turns
/// as many as its weight, the servers take the next free place on their way. Weights are the last ones above 0, so that a
/// server taken out of service keeps its places: if it is chosen nobody is, or with the flag `mh-fallback` another.
/// What that weight was is not known of a server that had none from the beginning, and then anybody may be chosen.
public typealias MaglevHashing = RuleModel<MaglevHashingRule>

/// - Source: `ip_vs_mh_permutate`, `ip_vs_mh_populate`, `ip_vs_mh_hashkey` and `ip_vs_mh_get_fallback` in
///   `net/netfilter/ipvs/ip_vs_mh.c` on a 64-bit machine, with the usual `CONFIG_IP_VS_MH_TAB_INDEX` of 12.
public struct MaglevHashingRule: ChoiceRule {
    public static let scheduler = Scheduler.maglevHashing
    private static let size = 4093
    private static let tableBits = 6
    /// Not secret: the kernel has them as constants.
    private static let key: UInt64 = 2_654_435_761
    private static let skipKey: UInt64 = 2_654_446_892

    private let flags: VirtualService.Flags
    private let candidates: [SchedulingCandidate]
    /// By server, the last weight above 0.
    private let formerWeights: [Int: Int32]
    /// By place, who has it, as an index of `candidates`; empty if nobody has a weight, `nil` if it is not known.
    private let table: [Int]?

    public init(for service: ScheduledService, after former: Self?) {
        flags = service.flags
        candidates = service.candidates
        var formerWeights: [Int: Int32] = [:]
        for candidate in candidates {
            formerWeights[candidate.server] =
                candidate.weight > 0 ? candidate.weight : former?.formerWeights[candidate.server]
        }
        self.formerWeights = formerWeights
        let weights = candidates.compactMap { formerWeights[$0.server] }
        let endpoints = candidates.compactMap(\.endpoint)
        let isKnown = weights.count == candidates.count && endpoints.count == candidates.count
        table = isKnown ? Self.table(zip(endpoints, Self.turns(weights)).map { ($0, $1) }) : nil
    }

    /// How many places each server takes at a time.
    private static func turns(_ weights: [Int32]) -> [Int] {
        var divisor = 0
        for weight in weights {
            var (one, other) = (Int(weight), divisor)
            while other != 0 { (one, other) = (other, one % other) }
            divisor = one
        }
        guard divisor > 0 else { return weights.map { _ in 0 } }
        let steps = weights.map { Int($0) / divisor }
        let bits = Int.bitWidth - (steps.max() ?? 0).leadingZeroBitCount
        return steps.map { max($0 >> max(bits - tableBits, 0), 1) }
    }

    private static func table(_ servers: [(endpoint: Endpoint, turns: Int)]) -> [Int] {
        guard !servers.isEmpty else { return [] }
        var table = Array(repeating: -1, count: size)
        var places = servers.map { hash($0.endpoint.address, port: $0.endpoint.port, key: key) % size }
        let skips = servers.map { hash($0.endpoint.address, port: $0.endpoint.port, key: skipKey) % (size - 1) + 1 }
        var taken = 0
        while true {
            for (index, server) in servers.enumerated() {
                for _ in 0..<server.turns {
                    while table[places[index]] >= 0 { places[index] = (places[index] + skips[index]) % size }
                    table[places[index]] = index
                    taken += 1
                    if taken == size { return table }
                }
            }
        }
    }

    private static func hash(_ address: IPAddress, port: UInt16, key: UInt64, offset: Int = 0) -> Int {
        Int(halfSipHash(UInt32(offset) &+ UInt32(port) &+ address.folded, key: (key, key)))
    }

    public func choices(for attempt: Attempt) -> PossibleChoices {
        guard let table else { return PossibleChoices(anyOf: candidates) }
        guard !table.isEmpty else { return PossibleChoices(trying: []) }
        let (address, port) = (
            attempt.client.address, flags.contains(.schedulerFlag2) ? attempt.client.port : 0
        )
        let place = Self.hash(address, port: port, key: Self.key) % Self.size
        let first = candidates[table[place]]
        guard flags.contains(.schedulerFlag1), first.eligibility != .surely else {
            return PossibleChoices(trying: CollectionOfOne(first))
        }
        let others = (0..<Self.size).lazy.map { step in
            let offset = (step + place) % Self.size
            return candidates[table[Self.hash(address, port: port, key: Self.key, offset: offset) % Self.size]]
        }
        var choices = PossibleChoices(trying: others)
        if first.eligibility == .perhaps, choices.servers.first != first.server {
            choices.servers.removeAll { $0 == first.server }
            choices.servers.insert(first.server, at: 0)
        }
        return choices
    }
}
