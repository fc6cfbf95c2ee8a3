package import IPVSModel

/// Real servers numbered in the order in which they are met: few of them, and asked for by every connection.
package struct EndpointNumbers {
    /// By number.
    package private(set) var endpoints: [Endpoint] = []
    /// In order of address and port.
    private var sorted: [(endpoint: Endpoint, number: Int)] = []

    package init() {}

    package func number(of endpoint: Endpoint) -> Int? {
        let place = place(of: endpoint)
        return place < sorted.count && sorted[place].endpoint == endpoint ? sorted[place].number : nil
    }

    /// The number of an endpoint, which is a new one if it was never met.
    package mutating func number(adding endpoint: Endpoint) -> Int {
        let place = place(of: endpoint)
        if place < sorted.count, sorted[place].endpoint == endpoint { return sorted[place].number }
        sorted.insert((endpoint, endpoints.count), at: place)
        endpoints.append(endpoint)
        return endpoints.count - 1
    }

    /// Where it is in order, or would be.
    private func place(of endpoint: Endpoint) -> Int {
        var (low, high) = (0, sorted.count)
        while low < high {
            let middle = (low + high) / 2
            if sorted[middle].endpoint < endpoint { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
