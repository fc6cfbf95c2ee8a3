internal import IPVSModel

/// The order in which ipvsadm lists, quirks included.
///
/// It subtracts 32-bit numbers and looks at the sign, so addresses more than 2^31 apart come out the wrong way round:
/// 192.168.122.100 before 10.10.10.10. Such a comparison is no order (three addresses may form a ring), so the sorting
/// algorithm matters as well: glibc's `qsort` is the merge sort below.
///
/// - Source: `ipvs_cmp_services` and `ipvs_cmp_dests` in `libipvs.c` of ipvsadm 1.31; `msort.c` in glibc 2.36.
enum IPVSAdmOrder {
    static func services(_ services: [VirtualService]) -> [VirtualService] {
        mergeSorted(services[...], by: compare)
    }

    static func realServers(_ servers: [RealServer]) -> [RealServer] {
        mergeSorted(servers[...]) { compare($0.endpoint, $1.endpoint) }
    }

    private static func compare(_ lhs: VirtualService, _ rhs: VirtualService) -> Int32 {
        let keys = { (service: VirtualService) in
            var mark: UInt32 = 0
            if case .firewallMark(let value, _) = service.identity { mark = value }
            return [mark, service.isIPv6 ? 10 : 2, UInt32(service.identity.transportProtocol?.rawValue ?? 0)]
        }
        for (left, right) in zip(keys(lhs), keys(rhs)) where left != right {
            return Int32(bitPattern: left &- right)
        }
        let none = Endpoint(address: IPAddress(ipv4: 0), port: 0)
        return compare(lhs.identity.endpoint ?? none, rhs.identity.endpoint ?? none)
    }

    /// By address, then port. Where the families of one service's real servers differ, the left one's decides how many
    /// words are compared; an IPv4 address is one word, with zeros behind it.
    private static func compare(_ lhs: Endpoint, _ rhs: Endpoint) -> Int32 {
        for (left, right) in zip(lhs.address.words, rhs.address.words + [0, 0, 0]) where left != right {
            return Int32(bitPattern: left &- right)
        }
        return Int32(lhs.port) - Int32(rhs.port)
    }

    private static func mergeSorted<Element>(
        _ elements: ArraySlice<Element>, by compare: (Element, Element) -> Int32
    ) -> [Element] {
        guard elements.count > 1 else { return Array(elements) }
        let middle = elements.startIndex + elements.count / 2
        var left = mergeSorted(elements[..<middle], by: compare)[...]
        var right = mergeSorted(elements[middle...], by: compare)[...]
        var merged: [Element] = []
        while let first = left.first, let second = right.first {
            if compare(first, second) <= 0 {
                merged.append(first)
                left.removeFirst()
            } else {
                merged.append(second)
                right.removeFirst()
            }
        }
        return merged + left + right
    }
}

extension IPAddress {
    /// The 32-bit words that ipvsadm compares one after another.
    fileprivate var words: [UInt32] {
        isIPv4
            ? [ipv4Bits]
            : [
                UInt32(truncatingIfNeeded: high >> 32), UInt32(truncatingIfNeeded: high),
                UInt32(truncatingIfNeeded: low >> 32), UInt32(truncatingIfNeeded: low),
            ]
    }
}
