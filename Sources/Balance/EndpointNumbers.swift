package import IPVSModel

/// Real servers numbered in the order in which they are met: few of them, and asked for by every connection.
package struct EndpointNumbers: Sendable {
    /// By number.
    package private(set) var endpoints: [Endpoint] = []
    /// Numbers by hash, at most a quarter full; -1 is free.
    private var slots = [Int](repeating: -1, count: 16)

    package init() {}

    package func number(of endpoint: Endpoint) -> Int? {
        let number = slots[slot(of: endpoint)]
        return number < 0 ? nil : number
    }

    /// The number of an endpoint, which is a new one if it was never met.
    package mutating func number(adding endpoint: Endpoint) -> Int {
        let slot = slot(of: endpoint)
        if slots[slot] >= 0 { return slots[slot] }
        endpoints.append(endpoint)
        slots[slot] = endpoints.count - 1
        if endpoints.count * 4 > slots.count { grow() }
        return endpoints.count - 1
    }

    /// Where its number is, or would be.
    private func slot(of endpoint: Endpoint) -> Int {
        let mixed =
            (endpoint.address.low &+ endpoint.address.high &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(endpoint.port) << 32)
            &* 0xD6E8_FEB8_6659_FD93
        var slot = Int(truncatingIfNeeded: mixed >> 32) & (slots.count - 1)
        while slots[slot] >= 0, endpoints[slots[slot]] != endpoint { slot = (slot + 1) & (slots.count - 1) }
        return slot
    }

    private mutating func grow() {
        slots = Array(repeating: -1, count: slots.count * 4)
        for number in endpoints.indices { slots[slot(of: endpoints[number])] = number }
    }
}
