internal import IPVSModel

extension IPAddress {
    /// An address from its bytes in network order; `nil` if there are too few. Bytes behind it do not count.
    init?(networkOrder bytes: ArraySlice<UInt8>, isIPv6: Bool) {
        guard bytes.count >= (isIPv6 ? 16 : 4) else { return nil }
        let word = { (part: ArraySlice<UInt8>) in part.reduce(UInt64(0)) { $0 << 8 | UInt64($1) } }
        if isIPv6 {
            self.init(high: word(bytes.prefix(8)), low: word(bytes.dropFirst(8).prefix(8)))
        } else {
            self.init(ipv4: UInt32(truncatingIfNeeded: word(bytes.prefix(4))))
        }
    }
}
